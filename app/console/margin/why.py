"""The part of the page that answers why a project's margin erodes, from its bridge down to its entries."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from app.console.asking import read
from app.console.margin import erosion as present
from app.console.margin.bridge import bridge
from app.console.widgets.heading import draw
from app.console.widgets.markup import empty, metrics, table, verdict
from app.readings.margin import erosion
from app.readings.margin.rows import Forecast
from app.readings.viewer import Viewer

SHOWN = 15
"""People and entries that are listed: those that took most."""


def why(viewer: Viewer, forecasts: Sequence[Forecast], currency: str) -> None:
    """Let a project be chosen, the most eroded first, and tell what took its margin."""
    st.subheader("Why did this margin erode?", anchor=False, help="From the margin as sold to the margin at completion")
    if not forecasts:
        advice = "A bridge needs a budget and a manager's estimate to complete, which the portfolio has for none yet."
        draw(empty("No source yet", advice))
        return
    named = {one.project_key: one for one in forecasts}
    chosen = st.selectbox(
        "Project",
        list(named),
        key="project",
        format_func=lambda key: f"{key} · {named[key].name or ''}",
        label_visibility="collapsed",
        bind="query-params",
    )
    _told(viewer, named.get(chosen or "") or forecasts[0], currency)


def _told(viewer: Viewer, one: Forecast, currency: str) -> None:
    draw(verdict(*present.verdict(one, currency)))
    draw(metrics(present.figures(one, currency)))
    with st.container(key="stack_why"):
        left, right = st.columns([2, 3])
    with left:
        config = {"displayModeBar": False}
        st.plotly_chart(bridge(one, currency), key="bridge", config=config, alt="From the margin as sold to completion")
    with right:
        people = read(viewer, erosion.people, one.project_key)
        draw(table(present.PEOPLE, present.people_rows(people[:SHOWN], one, currency)))
        if len(people) > SHOWN:
            st.caption(f"{SHOWN} of {len(people)} people")
    with st.expander("Entries that took most", expanded=False):
        entries = read(viewer, erosion.entries, one.project_key)
        draw(table(present.ENTRIES, present.entry_rows(entries, currency)))
        st.caption(f"{len(entries)} of {one.items} entries, the most first; each links to its journey")
