"""The charts of billing readiness as Plotly figures: from unbilled to ready, and unbilled by age; knows no Streamlit."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from app.console.billing.presenter import COLOURS, STATES, UNBILLED, Rows, blockers, totals
from app.console.widgets import formats

AGES = ("0–30 days", "31–60 days", "61–90 days", "91+ days")
BARS = 7
"""Blockers with a bar of their own in the waterfall; the smaller ones share the last."""


def bridge(states: Rows, currency: str) -> dict[str, Any]:
    """A Plotly waterfall from unbilled to ready: what is not approved and each blocker take their value off once."""
    sums = totals(states)
    unbilled = sum((sums[state] for state in UNBILLED), Decimal(0))
    taken = [
        ("Not<br>approved", sums["not_approved"], "not_approved"),
        *((name, value, "blocked") for name, value in _largest(blockers(states))),
        ("On its<br>way", sums["moving"], "moving"),
    ]
    steps, level = [("Unbilled", unbilled, Decimal(0), "total")], unbilled
    for name, value, colour in taken:
        level -= value
        steps += [(name, value, level, colour)] if value else []
    steps.append(("Ready", sums["ready"], Decimal(0), "ready"))
    return {
        "data": [_floating(steps, currency)],
        "layout": {
            "height": 330,
            "margin": {"l": 8, "r": 8, "t": 24, "b": 8},
            "showlegend": False,
            "bargap": 0.35,
            "yaxis": {"tickformat": "~s", "rangemode": "tozero", "title": None},
            "xaxis": {"title": None, "tickangle": 0, "automargin": True, "tickfont": {"size": 11}},
        },
    }


def _floating(steps: Sequence[tuple[str, Decimal, Decimal, str]], currency: str) -> dict[str, Any]:
    """Bars that hang where the one before ended."""
    falls = {"blocked", "not_approved", "moving"}
    return {
        "type": "bar",
        "x": [name for name, _, _, _ in steps],
        "y": [float(value) for _, value, _, _ in steps],
        "base": [float(base) for _, _, base, _ in steps],
        "marker": {"color": [COLOURS[colour] for _, _, _, colour in steps]},
        "textposition": "outside",
        "cliponaxis": False,
        "text": [formats.money_short(-value if colour in falls else value, currency) for _, value, _, colour in steps],
        "customdata": [formats.money(value, currency) for _, value, _, _ in steps],
        "hovertemplate": "%{x}<br>%{customdata}<extra></extra>",
    }


def _largest(found: list[tuple[str, Decimal]]) -> list[tuple[str, Decimal]]:
    rest = sum((value for _, value in found[BARS:]), Decimal(0))
    return [(_wrapped(name), value) for name, value in found[:BARS]] + ([("Others", rest)] if rest else [])


def _wrapped(name: str, width: int = 10) -> str:
    lines: list[str] = [""]
    for word in name.split():
        lines = [*lines[:-1], f"{lines[-1]} {word}".strip()] if len(lines[-1]) + len(word) < width else [*lines, word]
    return "<br>".join(line for line in lines if line)


def ageing(ages: Rows, currency: str) -> dict[str, Any]:
    """A Plotly figure: unbilled value by age, stacked by state."""
    values = {(row["state"], row["bucket"]): formats.decimal(row["bill_reporting"]) for row in ages}
    bars = [
        {
            "type": "bar",
            "name": STATES[state],
            "x": list(AGES),
            "y": [float(values.get((state, bucket), 0)) for bucket in range(4)],
            "marker": {"color": COLOURS[state]},
            "hovertemplate": "%{customdata}",
            "customdata": [formats.money(values.get((state, bucket), Decimal(0)), currency) for bucket in range(4)],
        }
        for state in UNBILLED
    ]
    return {
        "data": bars,
        "layout": {
            "height": 330,
            "barmode": "stack",
            "hovermode": "x unified",
            "margin": {"l": 8, "r": 8, "t": 30, "b": 8},
            "bargap": 0.35,
            "legend": {"orientation": "h", "y": 1.12, "x": 0},
            "yaxis": {"tickformat": "~s", "title": None},
            "xaxis": {"title": None},
        },
    }
