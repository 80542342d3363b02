"""Throughput and failure rate over time as a Plotly figure; knows no Streamlit."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta

import plotly.graph_objects as go

from app.readings.operations.rows import Slot


def throughput(series: Sequence[Slot], known: Iterable[str], times: Sequence[datetime], step: int) -> go.Figure:
    """Finished runs stacked by flow, and the failure rate as a line on its own axis; `step` in seconds.

    Every `known` flow has its place, with bars or without: colours go by place, and a flow keeps its own whichever
    others ran.
    """
    flows = list(dict.fromkeys([*known, *sorted({row.flow for row in series})]))
    bars = [_bars(flow, {row.slot: row.settled for row in series if row.flow == flow}, times, step) for flow in flows]
    return go.Figure([*bars, _rate(series, times, step)], _layout())


def slots(since: datetime, now: datetime, step: int) -> list[datetime]:
    """Every step of the window, so that hours without work show as such; they begin at multiples of `step` seconds."""
    first, last = int(since.timestamp()) // step, int(now.timestamp()) // step
    return [datetime.fromtimestamp(at * step, UTC) for at in range(first, last + 1)]


def _bars(flow: str, values: Mapping[datetime, int], times: Sequence[datetime], step: int) -> go.Bar:
    return go.Bar(
        name=flow,
        showlegend=bool(values),
        x=_middles(times, step),
        y=[values.get(at, 0) if values else None for at in times],
        hovertemplate="%{y:,}",
    )


def _rate(series: Sequence[Slot], times: Sequence[datetime], step: int) -> go.Scatter:
    dead, ended = Counter[datetime](), Counter[datetime]()
    for row in series:
        dead[row.slot] += row.dead
        ended[row.slot] += row.dead + row.settled
    return go.Scatter(
        mode="lines+markers",
        name="failure rate",
        x=_middles(times, step),
        y=[dead[time] / ended[time] if ended[time] else None for time in times],
        yaxis="y2",
        line={"color": "#d55e00", "width": 2},
        hovertemplate="%{y:.1%}",
    )


def _middles(times: Sequence[datetime], step: int) -> list[datetime]:
    return [time + timedelta(seconds=step / 2) for time in times]


def _layout() -> go.Layout:
    return go.Layout(
        height=260,
        barmode="stack",
        bargap=0.12,
        hovermode="x unified",
        margin={"l": 8, "r": 8, "t": 42, "b": 8},
        legend={"orientation": "h", "y": 1.16, "x": 0},
        xaxis={"title": None},
        yaxis={"title": None, "rangemode": "tozero", "tickformat": "~s"},
        yaxis2={
            "overlaying": "y",
            "side": "right",
            "tickformat": ".0%",
            "range": [0, 1.06],
            "tickmode": "array",
            "tickvals": [0, 0.25, 0.5, 0.75, 1],
            "showgrid": False,
            "title": None,
        },
    )
