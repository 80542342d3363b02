"""Throughput and failure rate over time as a Plotly figure; knows no Streamlit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from app.console.operations.presenter import Rows, grouped


def throughput(series: Rows, times: Sequence[datetime], step: int, flows: Sequence[str]) -> dict[str, Any]:
    """A Plotly figure: finished runs stacked by flow, and the failure rate as a line on its own axis.

    Every one of the known `flows` has its place, with bars or without: colours go by place, and a flow keeps its own whichever others
    ran.
    """
    ran = grouped(series, "flow")
    bars = [
        _bars(flow, {row["slot"]: row["settled"] for row in ran.get(flow, [])}, times, step)
        for flow in [*flows, *sorted(ran.keys() - set(flows))]
    ]
    return {"data": [*bars, _rate(series, times, step)], "layout": _layout()}


def slots(since: datetime, now: datetime, step: int) -> list[datetime]:
    """Every step of the window, so that hours without work show as such. Steps begin at multiples of `step` since 1970."""
    first, last = int(since.timestamp()) // step, int(now.timestamp()) // step
    return [datetime.fromtimestamp(at * step, UTC) for at in range(first, last + 1)]


def _bars(flow: str, values: Mapping[datetime, int], times: Sequence[datetime], step: int) -> dict[str, Any]:
    return {
        "type": "bar",
        "name": flow,
        "showlegend": bool(values),
        "x": _middles(times, step),
        "y": [values.get(at, 0) if values else None for at in times],
        "hovertemplate": "%{y:,}",
    }


def _rate(series: Rows, times: Sequence[datetime], step: int) -> dict[str, Any]:
    at = grouped(series, "slot")
    dead, ended = (
        [sum(row[key] for row in at.get(time, []) for key in keys) for time in times]
        for keys in (("dead",), ("dead", "settled"))
    )
    shares = [one / other if other else None for one, other in zip(dead, ended, strict=True)]
    return {
        "type": "scatter",
        "mode": "lines+markers",
        "name": "failure rate",
        "x": _middles(times, step),
        "y": shares,
        "yaxis": "y2",
        "line": {"color": "#d55e00", "width": 2},
        "hovertemplate": "%{y:.1%}",
    }


def _middles(times: Sequence[datetime], step: int) -> list[datetime]:
    return [time + timedelta(seconds=step / 2) for time in times]


def _layout() -> dict[str, Any]:
    return {
        "height": 260,
        "barmode": "stack",
        "bargap": 0.12,
        "hovermode": "x unified",
        "margin": {"l": 8, "r": 8, "t": 42, "b": 8},
        "legend": {"orientation": "h", "y": 1.16, "x": 0},
        "xaxis": {"title": None},
        "yaxis": {"title": None, "rangemode": "tozero", "tickformat": "~s"},
        "yaxis2": {
            "overlaying": "y",
            "side": "right",
            "tickformat": ".0%",
            "range": [0, 1.06],
            "tickmode": "array",
            "tickvals": [0, 0.25, 0.5, 0.75, 1],
            "showgrid": False,
            "title": None,
        },
    }
