"""The spans of a journey on a canvas, one of them with its attributes, and the log lines of its trace (O2, C9)."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from app.console.asking import read
from app.console.journey import trace
from app.console.journey.payloads import attributes
from app.console.widgets import formats
from app.console.widgets.heading import draw, zone
from app.console.widgets.markup import Column, empty, table
from app.console.widgets.payload import field_table
from app.console.widgets.plain import plain
from app.console.widgets.waterfall import waterfall
from app.readings.journey import reading
from app.readings.journey.rows import LogLine, Span, Step
from app.readings.viewer import Viewer

LOGS = (Column("at", "At", "nw"), Column("level", "Level"), Column("service", "Service"), Column("body", "Line"))
NO_SPANS = "Its sender exported none, they are on their way, or they belong to a legal entity outside your scope."


def waterfall_panel(viewer: Viewer, steps: Sequence[Step], only: str | None, clear: bool) -> None:
    """Draw a trace of the journey; `only` names the one that was searched for by its id."""
    choices = [(only, f"trace {only[:8]}")] if only else trace.traces(steps)
    if not choices:
        return
    st.header("Waterfall", anchor=False)
    picked = _picked(dict(choices))
    spans = read(viewer, reading.spans, picked, clear)
    if not spans:
        draw(empty("No spans for this trace", NO_SPANS))
        return
    rows = trace.waterfall(spans, [step for step in steps if step.trace_id == picked])
    if span_id := waterfall(rows, key=f"waterfall_{picked}"):
        st.session_state["span"] = span_id
    first = spans[0] if only and not steps else None
    if shown := next((row for row in spans if row.span_id == st.session_state.get("span")), first):
        _span(shown)
    if logs := read(viewer, reading.logs, picked):
        with st.expander(formats.plural(len(logs), "log line")):
            draw(table(LOGS, [_log(row) for row in logs]))


def _picked(labels: dict[str, str]) -> str:
    if len(labels) == 1:
        return next(iter(labels))
    return str(
        st.selectbox("Trace", list(labels), format_func=labels.__getitem__, key="trace", label_visibility="collapsed")
    )


def _span(row: Span) -> None:
    took = formats.duration((row.duration_us or 0) / 1e6)
    with st.container(border=True):
        st.markdown(f"**{plain(row.name)}** · {plain(row.service_name)} · {took}")
        draw(field_table(attributes(row), "", "Attribute"))


def _log(row: LogLine) -> dict[str, object]:
    return {
        "at": formats.moment(row.time, zone(), seconds=True),
        "level": row.severity_text,
        "service": row.service_name,
        "body": row.body,
    }
