"""What can be invoiced, and what holds up the rest? One primary reason per amount; knows no Streamlit."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from app.roles import amount_class
from app.widgets import formats
from app.widgets.markup import Html, Metric, bar, joined, link, span
from app.widgets.masking import PUBLIC
from models.canonical.classification import MASK, DataClass

Row = Mapping[str, Any]
Rows = Sequence[Row]
STATES = {"ready": "Ready", "blocked": "Blocked", "not_approved": "Not approved", "billed": "Billed"}
UNBILLED = ("not_approved", "blocked", "ready")
COLOURS = {"ready": "#009e73", "blocked": "#d55e00", "not_approved": "#e69f00", "billed": "#8b97a6", "total": "#0072b2", "moving": "#56b4e9"}
AGES = ("0–30 days", "31–60 days", "61–90 days", "91+ days")
ON_ITS_WAY = "On its way"
BARS = 7
"""Blockers with a bar of their own in the waterfall; the smaller ones share the last."""


def totals(states: Rows) -> dict[str, Decimal]:
    """Value by state, in the reporting currency."""
    sums = dict.fromkeys(STATES, Decimal(0))
    for row in states:
        sums[row["state"]] = sums.get(row["state"], Decimal(0)) + formats.decimal(row["bill_reporting"])
    return sums


def readiness(sums: Mapping[str, Decimal]) -> Decimal | None:
    """Billing readiness: ready ÷ (ready + blocked)."""
    whole = sums["ready"] + sums["blocked"]
    return sums["ready"] / whole if whole else None


def verdict(states: Rows, currency: str) -> tuple[str, str]:
    sums = totals(states)
    if not any(sums.values()):
        return "", "No billable work is known yet."
    ready = formats.money_short(sums["ready"], currency)
    if not sums["blocked"]:
        return "good", f"{ready} can be invoiced now; nothing is blocked."
    moving = sum((value for reason, value in blockers(states) if reason == ON_ITS_WAY), Decimal(0))
    stuck = sums["blocked"] - moving
    way = f"{formats.money_short(moving, currency)} is on its way to the ERP" if moving else ""
    if not stuck:
        return "warn", f"{ready} can be invoiced now; {way}; nothing is blocked."
    worst = next(reason for reason, _ in blockers(states) if reason != ON_ITS_WAY)
    blocked = f"{formats.money_short(stuck, currency)} is blocked, most of it by “{worst}”"
    return ("warn" if sums["ready"] > 4 * stuck else "bad"), "; ".join(part for part in (f"{ready} can be invoiced now", blocked, way) if part) + "."


def figures(states: Rows, targets: Rows, currency: str) -> list[Metric]:
    sums, items = totals(states), {state: sum(row["items"] for row in states if row["state"] == state) for state in STATES}
    unbilled = sum((sums[state] for state in UNBILLED), Decimal(0))
    return [
        Metric("Unbilled", formats.money_short(unbilled, currency), formats.plural(sum(items[state] for state in UNBILLED), "item"), "Σ chargeable value that is on no invoice"),
        Metric("Ready to invoice", formats.money_short(sums["ready"], currency), formats.plural(items["ready"], "item"), "Billable, approved, not on hold, valid rate, PO, tax and contract, under cap, and in the ERP", "good"),
        Metric("Blocked", formats.money_short(sums["blocked"], currency), formats.plural(items["blocked"], "item"), "Approved, and held up by exactly one primary reason", "bad" if sums["blocked"] else ""),
        Metric("Not approved", formats.money_short(sums["not_approved"], currency), formats.plural(items["not_approved"], "item"), "Worked or submitted, approval outstanding"),
        Metric("Billing readiness", formats.percent(readiness(sums)), "ready ÷ (ready + blocked)", "Ready ÷ (ready + blocked), by value"),
        Metric("Billed", formats.money_short(sums["billed"], currency), formats.plural(items["billed"], "item"), "On an invoice in the ERP"),
        *(_target(row) for row in targets if row["name"] in TARGETS),
    ]


TARGETS = {
    "invoice_readiness_time": ("Invoice readiness time", "Ready − last delivery of the billing period"),
    "billing_accuracy": ("Billing accuracy", "Invoices correct the first time ÷ invoices processed"),
}


def _target(row: Row) -> Metric:
    name, tip = TARGETS[row["name"]]
    return Metric(name, quantity(row["value"], row["unit"]), f"target {quantity(row['target'], row['unit'])} · n = {formats.count(row['n'])}", tip)


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


def bridge(states: Rows, currency: str) -> dict[str, Any]:
    """A Plotly waterfall from unbilled to ready: what is not approved and each blocker take their value off once."""
    sums = totals(states)
    unbilled = sum((sums[state] for state in UNBILLED), Decimal(0))
    taken = [("Not approved", sums["not_approved"], "not_approved"), *((name, value, "moving" if name == ON_ITS_WAY else "blocked") for name, value in _largest(blockers(states)))]
    steps, level = [("Unbilled", unbilled, Decimal(0), "total")], unbilled
    for name, value, colour in taken:
        level -= value
        steps += [(name, value, level, colour)] if value else []
    steps.append(("Ready", sums["ready"], Decimal(0), "ready"))
    return {"data": [_floating(steps, currency)], "layout": {
        "height": 330, "margin": {"l": 8, "r": 8, "t": 24, "b": 8}, "showlegend": False, "bargap": 0.35,
        "yaxis": {"tickformat": "~s", "rangemode": "tozero", "title": None}, "xaxis": {"title": None, "tickangle": 0, "automargin": True}}}  # fmt: skip


def _floating(steps: Sequence[tuple[str, Decimal, Decimal, str]], currency: str) -> dict[str, Any]:
    """Bars that hang where the one before ended."""
    falls = {"blocked", "not_approved", "moving"}
    return {
        "type": "bar", "x": [name for name, _, _, _ in steps], "y": [float(value) for _, value, _, _ in steps], "base": [float(base) for _, _, base, _ in steps],
        "marker": {"color": [COLOURS[colour] for _, _, _, colour in steps]}, "textposition": "outside", "cliponaxis": False,
        "text": [formats.money_short(-value if colour in falls else value, currency) for _, value, _, colour in steps],
        "customdata": [formats.money(value, currency) for _, value, _, _ in steps], "hovertemplate": "%{x}<br>%{customdata}<extra></extra>",
    }  # fmt: skip


def blockers(states: Rows) -> list[tuple[str, Decimal]]:
    """Blocked value by its one reason, the largest first."""
    sums: dict[str, Decimal] = defaultdict(Decimal)
    for row in states:
        if row["state"] == "blocked":
            sums[reason(row["blocker"])] += formats.decimal(row["bill_reporting"])
    return sorted(sums.items(), key=lambda pair: -pair[1])


def reason(blocker: str | None) -> str:
    """A blocker in words; what is merely between two systems is no exception."""
    return ON_ITS_WAY if blocker == "in-flight" else formats.words(blocker)


def _largest(found: list[tuple[str, Decimal]]) -> list[tuple[str, Decimal]]:
    rest = sum((value for _, value in found[BARS:]), Decimal(0))
    return [(_wrapped(name), value) for name, value in found[:BARS]] + ([("Others", rest)] if rest else [])


def _wrapped(name: str, width: int = 14) -> str:
    lines: list[str] = [""]
    for word in name.split():
        lines = [*lines[:-1], f"{lines[-1]} {word}".strip()] if len(lines[-1]) + len(word) < width else [*lines, word]
    return "<br>".join(line for line in lines if line)


def blocker_rows(states: Rows, causes: Sequence[str], currency: str) -> list[dict[str, object]]:
    """What holds up billing: reason, whose it is, value, how old; the reasons that have cases link to them."""
    held = [row for row in states if row["state"] in ("blocked", "not_approved")]
    top = max([formats.decimal(row["bill_reporting"]) for row in held], default=Decimal(1)) or Decimal(1)
    return [_blocker_row(row, top, causes, currency) for row in sorted(held, key=lambda row: -formats.decimal(row["bill_reporting"]))]


def _blocker_row(row: Row, top: Decimal, causes: Sequence[str], currency: str) -> dict[str, object]:
    value, cause = formats.decimal(row["bill_reporting"]), row["blocker"] or ""
    return {
        "reason": span(reason(cause or row["state"]), "t-b"),
        "owner": row["blocker_owner"] or "–",
        "share": bar(float(value / top), "" if cause == "in-flight" else "bad" if row["state"] == "blocked" else "warn"),
        "value": formats.money(value, currency),
        "items": formats.count(row["items"]),
        "oldest": f"{formats.count(row['oldest_days'])} d",
        "cases": _cases(cause, causes),
    }


CAUSES_OF = {"approval-pending": "approval-late", "not-submitted": "submission-late", "in-flight": "unaccounted", "rejected": "time-rejected"}
"""What a blocker that is the ordinary course of things becomes once it lasts too long: the cause of its cases."""


def _cases(blocker: str, causes: Sequence[str]) -> Html:
    """A link to the open cases of a blocker, by the blocker's own name or by the cause it becomes."""
    for cause in (blocker, CAUSES_OF.get(blocker)):
        if cause and cause in causes:
            return link("Open cases", "/exceptions", cause=cause)
    plain = blocker in ("", "in-flight", "approval-pending", "not-submitted")
    return span("not an exception yet", "t-mute") if plain else link("Exceptions", "/exceptions", find=blocker.replace("-", " "))


def ageing(ages: Rows, currency: str) -> dict[str, Any]:
    """A Plotly figure: unbilled value by age, stacked by state."""
    values = {(row["state"], row["bucket"]): formats.decimal(row["bill_reporting"]) for row in ages}
    bars = [
        {
            "type": "bar", "name": STATES[state], "x": list(AGES), "y": [float(values.get((state, bucket), 0)) for bucket in range(4)],
            "marker": {"color": COLOURS[state]}, "hovertemplate": "%{customdata}",
            "customdata": [formats.money(values.get((state, bucket), Decimal(0)), currency) for bucket in range(4)],
        }
        for state in UNBILLED
    ]  # fmt: skip
    return {"data": bars, "layout": {
        "height": 330, "barmode": "stack", "hovermode": "x unified", "margin": {"l": 8, "r": 8, "t": 30, "b": 8}, "bargap": 0.35,
        "legend": {"orientation": "h", "y": 1.12, "x": 0}, "yaxis": {"tickformat": "~s", "title": None}, "xaxis": {"title": None}}}  # fmt: skip


def breakdown(rows: Rows, currency: str, limit: int = 25) -> list[dict[str, object]]:
    """One line a dimension value: ready, blocked, not approved, billed, readiness; the most unbilled first."""
    groups: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        groups[row["key"] or "–"].append(row)
    ranked = sorted(groups.items(), key=lambda pair: -_unbilled(pair[1]))
    return [_group(key, cells, currency) for key, cells in ranked[:limit]]


def _unbilled(cells: Rows) -> Decimal:
    return sum((formats.decimal(cell["bill_reporting"]) for cell in cells if cell["state"] != "billed"), Decimal(0))


def _group(key: str, cells: Rows, currency: str) -> dict[str, object]:
    sums, name = totals(cells), cells[0]["name"] or key
    oldest = max((cell["oldest_days"] or 0 for cell in cells if cell["state"] != "billed"), default=0)
    shown = joined([span(name, "t-b"), span(key, "t-mute", "t-mono") if key != name else None])
    return {
        "name": shown,
        "mix": stack(sums),
        **{state: formats.money(sums[state], currency) for state in STATES},
        "readiness": formats.percent(readiness(sums)),
        "oldest": f"{formats.count(oldest)} d",
    }


def stack(sums: Mapping[str, Decimal]) -> Html:
    """The unbilled value's parts side by side."""
    whole = sum((sums[state] for state in UNBILLED), Decimal(0))
    if not whole:
        return Html("")
    parts = "".join(
        f'<span style="width:{float(sums[state] / whole) * 100:.1f}%;background:{COLOURS[state]}" title="{STATES[state]}"></span>'
        for state in ("ready", "blocked", "not_approved") if sums[state] > 0
    )  # fmt: skip
    return Html(f'<div class="t-stack" style="width:110px;height:.7rem">{parts}</div>')


def differing(rows: Rows) -> list[Row]:
    """Projects on which PSA and ERP do not agree."""
    return [row for row in rows if formats.decimal(row["unexplained_reporting"]) or row["psa_reporting"] != row["erp_reporting"] or row["difference_hours"]]


def reconciliation_rows(rows: Rows, currency: str, limit: int = 30) -> list[dict[str, object]]:
    """PSA against ERP by project; what nothing explains comes first."""
    return [
        {
            "project": link(row["project_key"], "/journey", q=row["project_key"]),
            "entity": row["legal_entity"],
            "psa_hours": f"{formats.decimal(row['psa_hours']):,.1f}",
            "erp_hours": f"{formats.decimal(row['erp_hours']):,.1f}",
            "psa": formats.money(row["psa_reporting"], currency),
            "erp": formats.money(row["erp_reporting"], currency),
            "difference": formats.money(formats.decimal(row["psa_reporting"]) - formats.decimal(row["erp_reporting"]), currency),
            "explained": formats.money(row["explained_reporting"], currency),
            "unexplained": span(formats.money(row["unexplained_reporting"], currency), "t-bad t-b" if formats.decimal(row["unexplained_reporting"]) else "t-good"),
        }
        for row in rows[:limit]
    ]


def balance(row: Row | None, currency: str) -> tuple[str, str]:
    """Whether the two systems tie out, in a sentence."""
    if not row or not row["projects"]:
        return "", "No project is in both systems yet."
    difference, unexplained = formats.decimal(row["psa_reporting"]) - formats.decimal(row["erp_reporting"]), formats.decimal(row["unexplained_reporting"])
    parts = f"PSA {formats.money(row['psa_reporting'], currency)}, ERP {formats.money(row['erp_reporting'], currency)}, difference {formats.money(difference, currency)}"
    if unexplained:
        return "bad", f"{parts}; {formats.money(unexplained, currency)} of it is not explained by open exceptions or work on its way."
    return "good", f"{parts}; all of it is explained by open exceptions or work on its way."


def exported(items: Rows, clear: frozenset[DataClass]) -> list[dict[str, Any]]:
    """Unbilled items as a file holds them: the value of one item beside its hours is a rate, of a milestone a contract value."""
    secret = ("bill_amount", "bill_reporting")
    return [
        dict(row) if amount_class(row["kind"]) in clear | PUBLIC else {name: MASK if name in secret and value is not None else value for name, value in row.items()}
        for row in items
    ]  # fmt: skip
