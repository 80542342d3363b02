"""The firm's figures as rows: as reported, adjusted for open cases with their range, against target, with their trend
and what was divided; knows no Streamlit.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal

from app.console.widgets import formats
from app.console.widgets.markup import Column, Html, joined, link, span, sparkline
from app.readings.masking import Amount
from app.readings.rates.behind import MEASURED
from app.readings.rates.rows import Day, Figure

FIGURES = (
    Column("name", "Figure"),
    Column("value", "As reported", "right"),
    Column("adjusted", "Adjusted", "right", "With every open case settled as its evidence says"),
    Column("range", "Range", "right", "Every open case settled against the firm, and every one for it"),
    Column("target", "Target", "right", "Of the firm, whatever its projects were sold at"),
    Column("trend", "Trend", tip="Day by day, the newest last"),
    Column("divided", "Rests on", "spare", "What is divided by what, and over how many things"),
    Column("as_of", "As of", "nw", "Up to when the source that lies back furthest was read"),
)
MARGIN = (
    "project_gross_margin",
    "margin_at_completion",
    "margin_erosion",
    "billable_utilisation",
    "effective_bill_rate",
    "backlog",
    "backlog_coverage",
    "cost_performance_index",
    "schedule_performance_index",
    "schedule_slippage",
    "revenue_leakage",
    "lock_up_days",
)
"""The figures of the Margin page, in its order."""
BILLING = (
    "billing_readiness",
    "billing_accuracy",
    "invoice_readiness_time",
    "invoice_cycle_time",
    "unbilled_work_in_progress",
    "wip_days",
    "debtor_days",
    "lock_up_days",
    "revenue_leakage",
    "billing_realisation",
    "collection_realisation",
    "time_entry_lag",
    "approval_lag",
)
INTEGRATION = (
    "project_setup_cycle_time",
    "sync_lag_psa_erp",
    "failed_transaction_ageing",
    "failure_rate",
    "manual_reconciliation_effort",
    "manual_reconciliation_minutes",
    "replay_success",
    "master_data_quality",
    "utilisation_visibility",
    "margin_consistency",
    "invoice_readiness_time",
    "billing_accuracy",
)
LOWER = {
    "margin_erosion",
    "schedule_slippage",
    "revenue_leakage",
    "lock_up_days",
    "wip_days",
    "debtor_days",
    "invoice_readiness_time",
    "invoice_cycle_time",
    "time_entry_lag",
    "approval_lag",
    "project_setup_cycle_time",
    "sync_lag_psa_erp",
    "failed_transaction_ageing",
    "failure_rate",
    "manual_reconciliation_effort",
    "manual_reconciliation_minutes",
    "margin_consistency",
}
"""Figures of which less is better."""


def figure_rows(
    figures: Sequence[Figure], days: Sequence[Day], now: datetime, names: Sequence[str] = MARGIN, path: str = ""
) -> list[dict[str, object]]:
    """One row a figure, in the order of `names`; one without a source says which it lacks. A range that open cases
    leave leads to what is behind it, on the page at `path`.
    """
    found, trends = {one.name: one for one in figures}, trend(days)
    return [_row(found[name], trends.get(name, []), now, path) for name in names if name in found]


def trend(days: Sequence[Day]) -> Mapping[str, list[float]]:
    """The values of each figure in the order of its days."""
    listed: dict[str, list[float]] = {}
    for one in sorted(days, key=lambda day: day.day):
        if one.value is not None:
            listed.setdefault(one.name, []).append(float(one.value))
    return listed


def _row(one: Figure, values: Sequence[float], now: datetime, path: str) -> dict[str, object]:
    title = one.definition
    return {
        "name": span(formats.words(one.name), "t-b", title=title),
        "value": span(one.note, "t-mute") if one.value is None and one.note else _valued(one),
        "adjusted": quantity(one.adjusted, one.unit),
        "range": _range(one, path),
        "target": quantity(None if one.target is None else Decimal(str(one.target)), one.unit),
        "trend": sparkline(_lifted(values)) if len(values) > 1 else span("since today", "t-mute"),
        "divided": _divided(one),
        "as_of": "–" if one.as_of is None else formats.since(one.as_of, now),
    }


def _lifted(values: Sequence[float], most: int = 30) -> list[float]:
    """The last days, above the lowest of them, so that a change shows."""
    last = list(values)[-most:]
    low, high = min(last), max(last)
    return [value - low + (high - low or 1) * 0.15 for value in last]


def _valued(one: Figure) -> Html:
    mood = ""
    if one.value is not None and one.target is not None:
        short = Decimal(str(one.target)) - one.value
        mood = "t-warn" if (short < 0 if one.name in LOWER else short > 0) else "t-good"
    return span(quantity(one.value, one.unit), mood)


def _range(one: Figure, path: str) -> str | Html:
    if one.low is None or one.low == one.high:
        return "–"
    return link(between(one), path, behind=one.name) if path and one.name in MEASURED else between(one)


def between(one: Figure) -> str:
    """The range that open cases leave."""
    return f"{quantity(one.low, one.unit)} … {quantity(one.high, one.unit)}"


def _divided(one: Figure) -> Html:
    over = f"n = {formats.count(one.n)}"
    if one.numerator is None or one.denominator is None:
        return span(over, "t-mute")
    return joined([span(f"{_plain(one.numerator)} ÷ {_plain(one.denominator)}"), span(over, "t-mute")], "\n")


def _plain(number: Amount) -> str:
    return f"{number:,.0f}" if isinstance(number, Decimal) else str(number)


def quantity(value: Decimal | None, unit: str | None) -> str:
    """A figure with its unit."""
    if value is None:
        return formats.NONE
    if unit == "%":
        return formats.percent(value / 100)
    if unit in ("h", "s"):
        return formats.duration(float(value) * (3600 if unit == "h" else 1))
    if unit and len(unit) == 3 and unit.isupper():
        return formats.money_short(value, unit)
    if unit and unit[:3].isupper() and unit[3:] == " / h":
        return f"{formats.money(value, unit[:3])} / h"
    return f"{value:,.2f}" if unit == "ratio" else f"{value:,.1f} {unit or ''}".strip()
