"""Why a project's margin erodes, in a sentence, figures and tables; knows no Streamlit."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from app.console.widgets import formats
from app.console.widgets.markup import Column, Html, Metric, joined, link, span
from app.readings.margin.rows import Entry, Forecast, Person
from app.readings.masking import Amount

PARTS = (
    ("rate", "Rate", "Hours billed below the rate they were sold at"),
    ("mix", "Staffing mix", "Hours by people who cost more than the hour was sold at"),
    ("overrun", "Hours", "More hours than sold at a fixed price; fewer that earn a margin where hours are billed"),
    ("unbilled", "Unbilled scope", "Hours that the customer does not pay for, at the rate that was sold"),
    ("written_off", "Write-offs", "Written off, or billed below what the work was worth"),
    ("unexplained", "Unexplained", "The rest: expenses that nobody pays among it"),
)
"""Field, name and meaning of each part of the bridge, in its order."""
PEOPLE = (
    Column("person", "Person"),
    Column("hours", "Hours", "right", "Approved"),
    Column("billed", "Billed an hour", "right", "Over billable hours; below it what the hour was sold at"),
    Column("costs", "Cost an hour", "right", "Below it what the hour was sold at"),
    Column("rate", "Rate", "right", PARTS[0][2]),
    Column("mix", "Staffing mix", "right", PARTS[1][2]),
    Column("unbilled", "Unbilled", "right", PARTS[3][2]),
    Column("written_off", "Written off", "right", "That two people agreed nobody will pay for"),
)
ENTRIES = (
    Column("item", "Entry"),
    Column("person", "Person"),
    Column("day", "Day", "nw"),
    Column("hours", "Hours", "right"),
    Column("bill", "Billed at", "right"),
    Column("cost", "Cost", "right"),
    Column("taken", "Took from the margin", "right", "Rate, staffing mix, unbilled, unpaid and written off"),
    Column("why", "Most of it by"),
    Column("state", "State"),
)


def sold_share(one: Forecast) -> Amount | None:
    """The margin as sold, a share of the revenue planned then."""
    return (one.sold_revenue - one.sold_cost) / one.sold_revenue if one.sold_revenue else None


def end_share(one: Forecast) -> Amount | None:
    """The margin at completion, a share of the revenue at completion."""
    return one.margin / one.revenue if one.revenue else None


def parts(one: Forecast) -> list[tuple[str, Decimal]]:
    """The bridge's parts in its order; none where they are masked."""
    found = [(name, getattr(one, field)) for field, name, _ in PARTS]
    return [(name, amount) for name, amount in found if isinstance(amount, Decimal)]


def verdict(one: Forecast, currency: str) -> tuple[str, str]:
    """Sold at, ends at, and what takes most of the difference."""
    if not isinstance(one.erosion, Decimal):
        return "", "Margins are masked for your roles."
    sold, end = formats.percent(sold_share(one)), formats.percent(end_share(one))
    says = f"{one.project_key} was sold at {sold} and ends at {end}"
    gone = formats.money_short(abs(one.erosion), currency)
    if one.erosion <= 0:
        return "good", f"{says}: {gone} more than sold."
    most = sorted(((amount, name) for name, amount in parts(one) if amount > 0), reverse=True)
    by = " and ".join(f"{name.lower()} ({formats.money_short(amount, currency)})" for amount, name in most[:2])
    return "bad", f"{says}: {gone} less than sold{f', most of it by {by}' if by else ''}."


def figures(one: Forecast, currency: str) -> list[Metric]:
    """Hours against budget, rates, progress and finish."""
    total = one.hours + (one.hours_to_complete or Decimal(0))
    over = total - one.sold_hours
    return [
        Metric(
            "Margin at completion",
            formats.money_short(one.margin, currency),
            f"sold at {formats.percent(sold_share(one))}, ends at {formats.percent(end_share(one))}",
            "Revenue at completion − cost at completion (approved work + the manager's estimate)",
        ),
        Metric(
            "Hours",
            formats.count(total),
            f"of {formats.count(one.sold_hours)} sold; {formats.count(one.hours)} are done",
            "Approved hours + the manager's estimate to complete",
            "bad" if one.fixed and over > 0 else "",
        ),
        Metric(
            "Billed an hour",
            formats.money_short(_hourly(one), currency),
            "by milestones" if one.fixed else f"sold at {formats.money_short(one.sold_rate, currency)}",
            "Revenue at completion ÷ hours at completion",
        ),
        Metric(
            "Progress",
            formats.percent(None if one.complete is None else one.complete / 100),
            f"planned {formats.percent(None if one.planned is None else one.planned / 100)}",
            "As the manager says; planned is the share of the baseline's working days that have passed",
        ),
        Metric(
            "Finish",
            "–" if one.forecast_ends_on is None else one.forecast_ends_on.isoformat(),
            slipped(one.slip_days),
            "Forecast finish; slippage is forecast − baseline finish",
            "warn" if (one.slip_days or 0) > 0 else "",
        ),
        Metric(
            "In open cases",
            formats.count(one.open_items),
            f"of {formats.plural(one.items, 'item')}",
            "Work that an open exception is about: what it comes to may still change",
            "warn" if one.open_items else "",
        ),
    ]


def slipped(days: int | None) -> str:
    """How late a project is, in words."""
    if days is None:
        return "no estimate yet"
    return "as planned" if days == 0 else f"{formats.plural(abs(days), 'day')} {'late' if days > 0 else 'early'}"


def _hourly(one: Forecast) -> Amount:
    total = one.hours + (one.hours_to_complete or Decimal(0))
    return one.revenue / total if total else Decimal(0)


def people_rows(people: Sequence[Person], one: Forecast, currency: str) -> list[dict[str, object]]:
    """Who worked at which rates, beside those that were sold."""
    return [
        {
            "person": person.person or "–",
            "hours": formats.count(person.hours),
            "billed": _beside(_per(person.bill, person.billable_hours), one.sold_rate, currency),
            "costs": _beside(_per(person.cost, person.hours), one.sold_cost_rate, currency),
            "rate": taken(person.rate, currency),
            "mix": taken(person.mix, currency),
            "unbilled": taken(person.unbilled, currency),
            "written_off": taken(person.written_off, currency),
        }
        for person in people
    ]


def entry_rows(entries: Sequence[Entry], currency: str) -> list[dict[str, object]]:
    """The entries that took most, each with its journey."""
    return [
        {
            "item": link(one.item_key, "/journey", q=one.item_key),
            "person": one.person or "–",
            "day": "–" if one.work_date is None else one.work_date.isoformat(),
            "hours": "–" if one.hours is None else f"{one.hours:.2f}",
            "bill": formats.money(one.bill, currency) if one.billable else span("not billable", "t-mute"),
            "cost": formats.money(one.cost, currency),
            "taken": taken(one.rate + one.mix + one.unbilled + one.unpaid + one.written_off, currency),
            "why": _why(one),
            "state": formats.words(one.blocker) if one.blocker else formats.words(one.state),
        }
        for one in entries
    ]


def _why(one: Entry) -> str:
    told = (
        *(("rate", one.rate), ("staffing mix", one.mix), ("unbilled", one.unbilled)),
        *(("unpaid expense", one.unpaid), ("write-off", one.written_off)),
    )
    clear = [(amount, name) for name, amount in told if isinstance(amount, Decimal) and amount > 0]
    return max(clear)[1] if clear else "–"


def _per(amount: Amount, hours: Decimal) -> Amount | None:
    return amount / hours if hours else None


def _beside(found: Amount | None, sold: Amount, currency: str) -> Html:
    shown = "–" if found is None else formats.money(found, currency)
    return joined([span(shown), span(f"sold at {formats.money(sold, currency)}", "t-mute")], "\n")


def taken(amount: Amount, currency: str) -> Html:
    """What was taken from the margin; what was added to it is good."""
    mood = ("t-bad" if amount > 0 else "t-good" if amount < 0 else "t-mute") if isinstance(amount, Decimal) else ""
    return span(formats.money(amount, currency), mood)
