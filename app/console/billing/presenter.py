"""What can be invoiced, and what holds up the rest? One primary reason per amount; knows no Streamlit."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from app.console.widgets import formats
from app.console.widgets.markup import Html, Metric, bar, joined, link, span
from app.readings.clear import PUBLIC
from app.readings.rights import amount_class
from models.canonical.classification import MASK, DataClass
from models.domain.rounding import PER_ENTRY, rounding
from models.domain.team import Teams, team

Row = Mapping[str, Any]
Rows = Sequence[Row]
STATES = {
    "ready": "Ready",
    "moving": "On its way",
    "blocked": "Blocked",
    "not_approved": "Not approved",
    "billed": "Billed",
}
UNBILLED = ("not_approved", "blocked", "moving", "ready")
COLOURS = {
    "ready": "#009e73",
    "blocked": "#d55e00",
    "not_approved": "#e69f00",
    "billed": "#8b97a6",
    "total": "#0072b2",
    "moving": "#56b4e9",
}
READINESS = "Ready ÷ (ready + on its way + blocked), by value."
"""What `readiness` computes, for the page to say."""


def totals(states: Rows) -> dict[str, Decimal]:
    """Value by state, in the reporting currency."""
    sums = dict.fromkeys(STATES, Decimal(0))
    for row in states:
        sums[row["state"]] = sums.get(row["state"], Decimal(0)) + formats.decimal(row["bill_reporting"])
    return sums


def readiness(sums: Mapping[str, Decimal]) -> Decimal | None:
    """Billing readiness: ready ÷ approved and unbilled, that is ready, blocked, and on its way to the ERP: work is
    ready once that has it.
    """
    whole = sums["ready"] + sums["blocked"] + sums["moving"]
    return sums["ready"] / whole if whole else None


def verdict(states: Rows, currency: str) -> tuple[str, str]:
    """What can be invoiced, what is blocked and what will follow; each figure is one of the row below."""
    sums = totals(states)
    if not any(sums.values()):
        return "", "No billable work is known yet."

    def said(state: str, words: str) -> list[str]:
        return [f"{formats.money_short(sums[state], currency)} {words}"] if sums[state] else []

    blocked = (
        said("blocked", f"is blocked, most of it by “{blockers(states)[0][0]}”")
        if sums["blocked"]
        else ["nothing is blocked"]
    )
    parts = [
        f"{formats.money_short(sums['ready'], currency)} can be invoiced now",
        *blocked,
        *said("moving", "is on its way to the ERP"),
        *said("not_approved", "is not approved yet"),
    ]
    mood = "good" if not sums["blocked"] else "warn" if sums["ready"] > 4 * sums["blocked"] else "bad"
    return mood, f"{'; '.join(parts)}."


def figures(states: Rows, targets: Rows, currency: str) -> list[Metric]:
    """Unbilled is the sum of the four after it, which are also the chart's colours."""
    sums, items = (
        totals(states),
        {state: sum(row["items"] for row in states if row["state"] == state) for state in STATES},
    )
    unbilled = sum((sums[state] for state in UNBILLED), Decimal(0))

    def figure(state: str, tip: str, mood: str = "") -> Metric:
        return Metric(
            "Ready to invoice" if state == "ready" else STATES[state],
            formats.money_short(sums[state], currency),
            formats.plural(items[state], "item"),
            tip,
            mood,
        )

    return [
        Metric(
            "Unbilled",
            formats.money_short(unbilled, currency),
            formats.plural(sum(items[state] for state in UNBILLED), "item"),
            "Chargeable value that is on no invoice: ready, on its way, blocked and not approved together",
        ),
        figure(
            "ready",
            "Billable, approved, not on hold, valid rate, PO, tax and contract, under cap, and in the ERP",
            "good",
        ),
        figure(
            "moving",
            "Approved, and between PSA and ERP: it goes on by itself, and becomes an exception if it does not arrive",
        ),
        figure(
            "blocked",
            "Approved, and held up by exactly one primary reason that somebody has to mend",
            "bad" if sums["blocked"] else "",
        ),
        figure("not_approved", "Worked or submitted, approval outstanding"),
        Metric("Billing readiness", formats.percent(readiness(sums)), "of what is approved", READINESS),
        figure("billed", "On an invoice in the ERP"),
        *(_target(row) for row in targets if row["name"] in TARGETS),
    ]


TARGETS = {
    "invoice_readiness_time": ("Invoice readiness time", "Ready − last delivery of the billing period"),
    "billing_accuracy": ("Billing accuracy", "Invoices correct the first time ÷ invoices processed"),
}


def _target(row: Row) -> Metric:
    name, tip = TARGETS[row["name"]]
    return Metric(
        name,
        quantity(row["value"], row["unit"]),
        f"target {quantity(row['target'], row['unit'])} · n = {formats.count(row['n'])}",
        tip,
    )


def quantity(value: Any, unit: str | None) -> str:
    """A figure with its unit, as the catalogue of figures stores it."""
    if value is None:
        return formats.NONE
    if unit in ("s", "seconds"):
        return formats.duration(float(value))
    if unit == "h":
        return formats.duration(float(value) * 3600)
    if unit in ("share", "ratio", "%"):
        return formats.percent(float(value) / (100 if unit == "%" else 1))
    return f"{float(value):,.1f} {unit or ''}".strip()


def blockers(states: Rows) -> list[tuple[str, Decimal]]:
    """Blocked value by its one reason, the largest first."""
    sums: dict[str, Decimal] = defaultdict(Decimal)
    for row in states:
        if row["state"] == "blocked":
            sums[formats.words(row["blocker"])] += formats.decimal(row["bill_reporting"])
    return sorted(sums.items(), key=lambda pair: -pair[1])


def blocker_rows(states: Rows, causes: Sequence[str], currency: str, teams: Teams) -> list[dict[str, object]]:
    """What holds up billing: reason, whose it is, value, how old; the reasons that have cases link to them."""
    held = [row for row in states if row["state"] in ("blocked", "moving", "not_approved")]
    top = max([formats.decimal(row["bill_reporting"]) for row in held], default=Decimal(1)) or Decimal(1)
    return [
        _blocker_row(row, top, causes, currency, teams)
        for row in sorted(held, key=lambda row: -formats.decimal(row["bill_reporting"]))
    ]


MOODS = {"blocked": "bad", "not_approved": "warn", "moving": ""}


def _blocker_row(row: Row, top: Decimal, causes: Sequence[str], currency: str, teams: Teams) -> dict[str, object]:
    value, cause, moving = formats.decimal(row["bill_reporting"]), row["blocker"] or "", row["state"] == "moving"
    return {
        "reason": span("On its way to the ERP" if moving else formats.words(cause or row["state"]), "t-b"),
        "state": span(STATES[row["state"]], "t-mute"),
        "owner": span("nobody: goes on by itself", "t-mute")
        if moving
        else team(row["blocker_owner"], teams)
        if row["blocker_owner"]
        else span("not known", "t-mute"),
        "share": bar(float(value / top), MOODS[row["state"]]),
        "value": formats.money(value, currency),
        "items": formats.count(row["items"]),
        "oldest": f"{formats.count(row['oldest_days'])} d",
        "cases": _cases(cause, causes),
    }


CAUSES_OF = {
    "approval-pending": "approval-late",
    "not-submitted": "submission-late",
    "in-flight": "unaccounted",
    "rejected": "time-rejected",
}
"""What a blocker that is the ordinary course of things becomes once it lasts too long: the cause of its cases."""


def _cases(blocker: str, causes: Sequence[str]) -> Html:
    """A link to the open cases of a blocker, by the blocker's own name or by the cause it becomes."""
    for cause in (blocker, CAUSES_OF.get(blocker)):
        if cause and cause in causes:
            return link("Open cases", "/exceptions", cause=cause)
    plain = blocker in ("", "in-flight", "approval-pending", "not-submitted")
    return span("not an exception yet" if plain else "no open case", "t-mute")


def breakdown(rows: Rows, currency: str, what: str, limit: int = 25) -> list[dict[str, object]]:
    """One line a dimension value: ready, on its way, blocked, not approved, billed, readiness; the most unbilled first.

    `what` is the dimension's name: work that has none is named by its projects.
    """
    groups: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        groups[row["key"] or ""].append(row)
    ranked = sorted(groups.items(), key=lambda pair: -_unbilled(pair[1]))
    return [_group(key, cells, currency, what) for key, cells in ranked[:limit]]


def _unbilled(cells: Rows) -> Decimal:
    return sum((formats.decimal(cell["bill_reporting"]) for cell in cells if cell["state"] != "billed"), Decimal(0))


def _group(key: str, cells: Rows, currency: str, what: str) -> dict[str, object]:
    sums, name = totals(cells), cells[0]["name"] or key
    oldest = max((cell["oldest_days"] or 0 for cell in cells if cell["state"] != "billed"), default=0)
    shown = joined([span(name, "t-b"), span(key, "t-mute", "t-mono") if key != name else None])
    return {
        "name": shown if key else unnamed(what, [project for cell in cells for project in cell.get("projects") or ()]),
        "mix": stack(sums),
        **{state: formats.money(sums[state], currency) for state in STATES},
        "readiness": formats.percent(readiness(sums)),
        "oldest": f"{formats.count(oldest)} d",
    }


def unnamed(what: str, projects: Sequence[str | None], most: int = 3) -> Html:
    """What has no customer, service line, … is named by what is known of it: its projects."""
    known = sorted({project for project in projects if project})
    links = [link(project, "/journey", q=project) for project in known[:most]]
    rest = span(f"and {formats.plural(len(known) - most, 'more project')}", "t-mute") if len(known) > most else None
    return joined([span(f"No {what.lower()} yet", "t-b"), *links, rest])


def stack(sums: Mapping[str, Decimal]) -> Html:
    """The unbilled value's parts side by side."""
    whole = sum((sums[state] for state in UNBILLED), Decimal(0))
    if not whole:
        return Html("")
    parts = "".join(
        f'<span style="width:{float(sums[state] / whole) * 100:.1f}%;background:{COLOURS[state]}" title="{STATES[state]}"></span>'
        for state in ("ready", "moving", "blocked", "not_approved")
        if sums[state] > 0
    )
    return Html(f'<div class="t-stack" style="width:110px;height:.7rem">{parts}</div>')


def differing(rows: Rows) -> list[Row]:
    """Projects on which PSA and ERP do not agree."""
    return [
        row
        for row in rows
        if formats.decimal(row["unexplained_reporting"])
        or row["psa_reporting"] != row["erp_reporting"]
        or row["difference_hours"]
    ]


def reconciliation_rows(rows: Rows, currency: str, limit: int = 30) -> list[dict[str, object]]:
    """PSA against ERP by project; what nothing explains comes first."""
    return [
        {
            "project": span(link(row["project_key"], "/journey", q=row["project_key"]), title=row["name"])
            if row["project_key"]
            else span("no project", "t-mute"),
            "entity": row["legal_entity"] or span("not known", "t-mute"),
            "psa_hours": f"{formats.decimal(row['psa_hours']):,.1f}",
            "erp_hours": f"{formats.decimal(row['erp_hours']):,.1f}",
            "psa": formats.money(row["psa_reporting"], currency),
            "erp": formats.money(row["erp_reporting"], currency),
            "difference": formats.money(
                formats.decimal(row["psa_reporting"]) - formats.decimal(row["erp_reporting"]), currency
            ),
            "explained": formats.money(row["explained_reporting"], currency),
            "unexplained": _unexplained(row, currency),
        }
        for row in rows[:limit]
    ]


def _unexplained(row: Row, currency: str) -> Html:
    value = formats.decimal(row["unexplained_reporting"])
    if value and abs(value) <= rounding(row["entries"]):
        return span(
            formats.money(value, currency),
            "t-mute",
            title=f"Rounding of {formats.plural(row['entries'], 'entry', 'entries')}",
        )
    return span(formats.money(value, currency), "t-bad t-b" if value else "t-good")


def tolerance(currency: str) -> str:
    """What counts as rounding, for the page to name."""
    return f"Up to {formats.money(PER_ENTRY, currency)} per time entry counts as rounding."


def balance(row: Row | None, currency: str) -> tuple[str, str]:
    """Whether the two systems tie out, in a sentence; rounding is told and alarms nobody."""
    if not row or not row["projects"]:
        return "", "No project is in both systems yet."
    difference, beyond, cents = (
        formats.decimal(row["psa_reporting"]) - formats.decimal(row["erp_reporting"]),
        formats.decimal(row["beyond_reporting"]),
        formats.decimal(row["rounding_reporting"]),
    )
    parts = f"PSA {formats.money(row['psa_reporting'], currency)}, ERP {formats.money(row['erp_reporting'], currency)}, difference {formats.money(difference, currency)}"
    if beyond:
        return (
            "bad",
            f"{parts}; {formats.money(beyond, currency)} in {formats.plural(row['projects_beyond'], 'project')} is not explained by open exceptions or work on its way.",
        )
    if cents:
        return (
            "info",
            f"{parts}; {formats.money(cents, currency)} of it is rounding, the rest is explained by open exceptions or work on its way.",
        )
    return (
        "good",
        f"{parts}; all of it is explained by open exceptions or work on its way."
        if difference
        else f"{parts}: they agree.",
    )


def exported(items: Rows, clear: frozenset[DataClass]) -> list[dict[str, Any]]:
    """Unbilled items as a file holds them: the value of one item beside its hours is a rate, of a milestone a contract
    value.
    """
    secret = ("bill_amount", "bill_reporting")
    return [
        dict(row)
        if amount_class(row["kind"]) in clear | PUBLIC
        else {name: MASK if name in secret and value is not None else value for name, value in row.items()}
        for row in items
    ]
