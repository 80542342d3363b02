"""The chart of margin by month; knows no Streamlit."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

import plotly.graph_objects as go

from app.console.widgets import formats
from app.readings.margin.rows import Month
from app.readings.masking import Amount


def trend(months: Sequence[Month], currency: str) -> go.Figure:
    """Revenue as bars, margin and target shares as lines."""
    at = [row.month for row in months]
    revenue = go.Bar(
        name="revenue",
        x=at,
        y=[float(row.revenue) for row in months],
        opacity=0.55,
        hovertemplate="%{customdata}",
        customdata=[formats.money(row.revenue, currency) for row in months],
    )
    margin = go.Scatter(
        name="margin",
        mode="lines+markers",
        x=at,
        y=[_ratio(row.margin, row.revenue) for row in months],
        yaxis="y2",
        line={"width": 2.5, "color": "#009e73"},
        hovertemplate="%{y:.1%}",
    )
    target = go.Scatter(
        name="target",
        mode="lines",
        x=at,
        y=[_ratio(row.target, row.target_revenue) for row in months],
        yaxis="y2",
        line={"width": 2, "dash": "dot", "color": "#d55e00"},
        hovertemplate="%{y:.1%}",
    )
    return go.Figure([revenue, margin, target], _layout())


def _ratio(part: Amount | None, whole: Decimal | None) -> float | None:
    """A share to draw; a masked one has no place on a chart."""
    return float(part / whole) if isinstance(part, Decimal) and whole else None


def _layout() -> go.Layout:
    return go.Layout(
        height=280,
        hovermode="x unified",
        margin={"l": 8, "r": 8, "t": 30, "b": 8},
        bargap=0.45,
        legend={"orientation": "h", "y": 1.15, "x": 0},
        xaxis={"title": None, "tickformat": "%b %Y", "dtick": "M1"},
        yaxis={"title": None, "tickformat": "~s"},
        yaxis2={
            "overlaying": "y",
            "side": "right",
            "tickformat": ".0%",
            "rangemode": "tozero",
            "showgrid": False,
            "title": None,
        },
    )
