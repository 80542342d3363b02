"""Margin by every dimension, where it erodes, and where PSA and ERP disagree: tables; knows no Streamlit."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal

from app.console.margin.presenter import gap_mood
from app.console.widgets import formats
from app.console.widgets.markup import Html, joined, link, span
from app.readings.margin.rows import Gap, GapRecord, Project
from app.readings.margin.sums import Margin, apart, eroding, summed
from app.readings.masking import Amount
from models.domain.case import cause_title

DIMENSIONS = {
    "Service line": "service_line",
    "Legal entity": "legal_entity",
    "Customer": "customer_name",
    "Project": "project_key",
}
WHY = {
    "missing": "not in the ERP",
    "foreign": "not in the PSA",
    "bill": "billed at another value",
    "cost": "costs another amount",
    "rounding": "rounding",
}
TOLD = "on its way, or a case says so"
UNTOLD = {
    "missing": "a case of the tie-out, once it is late",
    "foreign": "a case of the tie-out, once both were read",
    "bill": "a case of its own",
    "cost": "a case of its own",
    "rounding": "nobody need act",
}
WIDEST = Decimal("0.6")
"""The share at which the bullet's scale ends."""


def by_dimension(projects: Sequence[Project], dimension: str) -> list[tuple[str, list[Project]]]:
    """Projects by one of DIMENSIONS' columns, the most revenue first; those without one have the name ""."""
    groups: dict[str, list[Project]] = defaultdict(list)
    for row in projects:
        groups[getattr(row, dimension) or ""].append(row)
    return sorted(groups.items(), key=lambda pair: -summed(pair[1]).revenue)


def dimension_rows(projects: Sequence[Project], dimension: str, currency: str) -> list[dict[str, object]]:
    """Actual against target, one line a value of the dimension."""
    return [_group(name, rows, dimension, currency) for name, rows in by_dimension(projects, dimension)]


def _group(name: str, rows: Sequence[Project], dimension: str, currency: str) -> dict[str, object]:
    sums = summed(rows)
    return {
        "name": _name(name, rows, dimension),
        "revenue": formats.money(sums.revenue, currency),
        "cost": formats.money(sums.cost, currency),
        "margin": formats.money(sums.margin, currency),
        "share": formats.percent(sums.share),
        "target": formats.percent(sums.target),
        "gap": _gap(sums),
        "bullet": bullet(sums),
        "disagreement": _difference(sums, currency),
    }


def _name(name: str, rows: Sequence[Project], dimension: str, most: int = 3) -> Html:
    """Projects without a customer, service line, … are named by their codes."""
    if dimension == "project_key":
        return _project(rows[0])
    if name:
        return span(name, "t-b")
    what = next(label for label, column in DIMENSIONS.items() if column == dimension).lower()
    links = [link(row.project_key, "/journey", q=row.project_key) for row in rows[:most]]
    rest = span(f"and {formats.plural(len(rows) - most, 'more project')}", "t-mute") if len(rows) > most else None
    return joined([span(f"No {what} yet", "t-b"), *links, rest])


def _difference(sums: Margin, currency: str) -> Html:
    shown = formats.money(sums.disagreement, currency)
    if sums.beyond:
        return span(shown, "t-warn")
    return span(shown, "t-mute", title="rounding") if sums.disagreement else span("agree", "t-mute")


def _project(row: Project) -> Html:
    return joined([link(row.project_key, "/journey", q=row.project_key), span(row.name or "", "t-mute")])


def _gap(sums: Margin) -> Html:
    mood = gap_mood(sums.gap)
    return span(formats.points(sums.gap), f"t-{mood}" if mood else "", "t-b" if mood == "bad" else "")


def bullet(sums: Margin, width: int = 120) -> Html:
    """Margin as a bar against a mark for the target, 0 to 60 per cent; nothing where the margin is masked."""
    if not isinstance(sums.share, Decimal):
        return Html("")
    scale, room = Decimal(width) / WIDEST, Decimal(width)
    long = max(min(sums.share * scale, room), Decimal(1))
    bar = f'<span class="t-bar {gap_mood(sums.gap) or "idle"}" style="width:{long:.0f}px"></span>'
    mark = "" if sums.target is None else _mark(min(sums.target * scale, room))
    return Html(f'<span style="position:relative;display:inline-block;width:{width}px">{bar}{mark}</span>')


def _mark(left: Decimal) -> str:
    style = f"position:absolute;left:{left:.0f}px;top:-2px;width:2px;height:1.1em;background:var(--t-text)"
    return f'<span style="{style}"></span>'


def erosion_rows(projects: Sequence[Project], currency: str) -> list[dict[str, object]]:
    """The eroding projects, those that cost most first."""
    return [
        {
            "project": _project(row),
            "customer": row.customer_name or span("no customer yet", "t-mute"),
            "share": formats.percent(sums.share),
            "target": formats.percent(sums.target),
            "gap": _gap(sums),
            "eroded": formats.money(sums.eroded, currency),
            "why": link("why?", "/margin", project=row.project_key),
        }
        for sums, row in eroding(projects)
    ]


def disagreement_rows(projects: Sequence[Project], gaps: Mapping[str, Gap], currency: str) -> list[dict[str, object]]:
    """Projects whose margin differs between PSA and ERP, the most first, and what each difference is made of."""
    found = [row for row in projects if row.disagreement]
    ranked = sorted(found, key=lambda row: (not apart(row), -row.disagreement))
    return [_disagreement(row, gaps.get(row.project_key), currency) for row in ranked]


def disagreement_total(projects: Sequence[Project], gaps: Mapping[str, Gap], currency: str) -> dict[str, object]:
    """All of them together; differences of two signs take each other off here, and nowhere else."""
    mine = [gaps[row.project_key] for row in projects if row.disagreement and row.project_key in gaps]
    return {
        "project": span("All", "t-b"),
        "entity": "",
        "psa": formats.money(_sum(row.psa_margin for row in projects if row.disagreement), currency),
        "erp": formats.money(_sum(row.erp_margin for row in projects if row.disagreement), currency),
        "difference": formats.money(sum((row.difference for row in projects), Decimal(0)), currency),
        "told": formats.money(sum((one.told for one in mine), Decimal(0)), currency),
        "apart": formats.money(sum((one.apart for one in mine), Decimal(0)), currency),
        "cases": "",
    }


def _sum(amounts: Iterable[Amount]) -> Amount:
    total: Amount = Decimal(0)
    for amount in amounts:
        total = total + amount
    return total


def _disagreement(row: Project, gap: Gap | None, currency: str) -> dict[str, object]:
    beyond = apart(row)
    cases = link("Exceptions", "/exceptions", find=row.project_key) if beyond else span("rounding", "t-mute")
    told, rest = (gap.told, gap.apart) if gap else (Decimal(0), Decimal(0))
    return {
        "project": _project(row),
        "entity": row.legal_entity or span("not known", "t-mute"),
        "psa": formats.money(row.psa_margin, currency),
        "erp": formats.money(row.erp_margin, currency),
        "difference": span(formats.money(row.difference, currency), "t-b" if beyond else "t-mute"),
        "told": formats.money(told, currency) if told else span("–", "t-mute"),
        "apart": span(formats.money(rest, currency), "t-bad") if rest else span("–", "t-mute"),
        "cases": cases,
    }


def gap_rows(records: Sequence[GapRecord], currency: str) -> list[dict[str, object]]:
    """The records behind one project's difference, each with what either system says."""
    return [
        {
            "record": link(one.item_key, "/journey", q=one.item_key),
            "period": one.period or "–",
            "psa": formats.money(one.psa_margin, currency),
            "erp": formats.money(one.erp_margin, currency),
            "difference": formats.money(one.difference, currency),
            "why": WHY.get(one.why, one.why),
            "told": cause_title(one.blocker) if one.told and one.blocker else TOLD if one.told else UNTOLD[one.why],
        }
        for one in records
    ]


def whole_dimension(projects: Sequence[Project], currency: str) -> dict[str, object]:
    """All of them, under whichever are shown."""
    return {**_group("all", projects, "", currency), "name": span("All", "t-b")}


def erosion_total(projects: Sequence[Project], currency: str) -> dict[str, object]:
    """What all eroding projects are short of."""
    short = [sums.eroded for sums, _ in eroding(projects)]
    nothing = dict.fromkeys(("customer", "share", "target", "gap", "why"), "")
    return {"project": span("All", "t-b"), **nothing, "eroded": formats.money(_sum(short), currency)}
