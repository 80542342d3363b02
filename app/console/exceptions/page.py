"""Exceptions (X8, X9, E4): the causes ranked by money, then the cases, then one case with its replay."""

from __future__ import annotations

from typing import Any

import streamlit as st

from app.console.asking import ask_now, case_groups, facets, journal, replayable, reporting_currency, world_now
from app.console.exceptions import presenter as present
from app.console.exceptions import replay
from app.console.exceptions.case import case_page, teams
from app.console.exceptions.replaying import SQL, replaying
from app.console.exceptions.triage import told, triage
from app.console.view import View
from app.console.widgets import formats
from app.console.widgets.download import csv_of, download
from app.console.widgets.heading import admitted, draw, heading, zone
from app.console.widgets.markup import Html, empty, verdict
from app.readings.rights import Action, Question
from app.readings.viewer import Viewer
from models.domain.case import cause_title
from models.domain.team import Teams, owners_of_teams, team
from models.journal.cases import CaseFilter

PAGE_SIZE = 50
GROUP_LIMIT = 1000
FILTERS = ("flow", "cause", "system", "owner", "entity", "severity")
FACETS = {
    "flow": "flow",
    "cause": "cause",
    "system": "system",
    "owner": "owner",
    "entity": "legal_entity",
    "severity": "severity",
}
SEVERITIES, SEVERITY_COLOURS = ["critical", "high", "medium", "low"], ["red", "orange", "blue", "gray"]
STATES, STATE_COLOURS = (
    ["open", "acknowledged", "snoozed", "ignored", "resolved"],
    ["red", "blue", "violet", "gray", "green"],
)


def page(viewer: Viewer) -> None:
    """Draw the list, or the case the address names."""
    admitted(viewer, Question.EXCEPTIONS)
    heading(viewer, "Exceptions", world_now)
    if narrowed := st.session_state.pop("narrow_to", None):
        st.session_state.update(cause=[cause_title(narrowed)], p=1)
    asked = st.query_params.get_all("cause")
    if asked and (titles := present.titles(asked, _all(viewer, "cause"))) != asked:
        st.session_state["cause"] = titles  # the address binds titles alone, while links name causes by their codes
    case_id = st.query_params.get("case")
    if case_id:
        case_page(viewer, case_id)
        return
    told()
    _causes(viewer)
    _list(viewer)
    if chosen := st.session_state.pop("replay_of_cases", None):
        _selection_dialog(viewer, [case for case_id in chosen if (case := journal().cases.get(case_id))])


@st.fragment(run_every="5s")
def _causes(viewer: Viewer) -> None:
    if "narrow_to" in st.session_state:
        st.rerun()
    groups, now, currency = case_groups(viewer.entities), world_now(), reporting_currency()
    checked = f"last checked {formats.moment(now, zone(), seconds=True)}; new exceptions appear here by themselves"
    draw(verdict(*present.verdict(groups, currency), "ranked by money · refreshes every 5 s" if groups else checked))
    if not groups:
        return
    st.session_state["causes_shown"] = [group.cause for group in groups]
    column = st.column_config
    shown = [
        "cause",
        "failures",
        "cases",
        "money",
        "share",
        "severity",
        "oldest",
        "newest",
        *(["act"] if viewer.may(Action.PREVIEW) else []),
    ]
    st.dataframe(
        present.cause_rows(groups, now, currency),
        key="causes",
        column_order=shown,
        hide_index=True,
        row_height=31,
        height=min(37 + 31 * len(groups), 300),
        alt="Causes ranked by money",
        column_config={
            "cause": column.ButtonColumn(
                "Cause", type="tertiary", alignment="left", key="open_cause", on_click=_narrow
            ),
            "failures": column.TextColumn("Failures", alignment="right", width=70),
            "cases": column.TextColumn("Cases", alignment="right", width=58),
            "money": column.TextColumn("At stake", alignment="right", width=108),
            "share": column.ProgressColumn(
                "Share of the money", width=140, format="%.0f%%", min_value=0, max_value=100
            ),
            "severity": column.MultiselectColumn("Severity", options=SEVERITIES, color=SEVERITY_COLOURS, width=78),
            "oldest": column.TextColumn("Oldest", alignment="right", width=66),
            "newest": column.TextColumn("Newest", alignment="right", width=94),
            "act": column.ButtonColumn("", key="replay_cause", on_click=_choose_cause, type="secondary", width=120),
        },
    )
    if st.session_state.get("replay_of_cause"):
        _group_dialog(viewer, st.session_state.pop("replay_of_cause"))


def _narrow() -> None:
    """Clicking a cause shows its cases alone: the page applies it before it draws the filter, which lies outside this
    fragment.
    """
    st.session_state["narrow_to"] = st.session_state["causes_shown"][st.session_state["open_cause"].row]


def _choose_cause() -> None:
    cause = st.session_state["causes_shown"][st.session_state["replay_cause"].row]
    st.session_state["replay_of_cause"] = cause
    st.session_state.pop(f"runs_group_{cause}", None)


def _closed() -> None:
    """A dialog that its reader closed does not come back with the answer it waited for: the whole page runs, which ends
    its clock.
    """
    for flag in ("replay_of_cause", "replay_of_cases"):
        st.session_state.pop(flag, None)
    st.rerun()


@st.dialog("Replay a whole group", width="large", on_dismiss=_closed)
def _group_dialog(viewer: Viewer, cause: str) -> None:
    _themed()
    st.markdown(f"**{cause_title(cause)}**")
    key = f"group_{cause}"
    frozen = st.session_state.setdefault(
        f"runs_{key}", replayable([row["run_id"] for row in ask_now(viewer, SQL["of_cause"], cause=cause)])
    )
    cases = journal().cases.page(CaseFilter(causes=(cause,), legal_entities=viewer.entities), limit=GROUP_LIMIT).rows
    if frozen:
        st.caption(
            f"{formats.plural(len(frozen), 'failed run')} at the moment you opened this; what arrives later is not touched."
        )
    replaying(viewer, frozen, key, cases, reopen=lambda: st.session_state.update(replay_of_cause=cause))


@st.dialog("Replay the selection", width="large", on_dismiss=_closed)
def _selection_dialog(viewer: Viewer, cases: list[dict[str, Any]]) -> None:
    _themed()
    ids = [case["case_id"] for case in cases]
    key = replay.selection_key(ids)
    runs = [run for case in cases for run in journal().cases.run_ids(case["case_id"])]
    frozen = st.session_state.setdefault(f"runs_{key}", replayable(runs))
    st.caption(f"{formats.plural(len(frozen), 'failed run')} of {formats.plural(len(cases), 'case')}.")
    suggestions = [present.suggested(case) for case in cases]
    alike = suggestions[0] if len({str(one) for one in suggestions}) == 1 else None
    replaying(viewer, frozen, key, cases, alike, reopen=lambda: st.session_state.update(replay_of_cases=ids))


def _themed() -> None:
    """A dialog lies outside the app's own element and would show light colours on a dark page."""
    scheme = "dark" if st.context.theme.type == "dark" else "light"
    draw(Html(f'<style>[data-testid="stDialog"] {{ color-scheme: {scheme}; }}</style>'))


def _list(viewer: Viewer) -> None:
    _filters(viewer)
    teams_here = teams(viewer)
    state = {name: st.session_state.get(name) for name in present.ASKED}
    owners, causes = (
        owners_of_teams(state["owner"] or (), _all(viewer, "owner"), teams_here),
        present.causes(state["cause"] or (), _all(viewer, "cause")),
    )
    where = present.chosen(viewer, {**state, "owner": owners, "cause": causes})
    order = present.ORDERS[st.session_state.get("order") or "Most money"]
    number = int(st.session_state.get("p") or 1)
    found = journal().cases.page(where, order, PAGE_SIZE, (number - 1) * PAGE_SIZE)
    if not found.total:
        draw(
            empty(
                "No case matches these filters",
                "Take a filter away, or look among the snoozed, ignored and resolved ones.",
            )
        )
        return
    chosen = [found.rows[at] for at in _selected(found.rows) if at < len(found.rows)]
    _bar(viewer, chosen, found.total, where, teams_here)
    _table(found.rows, teams_here)
    pages = -(-found.total // PAGE_SIZE)
    if pages > 1:
        st.pagination(pages, key="p", bind="query-params")


def _filters(viewer: Viewer) -> None:
    status = st.session_state.get("status") or st.query_params.get("status") or "To do"
    scope = CaseFilter(status=present.STATUS.get(status), legal_entities=viewer.entities)
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.text_input(
            "Search",
            key="find",
            bind="query-params",
            type="search",
            placeholder="Words, key, run or project",
            label_visibility="collapsed",
            width=230,
            on_change=_first_page,
        )
        st.segmented_control(
            "Status",
            list(present.STATUS),
            default="To do",
            required=True,
            key="status",
            bind="query-params",
            label_visibility="collapsed",
            on_change=_first_page,
        )
        st.toggle("Mine", key="mine", bind="query-params", on_change=_first_page)
        st.toggle("Over SLA", key="overdue", bind="query-params", on_change=_first_page)
    with st.grid(columns=7, min_column_width=130, gap="xsmall"):
        for name in FILTERS:
            options = _options(name, scope, viewer)
            st.multiselect(
                formats.words(name),
                options,
                key=name,
                bind="query-params",
                placeholder={"entity": "Legal entity"}.get(name, formats.words(name)),
                label_visibility="collapsed",
                on_change=_first_page,
            )
        st.selectbox(
            "Order",
            list(present.ORDERS),
            key="order",
            bind="query-params",
            label_visibility="collapsed",
            on_change=_first_page,
        )


def _options(name: str, scope: CaseFilter, viewer: Viewer) -> list[str]:
    """Values found among the cases, owners and causes in words, and those the address or a click asked for, so that
    they can be taken away again.
    """
    found = facets(FACETS[name], scope.status, scope.legal_entities)
    if name == "owner":
        teams_here = teams(viewer)
        found = sorted({team(owner, teams_here) for owner in found})
    if name == "cause":
        found = present.titles(found, found)
    asked = [*(st.session_state.get(name) or []), *st.query_params.get_all(name)]
    return list(dict.fromkeys([*found, *asked]))


def _all(viewer: Viewer, name: str) -> list[str]:
    """Every value that any case of the viewer's scope has, in whatever state it is."""
    return facets(FACETS[name], tuple(STATES), viewer.entities)


def _first_page() -> None:
    st.session_state["p"] = 1


def _selected(rows: list[dict[str, Any]]) -> list[int]:
    """Positions selected in the table; a selection made on other rows counts no more."""
    ids = [row["case_id"] for row in rows]
    if st.session_state.get("cases_shown") != ids:
        st.session_state["cases_shown"] = ids
        st.session_state["cases_version"] = st.session_state.get("cases_version", 0) + 1
        return []
    state = st.session_state.get(_table_key())
    return list(state.selection.rows) if state else []


def _table_key() -> str:
    return f"cases_{st.session_state.get('cases_version', 0)}"


def _bar(viewer: Viewer, chosen: list[dict[str, Any]], total: int, where: CaseFilter, teams_here: Teams) -> None:
    ids = [case["case_id"] for case in chosen]
    nothing = None if ids else "Select cases in the table first."
    with st.container(horizontal=True, vertical_alignment="center", gap="xsmall"):
        st.markdown(
            f"**{formats.plural(len(ids), 'case')} selected** of {total:,}"
            if ids
            else f"**{formats.plural(total, 'case')}**",
            width="content",
        )
        st.space("stretch")
        triage(viewer, ids, "list", nothing)
        no_replay = viewer.why_not(Action.PREVIEW) or nothing
        if st.button(
            "Replay…",
            key="replay_selection",
            type="primary",
            icon=":material/replay:",
            disabled=no_replay is not None,
            help=no_replay,
        ):
            st.session_state["replay_of_cases"] = ids
            st.session_state.pop(f"runs_{replay.selection_key(ids)}", None)
        download(
            viewer,
            "CSV",
            "exceptions.csv",
            lambda: csv_of(
                present.exported(journal().cases.page(where, "money", 20_000).rows, reporting_currency(), teams_here)
            ),
            viewer.why_not(Action.EXPORT),
        )


def _table(rows: list[dict[str, Any]], teams_here: Teams) -> None:
    column = st.column_config
    st.dataframe(
        present.case_rows(rows, world_now(), reporting_currency(), teams_here),
        key=_table_key(),
        hide_index=True,
        row_height=31,
        height=min(37 + 31 * len(rows), 720),
        on_select="rerun",
        selection_mode="multi-row",
        alt="Cases",
        column_order=[
            "title",
            "severity",
            "status",
            "money",
            "failures",
            "age",
            "due",
            "owner",
            "entity",
            "assignee",
            "flow",
            "system",
            "about",
        ],
        column_config={
            "title": column.ButtonColumn(
                "Exception", type="tertiary", alignment="left", key="open_case", on_click=_open, width=510
            ),
            "severity": column.MultiselectColumn("Severity", options=SEVERITIES, color=SEVERITY_COLOURS, width=74),
            "status": column.MultiselectColumn("Status", options=STATES, color=STATE_COLOURS, width=104),
            "money": column.TextColumn("At stake", alignment="right", width=104),
            "failures": column.TextColumn("Failures", alignment="right", width=66),
            "age": column.TextColumn("Age", alignment="right", width=54),
            "due": column.TextColumn("SLA", alignment="right", width=76),
            "owner": column.TextColumn("Owner", width=124),
            "entity": column.TextColumn("Entity", width=72),
            "assignee": column.TextColumn("Assignee", width=104),
            "flow": column.TextColumn("Flow", width=118),
            "system": column.TextColumn("System", width=84),
            "about": column.TextColumn("About", width=110),
        },
    )


def _open() -> None:
    st.query_params["case"] = st.session_state["cases_shown"][st.session_state["open_case"].row]


PAGE = View(Question.EXCEPTIONS, "Exceptions", ":material/rule:", 2, page)
