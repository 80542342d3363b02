"""One case: what it is, what to do, what it is worth, its records, its replay and its history (X8, X9)."""

from __future__ import annotations

from typing import Any

import streamlit as st

from app.console.asking import ask, journal, replayable, reporting_currency, stores, world_now
from app.console.exceptions import presenter as present
from app.console.exceptions.replaying import SQL, replaying
from app.console.exceptions.triage import reopen, told, triage
from app.console.widgets import formats
from app.console.widgets.heading import draw, identifier, zone
from app.console.widgets.markup import Column, block, empty, facts, metrics, table, verdict
from app.readings.viewer import Viewer
from models.domain.case import ACTIVE
from models.domain.team import Teams

PAGE = 25
FINDINGS = (
    Column("subject", "Record", "nw"),
    Column("evidence", "Evidence"),
    Column("amount", "Amount", "right"),
    Column("age", "Age", "right"),
    Column("run", "Run", "right"),
)
HISTORY = (Column("when", "When", "nw"), Column("who", "Who"), Column("what", "What"))


def case_page(viewer: Viewer, case_id: str) -> None:
    """Draw one case, or say that it is not there."""
    if st.button("All exceptions", icon=":material/arrow_back:", type="tertiary", key="back"):
        st.query_params.pop("case", None)
        st.rerun()
    case = journal().cases.get(case_id)
    if case is None or (viewer.entities and case["legal_entity"] not in (*viewer.entities, None)):
        draw(
            empty(
                "There is no such case",
                "It may belong to a legal entity outside your scope. Go back to the list and search for its subject.",
            )
        )
        return
    told()
    _state(case_id, teams(viewer))
    left, right = st.columns([5, 3])
    with left:
        draw(
            block(
                present.resolution(case, journal().cases.events(case_id, 60), zone())
                if case["status"] == "resolved"
                else present.advice(case)
            )
        )
        _replay(viewer, case)
        _findings(viewer, case)
    with right:
        _actions(viewer, case)
        draw(facts(present.facts(case, world_now())))
        _history(case_id)
        with st.expander("Ids"):
            identifier("Case", case["case_id"])
            identifier("Fingerprint", case["fingerprint"])
            for trace in (case["trace_ids"] or [])[:3]:
                identifier("Trace", trace)


@st.fragment(run_every="2s")
def _state(case_id: str, teams_here: Teams) -> None:
    case, now = journal().cases.get(case_id), world_now()
    if case is None:
        return
    before = st.session_state.get(f"status_{case_id}")
    st.session_state[f"status_{case_id}"] = case["status"]
    if before in ACTIVE and case["status"] == "resolved":
        st.rerun()
    st.subheader(case["title"], anchor=False)
    draw(block(present.heading(case)))
    if case["status"] == "resolved":
        draw(
            verdict(
                "good",
                "Closed by itself: the detector finds nothing of it any more.",
                formats.since(case["resolved_at"], now),
            )
        )
    draw(metrics(present.figures(case, now, reporting_currency(), teams_here)))


def teams(viewer: Viewer) -> Teams:
    """The teams to name owners by, with the role that each system plays."""
    return stores().catalogue.teams.playing({row["system"]: row["role"] for row in ask(viewer, SQL["roles"])})


def _replay(viewer: Viewer, case: dict[str, Any]) -> None:
    if case["status"] == "resolved" and not st.session_state.get(f"replay_{case['case_id']}"):
        return
    st.subheader("Replay", anchor=False)
    with st.container(border=True):
        replaying(
            viewer,
            replayable(journal().cases.run_ids(case["case_id"])),
            case["case_id"],
            [case],
            present.suggested(case),
            case["case_id"],
        )


def _findings(viewer: Viewer, case: dict[str, Any]) -> None:
    st.subheader("Records and evidence", anchor=False)
    shown = max(-(-int(case["occurrences"]) // PAGE), 1)
    number = st.pagination(shown, key="findings_page") if shown > 1 else 1
    rows = journal().cases.findings(case["case_id"], PAGE, (number - 1) * PAGE, resolved=case["status"] == "resolved")
    draw(
        table(FINDINGS, present.finding_rows(rows, world_now(), viewer.clear))
        if rows
        else empty("Nothing is found any more", "The last detector run found no record of it.")
    )
    if case["status"] == "resolved" and len(rows) == PAGE:
        st.caption(f"The first {PAGE} records that were found.")


def _actions(viewer: Viewer, case: dict[str, Any]) -> None:
    with st.container(horizontal=True, gap="xsmall"):
        idle = "The case is closed: nothing is left to do." if case["status"] == "resolved" else None
        triage(viewer, [case["case_id"]], "case", idle)
        if case["status"] in ("acknowledged", "snoozed", "ignored"):
            reopen(viewer, [case["case_id"]], "case")


@st.fragment(run_every="3s")
def _history(case_id: str) -> None:
    st.subheader("History", anchor=False)
    draw(table(HISTORY, present.history_rows(journal().cases.events(case_id, 60), world_now())))
