"""What came of each flow beside what was to be expected: rows of a table and a band over time; knows no Streamlit."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

import plotly.graph_objects as go

from app.console.widgets import formats
from app.console.widgets.markup import Column, Html, dot, joined, link, span
from app.readings.volume.rows import Volume, VolumeHour

VOLUMES = (
    Column("flow", "Flow", "nw"),
    Column("source", "From", "nw"),
    Column("state", "State", "say"),
    Column("came", "Came, 24 h", "right", "Events taken in, or runs heard of, in the last 24 whole hours"),
    Column("expected", "Expected", "right", "Half of the comparable weeks brought no more in the same hours"),
    Column("range", "Range", "right", "All but a tenth of the comparable weeks brought as much at least, and at most"),
    Column("last", "Last arrival", "right"),
)
MOODS = {"silent": "bad", "few": "warn", "usual": "good"}


def volume_rows(volumes: Iterable[Volume], now: datetime, zone: str | None) -> list[dict[str, object]]:
    """One line a flow and source; a company of several is under them."""
    return [
        {
            "flow": joined([dot(MOODS.get(one.state, "")), span(one.flow, "t-b" if one.whole else "")], ""),
            "source": _source(one),
            "state": _state(one, zone),
            "came": formats.count(one.came),
            "expected": formats.count(one.expected),
            "range": _range(one.low, one.high),
            "last": formats.since(one.last_at, now),
        }
        for one in volumes
    ]


def title(one: Volume) -> str:
    """By which a flow and source is chosen."""
    return f"{one.flow} from {_source(one)}"


def _source(one: Volume) -> str:
    company = f"for {one.legal_entity}" if one.legal_entity and not one.whole else ""
    return " ".join(part for part in (one.system, one.instance, company) if part)


def _state(one: Volume, zone: str | None) -> Html | str:
    if one.state == "silent":
        words = f"silent since {formats.moment(one.last_at, zone)}"
        told = f", {formats.count(one.missed)} ({_range(one.missed_low, one.missed_high)}) expected since"
        sure = f", confidence {formats.percent(one.confidence, 0)}"
        return joined([link(words, "/exceptions", flow=one.flow), told, sure], "")
    if one.state == "few":
        return link("far too little comes", "/exceptions", flow=one.flow)
    if one.state == "learning":
        return span(f"not enough history yet: since {formats.moment(one.first_at, zone)}", "t-mute")
    if one.until_at is None:
        return span("its source was not read to the end yet", "t-mute")
    return "rests, as the catalogue says" if one.state == "rests" else "comes as expected"


def _range(low: float | None, high: float | None) -> str:
    return formats.NONE if low is None or high is None else f"{formats.count(low)} to {formats.count(high)}"


def band(hours: Sequence[VolumeHour]) -> go.Figure:
    """What came in each hour as bars, over the median and the range of such hours."""
    at = [one.hour for one in hours]
    most = max((value for one in hours for value in (one.came, one.high or 0)), default=0)
    whole = {"range": [0, 5], "dtick": 1} if most < 5 else {"rangemode": "tozero"}  # there is no half an event
    edge = {"mode": "lines", "x": at, "line": {"width": 0, "shape": "hvh"}, "hoverinfo": "skip", "showlegend": False}
    return go.Figure(
        [
            go.Scatter(y=[one.low for one in hours], **edge),
            go.Scatter(
                **{**edge, "showlegend": True},
                y=[one.high for one in hours],
                name="usual range",
                fill="tonexty",
                fillcolor="rgba(86, 180, 233, 0.25)",
            ),
            go.Scatter(
                mode="lines",
                name="usual",
                x=at,
                y=[one.expected for one in hours],
                line={"width": 1.5, "shape": "hvh", "dash": "dot", "color": "#56b4e9"},
                hovertemplate="%{y:,.0f}",
            ),
            go.Bar(
                name="came", x=at, y=[one.came for one in hours], hovertemplate="%{y:,}", marker={"color": "#0072b2"}
            ),
        ],
        go.Layout(
            height=220,
            bargap=0.25,
            hovermode="x unified",
            margin={"l": 8, "r": 8, "t": 36, "b": 8},
            legend={"orientation": "h", "y": 1.2, "x": 0},
            xaxis={"title": None},
            yaxis={"title": None, "tickformat": "~s", **whole},
        ),
    )
