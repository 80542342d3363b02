"""The bridge from the margin as sold to the margin at completion, as a waterfall; knows no Streamlit."""

from __future__ import annotations

from decimal import Decimal

import plotly.graph_objects as go

from app.console.margin.erosion import parts
from app.console.widgets import formats
from app.readings.margin.rows import Forecast


def bridge(one: Forecast, currency: str) -> go.Figure:
    """As sold, what each part takes or adds, and the end; empty where margins are masked."""
    steps = parts(one)
    if not isinstance(one.margin, Decimal) or not isinstance(one.erosion, Decimal):
        return go.Figure()
    sold = one.margin + one.erosion
    names = ["As sold", *(name for name, _ in steps), "At completion"]
    amounts = [sold, *(-amount for _, amount in steps), one.margin]
    drawn = go.Waterfall(
        x=names,
        y=[float(amount) for amount in amounts],
        measure=["absolute", *("relative" for _ in steps), "total"],
        text=[formats.money_short(amount, currency) for amount in amounts],
        textposition="outside",
        cliponaxis=False,
        hovertemplate="%{x}: %{text}<extra></extra>",
        increasing={"marker": {"color": "#009e73"}},
        decreasing={"marker": {"color": "#d55e00"}},
        totals={"marker": {"color": "#0072b2"}},
        connector={"line": {"width": 1, "dash": "dot"}},
    )
    layout = go.Layout(
        height=300,
        margin={"l": 8, "r": 8, "t": 24, "b": 8},
        showlegend=False,
        waterfallgap=0.35,
        xaxis={"title": None},
        yaxis={"title": None, "tickformat": "~s"},
    )
    return go.Figure([drawn], layout)
