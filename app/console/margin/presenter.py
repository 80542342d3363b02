"""What do we earn against what we sold, and can the figure be trusted? Ratios are sums over sums; knows no Streamlit."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from app.console.widgets import formats
from app.console.widgets.markup import Html, Metric, joined, link, span
from models.canonical.classification import MASK
from models.domain.rounding import PER_ENTRY, rounding

Row = Mapping[str, Any]
Rows = Sequence[Row]
PERIODS = {"This month": 0, "3 months": 2, "12 months": 11}
DIMENSIONS = {
    "Service line": "service_line",
    "Legal entity": "legal_entity",
    "Customer": "customer_name",
    "Project": "project_key",
}
EROSION = Decimal("0.02")
"""Margin this many points (as a share) below target is called erosion."""
GRAVE = Decimal("0.01")
"""PSA and ERP may differ by this share of the gross margin before it is red."""


@dataclass(frozen=True, slots=True)
class Margin:
    """Sums of some projects, in the reporting currency. `target` is the revenue-weighted target share; `beyond` is the
    part of `disagreement` on projects where it is more than rounding.
    """

    revenue: Decimal
    cost: Decimal
    margin: Decimal
    psa: Decimal
    erp: Decimal
    difference: Decimal
    disagreement: Decimal
    beyond: Decimal
    target_margin: Decimal
    target_revenue: Decimal

    @property
    def share(self) -> Decimal | None:
        return self.margin / self.revenue if self.revenue else None

    @property
    def target(self) -> Decimal | None:
        return self.target_margin / self.target_revenue if self.target_revenue else None

    @property
    def gap(self) -> Decimal | None:
        """Margin share − target share."""
        return self.share - self.target if self.share is not None and self.target is not None else None

    @property
    def eroded(self) -> Decimal:
        """Money by which the margin falls short of target; zero when it does not."""
        return max(-(self.gap or Decimal(0)) * self.revenue, Decimal(0))


def first_month(period: str | None, now: datetime) -> date:
    """First day of the period's first month."""
    back = PERIODS.get(period or "", PERIODS["3 months"])
    months = now.year * 12 + now.month - 1 - back
    return date(months // 12, months % 12 + 1, 1)


def summed(projects: Rows) -> Margin:
    def total(key: str) -> Decimal:
        return sum((formats.decimal(row[key]) for row in projects), Decimal(0))

    aimed = [row for row in projects if row["target_margin"] is not None]
    weighted = sum((formats.decimal(row["revenue"]) * share(row["target_margin"]) for row in aimed), Decimal(0))
    known = sum((formats.decimal(row["revenue"]) for row in aimed), Decimal(0))
    beyond = sum((formats.decimal(row["disagreement"]) for row in projects if apart(row)), Decimal(0))
    return Margin(
        total("revenue"),
        total("cost"),
        total("margin"),
        total("psa_margin"),
        total("erp_margin"),
        total("difference"),
        total("disagreement"),
        beyond,
        weighted,
        known,
    )


def apart(row: Row) -> bool:
    """Whether PSA and ERP differ on a project by more than rounding."""
    return formats.decimal(row["disagreement"]) > rounding(row["entries"])


def tolerance(currency: str, clear: bool) -> str:
    """What counts as rounding, for the page to name, and what is red where the margin is clear."""
    grave = f"; more than {formats.percent(GRAVE, 0)} of the gross margin is red" if clear else ""
    return f"Up to {formats.money(PER_ENTRY, currency)} per time entry or expense counts as rounding{grave}."


def share(value: Any) -> Decimal:
    """A stored target as a share of one, also where it was given in per cent."""
    stored = formats.decimal(value)
    return stored / 100 if abs(stored) > 1 else stored


def verdict(all_: Margin, currency: str, clear: bool) -> tuple[str, str]:
    if not all_.revenue:
        return "", "No revenue is known in this period."
    if not clear:
        return "", f"Revenue is {formats.money_short(all_.revenue, currency)}; margins are masked for your roles."
    trust = (
        f"PSA and ERP differ by {formats.money_short(all_.beyond, currency)}"
        if all_.beyond
        else f"PSA and ERP agree{' but for rounding' if all_.disagreement else ''}"
    )
    if all_.gap is None:
        return "", f"Margin is {formats.percent(all_.share)}; no project has a target. {trust}."
    mood = "good" if all_.gap >= 0 else "warn" if all_.gap > -EROSION else "bad"
    side = "above" if all_.gap >= 0 else "below"
    return (
        mood,
        f"Margin is {formats.percent(all_.share)}, {formats.points(abs(all_.gap)).lstrip('+')} {side} target; {trust}.",
    )


def figures(projects: Rows, currency: str, clear: bool) -> list[Metric]:
    """The metric row; cost and margin only for those who may see labour rates."""
    all_, short = summed(projects), eroding(projects)
    lost, number = sum((sums.eroded for sums, _ in short), Decimal(0)), formats.plural(len(short), "project")
    return [
        Metric(
            "Revenue",
            formats.money_short(all_.revenue, currency),
            "earned in the period",
            "Value of approved billable work",
        ),
        Metric(
            "Cost",
            hidden(formats.money_short(all_.cost, currency), clear),
            "direct delivery cost",
            "Hours × cost rate, plus project expenses",
        ),
        Metric(
            "Gross margin",
            hidden(formats.money_short(all_.margin, currency), clear),
            "revenue − cost",
            "Revenue − direct delivery cost",
        ),
        Metric(
            "Margin",
            hidden(formats.percent(all_.share), clear),
            f"target {formats.percent(all_.target)}",
            "(Revenue − direct delivery cost) ÷ revenue; target weighted by revenue",
            _gap_mood(all_, clear),
        ),
        Metric(
            "Short of target",
            hidden(formats.money_short(lost, currency), clear),
            hidden(f"on {number}", clear),
            "Margin erosion: (target − margin) × revenue, over the projects more than two points below what was sold; others do not make up for them",
            "warn" if clear and lost else "",
        ),
        Metric(
            "PSA vs ERP",
            formats.money_short(all_.disagreement, currency)
            if all_.beyond
            else formats.money(all_.disagreement, currency),
            _apart_note(all_, clear),
            f"Σ |margin in PSA − margin in ERP|. {tolerance(currency, clear)}",
            _apart_mood(all_, clear),
        ),
    ]


def _apart_share(all_: Margin) -> Decimal | None:
    return all_.beyond / abs(all_.margin) if all_.margin else None


def _apart_note(all_: Margin, clear: bool) -> str:
    """The share is masked with the margin: from it and the difference the margin follows."""
    if all_.beyond:
        return hidden(f"{formats.percent(_apart_share(all_))} of gross margin", clear)
    return "rounding only" if all_.disagreement else "they agree"


def _apart_mood(all_: Margin, clear: bool) -> str:
    """Red says that the share is beyond GRAVE, so where the share is masked nothing is red."""
    if not all_.beyond:
        return "" if all_.disagreement else "good"
    part = _apart_share(all_)
    return "bad" if clear and (part is None or part > GRAVE) else "warn"


def _gap_mood(all_: Margin, clear: bool) -> str:
    if not clear or all_.gap is None:
        return ""
    return "good" if all_.gap >= 0 else "warn" if all_.gap > -EROSION else "bad"


def hidden(text: str, clear: bool) -> str:
    return text if clear else MASK


def by_dimension(projects: Rows, dimension: str) -> list[tuple[str, list[Row]]]:
    """Projects by one of DIMENSIONS' columns, the most revenue first; those without one have the name ""."""
    groups: dict[str, list[Row]] = defaultdict(list)
    for row in projects:
        groups[row[dimension] or ""].append(row)
    return sorted(groups.items(), key=lambda pair: -summed(pair[1]).revenue)


def dimension_rows(
    projects: Rows, dimension: str, currency: str, clear: bool, limit: int = 60
) -> list[dict[str, object]]:
    return [_group(name, rows, dimension, currency, clear) for name, rows in by_dimension(projects, dimension)[:limit]]


def _group(name: str, rows: Rows, dimension: str, currency: str, clear: bool) -> dict[str, object]:
    sums = summed(rows)
    return {
        "name": _project_name(rows[0])
        if dimension == "project_key"
        else span(name, "t-b")
        if name
        else _unnamed(dimension, rows),
        "revenue": formats.money(sums.revenue, currency),
        "cost": hidden(formats.money(sums.cost, currency), clear),
        "margin": hidden(formats.money(sums.margin, currency), clear),
        "share": hidden(formats.percent(sums.share), clear),
        "target": formats.percent(sums.target),
        "gap": _gap(sums) if clear else MASK,
        "bullet": bullet(sums) if clear else Html(""),
        "disagreement": _difference(sums, currency),
    }


def _difference(sums: Margin, currency: str) -> Html:
    if sums.beyond:
        return span(formats.money(sums.disagreement, currency), "t-warn")
    return (
        span(formats.money(sums.disagreement, currency), "t-mute", title="rounding")
        if sums.disagreement
        else span("agree", "t-mute")
    )


def _unnamed(dimension: str, rows: Rows, most: int = 3) -> Html:
    """Projects without a customer, service line, … are named by their codes."""
    what = next(name for name, column in DIMENSIONS.items() if column == dimension).lower()
    links = [link(row["project_key"], "/journey", q=row["project_key"]) for row in rows[:most]]
    rest = span(f"and {formats.plural(len(rows) - most, 'more project')}", "t-mute") if len(rows) > most else None
    return joined([span(f"No {what} yet", "t-b"), *links, rest])


def _project_name(row: Row) -> Html:
    return joined([link(row["project_key"], "/journey", q=row["project_key"]), span(row["name"] or "", "t-mute")])


def _gap(sums: Margin) -> Html:
    mood = "" if sums.gap is None else "t-good" if sums.gap >= 0 else "t-warn" if sums.gap > -EROSION else "t-bad t-b"
    return span(formats.points(sums.gap), mood)


def bullet(sums: Margin, width: int = 120) -> Html:
    """Margin as a bar against a mark for the target, 0 to 60 per cent."""
    if sums.share is None:
        return Html("")
    scale = Decimal(width) / Decimal("0.6")
    long = max(min(sums.share * scale, Decimal(width)), Decimal(1))
    mood = "idle" if sums.gap is None else "good" if sums.gap >= 0 else "warn" if sums.gap > -EROSION else "bad"
    mark = (
        ""
        if sums.target is None
        else f'<span style="position:absolute;left:{min(sums.target * scale, Decimal(width)):.0f}px;top:-2px;width:2px;height:1.1em;background:var(--t-text)"></span>'
    )
    return Html(
        f'<span style="position:relative;display:inline-block;width:{width}px"><span class="t-bar {mood}" style="width:{long:.0f}px"></span>{mark}</span>'
    )


def eroding(projects: Rows) -> list[tuple[Margin, Row]]:
    """Projects that fall short of what was sold, the most money first."""
    found = [(summed([row]), row) for row in projects]
    return sorted(
        ((sums, row) for sums, row in found if sums.gap is not None and sums.gap < -EROSION),
        key=lambda pair: -pair[0].eroded,
    )


def erosion_rows(projects: Rows, currency: str, limit: int = 12) -> list[dict[str, object]]:
    """The eroding projects that cost most."""
    return [
        {
            "project": _project_name(row),
            "customer": row["customer_name"] or span("no customer yet", "t-mute"),
            "share": formats.percent(sums.share),
            "target": formats.percent(sums.target),
            "gap": _gap(sums),
            "eroded": formats.money(sums.eroded, currency),
        }
        for sums, row in eroding(projects)[:limit]
    ]


def disagreement_rows(projects: Rows, currency: str, clear: bool, limit: int = 12) -> list[dict[str, object]]:
    """Projects whose margin differs between PSA and ERP, the most first; rounding is shown and named."""
    found = sorted(
        (row for row in projects if formats.decimal(row["disagreement"])),
        key=lambda row: (not apart(row), -formats.decimal(row["disagreement"])),
    )
    return [
        {
            "project": _project_name(row),
            "entity": row["legal_entity"] or span("not known", "t-mute"),
            "psa": hidden(formats.money(row["psa_margin"], currency), clear),
            "erp": hidden(formats.money(row["erp_margin"], currency), clear),
            "difference": span(formats.money(row["difference"], currency), "t-b" if apart(row) else "t-mute"),
            "cases": link("Exceptions", "/exceptions", find=row["project_key"])
            if apart(row)
            else span("rounding", "t-mute"),
        }
        for row in found[:limit]
    ]


def trend(months: Rows, currency: str) -> dict[str, Any]:
    """A Plotly figure: revenue as bars, margin and target shares as lines."""
    at = [row["month"] for row in months]
    shares = [_ratio(row["margin"], row["revenue"]) for row in months]
    targets = [_ratio(row["target"], row["target_revenue"]) for row in months]
    return {
        "data": [
            {
                "type": "bar",
                "name": "revenue",
                "x": at,
                "y": [float(row["revenue"] or 0) for row in months],
                "opacity": 0.55,
                "hovertemplate": "%{customdata}",
                "customdata": [formats.money(row["revenue"], currency) for row in months],
            },
            {
                "type": "scatter",
                "mode": "lines+markers",
                "name": "margin",
                "x": at,
                "y": shares,
                "yaxis": "y2",
                "line": {"width": 2.5, "color": "#009e73"},
                "hovertemplate": "%{y:.1%}",
            },
            {
                "type": "scatter",
                "mode": "lines",
                "name": "target",
                "x": at,
                "y": targets,
                "yaxis": "y2",
                "line": {"width": 2, "dash": "dot", "color": "#d55e00"},
                "hovertemplate": "%{y:.1%}",
            },
        ],
        "layout": {
            "height": 280,
            "hovermode": "x unified",
            "margin": {"l": 8, "r": 8, "t": 30, "b": 8},
            "bargap": 0.45,
            "legend": {"orientation": "h", "y": 1.15, "x": 0},
            "xaxis": {"title": None, "tickformat": "%b %Y", "dtick": "M1"},
            "yaxis": {"title": None, "tickformat": "~s"},
            "yaxis2": {
                "overlaying": "y",
                "side": "right",
                "tickformat": ".0%",
                "rangemode": "tozero",
                "showgrid": False,
                "title": None,
            },
        },
    }


def _ratio(part: Any, whole: Any) -> float | None:
    return (
        float(formats.decimal(part) / formats.decimal(whole)) if part is not None and formats.decimal(whole) else None
    )


def exported(projects: Rows, clear: bool) -> list[dict[str, Any]]:
    """The projects as a file holds them; what is masked on the page is masked there."""
    secret = ("cost", "margin", "psa_margin", "erp_margin")
    return [{key: MASK if key in secret and not clear else value for key, value in row.items()} for row in projects]
