"""What can be invoiced, in a sentence and a row of figures; knows no Streamlit."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from app.console.billing.states import NAMES, READINESS
from app.console.widgets import formats
from app.console.widgets.markup import Metric
from app.readings.billing.rows import State
from app.readings.billing.totals import STATES, UNBILLED, blockers, readiness, totals, unbilled
from app.readings.rates.rows import Target

TIPS = {
    "ready": "Billable, approved, not on hold, valid rate, PO, tax and contract, under cap, and in the ERP",
    "moving": "Approved, and between PSA and ERP: it goes on by itself, and becomes an exception if it does not arrive",
    "blocked": "Approved, and held up by exactly one primary reason that somebody has to mend",
    "not_approved": "Worked or submitted, approval outstanding",
    "billed": "On an invoice in the ERP",
}
ALL_UNBILLED = "Chargeable value that is on no invoice: ready, on its way, blocked and not approved together"
TARGETS = {
    "invoice_readiness_time": ("Invoice readiness time", "Ready − last delivery of the billing period"),
    "billing_accuracy": ("Billing accuracy", "Invoices correct the first time ÷ invoices processed"),
}


def verdict(states: Sequence[State], currency: str) -> tuple[str, str]:
    """What can be invoiced, what is blocked and what will follow; each figure is one of the row below."""
    sums = totals(states)
    if not any(sums.values()):
        return "", "No billable work is known yet."

    def said(state: str, words: str) -> list[str]:
        return [f"{formats.money_short(sums[state], currency)} {words}"] if sums[state] else []

    most = formats.words(blockers(states)[0][0]) if sums["blocked"] else ""
    parts = [
        f"{formats.money_short(sums['ready'], currency)} can be invoiced now",
        *(said("blocked", f"is blocked, most of it by “{most}”") or ["nothing is blocked"]),
        *said("moving", "is on its way to the ERP"),
        *said("not_approved", "is not approved yet"),
    ]
    mood = "good" if not sums["blocked"] else "warn" if sums["ready"] > 4 * sums["blocked"] else "bad"
    return mood, f"{'; '.join(parts)}."


def figures(states: Sequence[State], targets: Sequence[Target], currency: str) -> list[Metric]:
    """Unbilled is the sum of the four after it, which are also the chart's colours."""
    sums = totals(states)
    items = {state: sum(row.items for row in states if row.state == state) for state in STATES}
    moods = {"ready": "good", "blocked": "bad" if sums["blocked"] else ""}

    def figure(state: str) -> Metric:
        name = "Ready to invoice" if state == "ready" else NAMES[state]
        return _metric(name, sums[state], items[state], currency, TIPS[state], moods.get(state, ""))

    return [
        _metric("Unbilled", unbilled(sums), sum(items[state] for state in UNBILLED), currency, ALL_UNBILLED, ""),
        *(figure(state) for state in ("ready", "moving", "blocked", "not_approved")),
        Metric("Billing readiness", formats.percent(readiness(sums)), "of what is approved", READINESS),
        figure("billed"),
        *(_target(row) for row in targets if row.name in TARGETS),
    ]


def _metric(name: str, value: Decimal, items: int, currency: str, tip: str, mood: str) -> Metric:
    return Metric(name, formats.money_short(value, currency), formats.plural(items, "item"), tip, mood)


def _target(row: Target) -> Metric:
    name, tip = TARGETS[row.name]
    note = f"target {quantity(row.target, row.unit)} · n = {formats.count(row.n)}"
    return Metric(name, quantity(row.value, row.unit), note, tip)


def quantity(value: Decimal | float | None, unit: str | None) -> str:
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
