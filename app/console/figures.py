"""The section of a page that shows figures of the firm: reported, adjusted, their range, target, trend, and what is
behind a range.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import streamlit as st

from app.console.asking import read, read_now, reporting_currency, world_now
from app.console.widgets import behind as present
from app.console.widgets import formats
from app.console.widgets.download import csv_of, download
from app.console.widgets.figures import FIGURES, between, figure_rows
from app.console.widgets.heading import draw
from app.console.widgets.markup import table
from app.console.widgets.paging import paged
from app.readings.page import Page
from app.readings.rates import behind
from app.readings.rates import reading as rates
from app.readings.rates.rows import Figure
from app.readings.rights import Action
from app.readings.viewer import ANYWHERE, Viewer

TREND = timedelta(days=90)
WHAT = "Beside what is reported: what it comes to once every open case is settled, and the range that they leave."
SIZE = 15
MOST_IN_A_FILE = 200_000


def firm_figures(viewer: Viewer, names: Sequence[str], path: str, title: str = "Figures") -> None:
    """Draw these figures in their order, of the whole firm, as far as the viewer sees them; `path` is the page's."""
    st.header(title, anchor=False, help=WHAT)
    now = world_now()
    days = read(viewer, rates.days, (now - TREND).date())
    figures = read(viewer, rates.figures)
    draw(table(FIGURES, figure_rows(figures, days, now, names, path)))
    _behind(viewer, [one for one in figures if one.name in names and one.name in behind.MEASURED])


def _behind(viewer: Viewer, figures: Sequence[Figure]) -> None:
    """The cases and records behind the range that somebody chose, here or by a link."""
    ranged = {one.name: one for one in figures if one.low is not None and one.low != one.high}
    if not ranged:
        return
    asked = st.query_params.get("behind")
    if asked in ranged:
        st.session_state["behind"] = asked  # the address binds words alone, while links name figures
    name = st.selectbox(
        "What is behind the range of",
        list(ranged),
        index=None,
        key="behind",
        bind="query-params",
        format_func=formats.words,
        placeholder="What is behind the range of …",
        label_visibility="collapsed",
        width=360,
        on_change=_first_page,
    )
    if name in ranged:
        _told(viewer, ranged[name])


def _first_page() -> None:
    st.session_state["behind_page"] = 1


def _told(viewer: Viewer, one: Figure) -> None:
    currency = reporting_currency()
    cases = read(viewer, behind.cases, one.name)
    left, away = st.columns([4, 1], vertical_alignment="center")
    left.caption(f"{formats.words(one.name)}: {between(one)}. Every open case that moves it, settled each way.")
    with away.container(horizontal=True, horizontal_alignment="right"):
        content = lambda: csv_of(read_now(viewer, behind.records, one.name, Page(MOST_IN_A_FILE)))  # noqa: E731
        download(viewer, "Records (CSV)", f"behind-{one.name}.csv", content, viewer.why_not(Action.EXPORT, ANYWHERE))
    total = present.whole(cases, one.name, currency)
    paged(present.CASES, present.case_rows(cases, one.name, currency), "behind_cases_page", SIZE, total)
    number = int(st.session_state.get("behind_page") or 1)
    found = read_now(viewer, behind.records, one.name, Page(SIZE, number))
    if not found:
        return
    draw(table(present.RECORDS, present.record_rows(found, one.name, currency)))
    whole = found[0].of_all
    st.caption(f"Records: {formats.part_of((number - 1) * SIZE, len(found), whole)}")
    if whole > SIZE:
        st.pagination(-(-whole // SIZE), key="behind_page")
