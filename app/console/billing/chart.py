"""The charts of billing readiness: from unbilled to ready, and unbilled by age; knows no Streamlit."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

import plotly.graph_objects as go

from app.console.billing.states import COLOURS, NAMES
from app.console.widgets import formats
from app.readings.billing.rows import Age, State
from app.readings.billing.totals import UNBILLED, blockers, totals, unbilled
from models.domain.case import cause_title

AGES = ("0–30 days", "31–60 days", "61–90 days", "91+ days")
BARS = 7
"""Blockers with a bar of their own in the waterfall; the smaller ones share the last."""
FALLS = frozenset({"blocked", "not_approved", "moving"})
Step = tuple[str, Decimal, Decimal, str]
"""A bar of the waterfall: its name, its height, where it begins, and its colour's name."""


def bridge(states: Sequence[State], currency: str) -> go.Figure:
    """A waterfall from unbilled to ready: what is not approved and each blocker take their value off once."""
    sums = totals(states)
    level = unbilled(sums)
    taken = [
        ("Not approved", sums["not_approved"], "not_approved"),
        *((name, value, "blocked") for name, value in _largest(blockers(states))),
        ("On its way", sums["moving"], "moving"),
    ]
    steps: list[Step] = [("Unbilled", level, Decimal(0), "total")]
    for name, value, colour in taken:
        level -= value
        steps += [(name, value, level, colour)] if value else []
    steps.append(("Ready", sums["ready"], Decimal(0), "ready"))
    amounts = {"title": None, "tickformat": "~s", "rangemode": "tozero"}
    names = {"title": None, "autorange": "reversed", "automargin": True, "ticklabelstandoff": 6}
    margin = {"l": 8, "r": 56, "t": 8, "b": 8}
    return go.Figure(_floating(steps, currency), _layout(showlegend=False, margin=margin, xaxis=amounts, yaxis=names))


def _floating(steps: Sequence[Step], currency: str) -> go.Bar:
    """Bars that begin where the one above ended: lying, since the names of causes are sentences."""
    return go.Bar(
        orientation="h",
        y=[name for name, _, _, _ in steps],
        x=[float(value) for _, value, _, _ in steps],
        base=[float(base) for _, _, base, _ in steps],
        marker={"color": [COLOURS[colour] for _, _, _, colour in steps]},
        textposition="outside",
        cliponaxis=False,
        text=[formats.money_short(-value if colour in FALLS else value, currency) for _, value, _, colour in steps],
        customdata=[formats.money(value, currency) for _, value, _, _ in steps],
        hovertemplate="%{y}<br>%{customdata}<extra></extra>",
    )


def _largest(found: Sequence[tuple[str, Decimal]]) -> list[tuple[str, Decimal]]:
    rest = sum((value for _, value in found[BARS:]), Decimal(0))
    named = [(cause_title(code), value) for code, value in found[:BARS]]
    return named + ([("Others", rest)] if rest else [])


def ageing(ages: Sequence[Age], currency: str) -> go.Figure:
    """Unbilled value by age, stacked by state."""
    values = {(row.state, row.bucket): row.bill_reporting for row in ages}
    bars = [
        _stacked(state, [values.get((state, bucket), Decimal(0)) for bucket in range(len(AGES))], currency)
        for state in UNBILLED
    ]
    legend = {"orientation": "h", "y": 1.0, "yanchor": "bottom", "x": 0}
    return go.Figure(bars, _layout(barmode="stack", hovermode="x unified", legend=legend))


def _stacked(state: str, values: Sequence[Decimal], currency: str) -> go.Bar:
    return go.Bar(
        name=NAMES[state],
        x=list(AGES),
        y=[float(value) for value in values],
        marker={"color": COLOURS[state]},
        hovertemplate="%{customdata}",
        customdata=[formats.money(value, currency) for value in values],
    )


def _layout(**more: object) -> go.Layout:
    """What both charts share; a narrower margin or a legend comes on top."""
    shared = {
        "height": 330,
        "bargap": 0.35,
        "margin": {"l": 8, "r": 8, "t": 30, "b": 8},
        "xaxis": {"title": None, "tickangle": 0, "automargin": True},
        "yaxis": {"title": None, "tickformat": "~s", "rangemode": "tozero"},
    }
    return go.Layout({**shared, **more})
