"""The part of the page that answers why a project's margin erodes, from its bridge down to its entries."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from app.console.asking import read, read_now
from app.console.margin import erosion as present
from app.console.margin.bridge import bridge
from app.console.widgets import formats
from app.console.widgets.download import csv_of, download
from app.console.widgets.heading import draw
from app.console.widgets.markup import empty, metrics, table, verdict
from app.console.widgets.paging import paged
from app.readings.margin import erosion
from app.readings.margin.rows import Forecast
from app.readings.page import Page
from app.readings.rights import Action
from app.readings.viewer import ANYWHERE, Viewer

SHOWN = 15
"""People and entries on a page, those that took most first."""
MOST_IN_A_FILE = 200_000


def why(viewer: Viewer, forecasts: Sequence[Forecast], currency: str) -> None:
    """Let a project be chosen, the most eroded first, and tell what took its margin."""
    st.header("Why did this margin erode?", anchor=False, help="From the margin as sold to the margin at completion")
    if not forecasts:
        advice = "A bridge needs a budget and a manager's estimate to complete, which the portfolio has for none yet."
        draw(empty("No source yet", advice))
        return
    named = {one.project_key: one for one in forecasts}
    asked = st.query_params.get("project")
    if asked in named:
        st.session_state["project"] = asked  # the address binds labels alone, while links name projects
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
        paged(present.PEOPLE, present.people_rows(people, one, currency), f"people_{one.project_key}", SHOWN)
    with st.expander("Entry by entry", expanded=False):
        _entries(viewer, one, currency)


def _entries(viewer: Viewer, one: Forecast, currency: str) -> None:
    """Every entry with what it took from the margin, a page at a time, and all of them as a file."""
    key = f"entries_{one.project_key}"
    number = int(st.session_state.get(key) or 1)
    found = read_now(viewer, erosion.entries, one.project_key, Page(SHOWN, number))
    if not found:
        draw(empty("No entries yet", "Nothing was worked on this project and approved."))
        return
    content = lambda: csv_of(read_now(viewer, erosion.entries, one.project_key, Page(MOST_IN_A_FILE)))  # noqa: E731
    with st.container(horizontal=True, horizontal_alignment="right"):
        why_not = viewer.why_not(Action.EXPORT, ANYWHERE)
        download(viewer, "Entries (CSV)", f"entries-{one.project_key}.csv", content, why_not)
    draw(table(present.ENTRIES, present.entry_rows(found, currency)))
    st.caption(f"{formats.part_of((number - 1) * SHOWN, len(found), found[0].of_all)}, those that took most first")
    if found[0].of_all > SHOWN:
        st.pagination(-(-found[0].of_all // SHOWN), key=key)
