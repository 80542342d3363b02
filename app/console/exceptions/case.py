"""One case: what it is, what to do, what it is worth, its records, its replay and its history (X8, X9)."""

from __future__ import annotations

import streamlit as st

from app.console.asking import read, read_now, reporting_currency, world_now
from app.console.exceptions import case_presenter as present
from app.console.exceptions.cancel_panel import cancel_panel
from app.console.exceptions.replay_panel import replay_panel
from app.console.exceptions.triage import last_action, reopen, triage
from app.console.widgets import formats
from app.console.widgets.heading import draw, identifier, zone
from app.console.widgets.markup import Column, block, empty, facts, metrics, table, verdict
from app.console.widgets.plain import plain
from app.readings.cases import reading as cases
from app.readings.cases.domains import of_case
from app.readings.cases.rows import Case
from app.readings.page import Page
from app.readings.replays import reading as replays
from app.readings.replays.runs import elsewhere
from app.readings.replays.selection import suggested
from app.readings.systems import reading as systems
from app.readings.viewer import Viewer
from models.domain.case import ACTIVE
from models.domain.explanations import explain

SHOWN = 25
FINDINGS = (
    Column("subject", "Record", "nw"),
    Column("evidence", "Evidence"),
    Column("amount", "Amount", "right"),
    Column("age", "Age", "right"),
    Column("run", "Run", "right"),
)
PERIODS = (
    Column("period", "Month", "nw"),
    Column("kind", "Money"),
    Column("records", "Records", "right"),
    Column("amount", "Amount", "right"),
)
HISTORY = (Column("when", "When", "nw"), Column("who", "Who"), Column("what", "What"))


def case_page(viewer: Viewer, case_id: str) -> None:
    """Draw one case, or say that it is not there."""
    if st.button("All exceptions", icon=":material/arrow_back:", type="tertiary", key="back"):
        st.query_params.pop("case", None)
        st.rerun()
    case = read_now(viewer, cases.case, case_id)
    if case is None:
        advice = "It may belong to a legal entity outside your scope. Go back to the list and search for its subject."
        draw(empty("There is no such case", advice))
        return
    last_action()
    _state(viewer, case_id)
    left, right = st.columns([5, 3])
    with left:
        draw(block(_advice(viewer, case)))
        _mistakes(case)
        _replay(viewer, case)
        _findings(viewer, case)
    with right:
        _actions(viewer, case)
        draw(facts(present.facts(case, world_now(), read_now(viewer, of_case, case))))
        if months := present.period_rows(read_now(viewer, cases.periods, case)):
            draw(table(PERIODS, months))
        _history(viewer, case)
        with st.expander("Ids"):
            identifier("Case", case.case_id)
            identifier("Fingerprint", case.fingerprint)
            for trace in case.trace_ids[:3]:
                identifier("Trace", trace)


def _advice(viewer: Viewer, case: Case) -> str:
    if case.status == "resolved":
        return present.resolution(case, read_now(viewer, cases.events, case), zone())
    return present.advice(case)


def _mistakes(case: Case) -> None:
    """What people get wrong with this cause, from its page."""
    wrong = explain(case.cause).mistakes
    if wrong and case.status != "resolved":
        with st.expander("Common mistakes", icon=":material/lightbulb:"):
            st.markdown("\n".join(f"- {one}" for one in wrong))
            st.caption(f"The whole page: `tieout explain {case.cause}`")


@st.fragment(run_every="2s")
def _state(viewer: Viewer, case_id: str) -> None:
    case, now = read_now(viewer, cases.case, case_id), world_now()
    if case is None:
        return
    before = st.session_state.get(f"status_{case_id}")
    st.session_state[f"status_{case_id}"] = case.status
    if before in ACTIVE and case.status == "resolved":
        st.rerun()
    st.header(plain(case.title), anchor=False)
    draw(block(present.heading(case)))
    if case.status == "resolved":
        closed = "Closed by itself: the detector finds nothing of it any more."
        draw(verdict("good", closed, formats.since(case.resolved_at, now)))
    draw(metrics(present.figures(case, now, reporting_currency(), read(viewer, systems.teams))))


def _replay(viewer: Viewer, case: Case) -> None:
    if case.status == "resolved" and not st.session_state.get(f"replay_{case.case_id}"):
        return
    st.header("Replay", anchor=False)
    with st.container(border=True):
        runs = read_now(viewer, replays.of_cases, [case])
        replay_panel(viewer, runs, case.case_id, [case], suggested(case), case.case_id)
        others = read_now(viewer, elsewhere, runs)
        cancel_panel(viewer, [run for run in runs if run not in others], case.case_id)


def _findings(viewer: Viewer, case: Case) -> None:
    st.header("Records and evidence", anchor=False)
    whole = read_now(viewer, cases.count_findings, case)
    pages = max(-(-whole // SHOWN), 1)
    number = st.pagination(pages, key="findings_page") if pages > 1 else 1
    rows = read_now(viewer, cases.findings, case, Page(SHOWN, number))
    draw(
        table(FINDINGS, present.finding_rows(rows, world_now()))
        if rows
        else empty("Nothing is found any more", "The last detector run found no record of it.")
    )
    if pages > 1:
        st.caption(formats.part_of((number - 1) * SHOWN, len(rows), whole))


def _actions(viewer: Viewer, case: Case) -> None:
    with st.container(horizontal=True, gap="xsmall"):
        idle = "The case is closed: nothing is left to do." if case.status == "resolved" else None
        triage(viewer, [case], "case", idle)
        if case.status in ("acknowledged", "snoozed", "ignored"):
            reopen(viewer, case, "case")


@st.fragment(run_every="3s")
def _history(viewer: Viewer, case: Case) -> None:
    st.header("History", anchor=False)
    draw(table(HISTORY, present.history_rows(read_now(viewer, cases.events, case), world_now())))
