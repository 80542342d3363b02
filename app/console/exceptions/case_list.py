"""The list of cases: a page of it in a table, what is done with the selected ones, and the list as a file (X8, X9)."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from app.console.asking import read, read_now, reporting_currency, world_now
from app.console.exceptions import narrowing
from app.console.exceptions import presenter as present
from app.console.exceptions.causes import SEVERITIES, SEVERITY_COLOURS
from app.console.exceptions.dialogs import selection_key
from app.console.exceptions.filters import chosen, filters
from app.console.exceptions.triage import triage
from app.console.widgets import formats
from app.console.widgets.download import csv_of, download
from app.console.widgets.heading import draw
from app.console.widgets.markup import empty
from app.readings.cases import reading as cases
from app.readings.cases.rows import Case
from app.readings.page import Page
from app.readings.rights import Action
from app.readings.systems import reading as systems
from app.readings.viewer import ANYWHERE, Viewer
from models.domain.team import Teams
from models.journal.cases import CaseFilter

PAGE_SIZE = 50
MOST_IN_A_FILE = 20_000
STATES, STATE_COLOURS = (
    ["open", "acknowledged", "snoozed", "ignored", "resolved"],
    ["red", "blue", "violet", "gray", "green"],
)
COLUMNS = (
    "title",
    "severity",
    "status",
    "money",
    "kind",
    "records",
    "age",
    "due",
    "owner",
    "entity",
    "period",
    "assignee",
    "flow",
    "system",
    "about",
)


def case_list(viewer: Viewer) -> None:
    """Draw the filters and the page of cases that they ask for."""
    teams = read(viewer, systems.teams)
    filters(viewer, teams)
    where, order = chosen(viewer, teams), narrowing.ORDERS[st.session_state.get("order") or "Most money"]
    number = int(st.session_state.get("p") or 1)
    found = read_now(viewer, cases.page, where, order, Page(PAGE_SIZE, number))
    if not found.count:
        advice = "Take a filter away, or look among the snoozed, ignored and resolved ones."
        draw(empty("No case matches these filters", advice))
        return
    selected = [found.rows[at] for at in _selected(found.rows) if at < len(found.rows)]
    _bar(viewer, selected, found.count, where, teams)
    _table(found.rows, teams)
    pages = -(-found.count // PAGE_SIZE)
    if pages > 1:
        st.caption(formats.part_of((number - 1) * PAGE_SIZE, len(found.rows), found.count))
        st.pagination(pages, key="p", bind="query-params")


def _selected(rows: Sequence[Case]) -> list[int]:
    """Positions selected in the table; a selection made on other rows counts no more."""
    ids = [case.case_id for case in rows]
    if st.session_state.get("cases_shown") != ids:
        st.session_state["cases_shown"] = ids
        st.session_state["cases_version"] = st.session_state.get("cases_version", 0) + 1
        return []
    state = st.session_state.get(_table_key())
    return list(state.selection.rows) if state else []


def _table_key() -> str:
    return f"cases_{st.session_state.get('cases_version', 0)}"


def _bar(viewer: Viewer, selected: Sequence[Case], total: int, where: CaseFilter, teams: Teams) -> None:
    ids = [case.case_id for case in selected]
    nothing = None if ids else "Select cases in the table first."
    counted = f"**{formats.plural(len(ids), 'case')} selected** of {total:,}" if ids else None
    with st.container(horizontal=True, vertical_alignment="center", gap="xsmall"):
        st.markdown(counted or f"**{formats.plural(total, 'case')}**", width="content")
        st.space("stretch")
        triage(viewer, selected, "list", nothing)
        no_replay = viewer.why_not(Action.PREVIEW, ANYWHERE) or nothing
        if st.button(
            "Replay…",
            key="replay_selection",
            type="primary",
            icon=":material/replay:",
            disabled=no_replay is not None,
            help=no_replay,
        ):
            st.session_state["replay_of_cases"] = ids
            st.session_state.pop(f"runs_{selection_key(ids)}", None)
        download(
            viewer,
            "CSV",
            "exceptions.csv",
            lambda: _file(viewer, where, teams),
            viewer.why_not(Action.EXPORT, ANYWHERE),
        )


def _file(viewer: Viewer, where: CaseFilter, teams: Teams) -> bytes:
    rows = read_now(viewer, cases.page, where, "money", Page(MOST_IN_A_FILE)).rows
    return csv_of(present.exported(rows, reporting_currency(), teams))


def _table(rows: Sequence[Case], teams: Teams) -> None:
    column = st.column_config
    st.dataframe(
        present.case_rows(rows, world_now(), reporting_currency(), teams),
        key=_table_key(),
        hide_index=True,
        row_height=31,
        height=min(37 + 31 * len(rows), 720),
        on_select="rerun",
        selection_mode="multi-row",
        alt="Cases",
        column_order=COLUMNS,
        column_config={
            "title": column.ButtonColumn(
                "Exception", type="tertiary", alignment="left", key="open_case", on_click=_open, width=430
            ),
            "severity": column.MultiselectColumn("Severity", options=SEVERITIES, color=SEVERITY_COLOURS, width=74),
            "status": column.MultiselectColumn("Status", options=STATES, color=STATE_COLOURS, width=104),
            "money": column.TextColumn("At stake", alignment="right", width=104),
            "kind": column.TextColumn("Kind of money", width=128),
            "records": column.TextColumn("Records", alignment="right", width=66),
            "age": column.TextColumn("Age", alignment="right", width=54),
            "due": column.TextColumn("SLA", alignment="right", width=76),
            "owner": column.TextColumn("Owner", width=124),
            "entity": column.TextColumn("Entity", width=72),
            "period": column.TextColumn("Month", width=70),
            "assignee": column.TextColumn("Assignee", width=104),
            "flow": column.TextColumn("Flow", width=118),
            "system": column.TextColumn("System", width=84),
            "about": column.TextColumn("About", width=110),
        },
    )


def _open() -> None:
    st.query_params["case"] = st.session_state["cases_shown"][st.session_state["open_case"].row]
