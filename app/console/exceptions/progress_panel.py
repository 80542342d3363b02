"""A replay while it goes on and when it has ended: a sentence, figures, waves, what was left alone (E4)."""

from __future__ import annotations

import streamlit as st

from app.console.asking import journal, stores
from app.console.exceptions.outcome import figures, outcome, wave_rows
from app.console.exceptions.rerun import Reopen, page_again
from app.console.silence import silence
from app.console.widgets.heading import draw
from app.console.widgets.markup import Column, facts, metrics, table, verdict
from app.console.widgets.plain import plain
from app.readings.operations import steering
from app.readings.replays import asking
from app.readings.replays.progress import progress_of
from app.readings.viewer import Viewer
from models.domain.plan import plan_of
from models.journal.requests import Request

WAVES = (
    Column("wave", "Wave", "right"),
    Column("size", "Runs", "right"),
    Column("settled", "Arrived", "right"),
    Column("waiting", "Wait", "right"),
    Column("failed", "Failed again", "right"),
)
LEFT_ALONE = 10
"""Runs that were left alone, as many as are named with the reason."""


def progress_panel(viewer: Viewer, request: Request, key: str, reopen: Reopen) -> None:
    """Watch a replay; once it has ended, offer another."""
    if not request.ended:
        _going_on(viewer, request.request_id, reopen, key)
        return
    _progress(request)
    if st.button("Replay again", key=f"again_{key}", icon=":material/replay:"):
        for name in (f"replay_{key}", f"preview_{key}", f"runs_{key}"):
            st.session_state.pop(name, None)
        page_again(reopen)


@st.fragment(run_every="1s")
def _going_on(viewer: Viewer, request_id: str, reopen: Reopen, key: str) -> None:
    request = journal().requests.get(request_id)
    if request is None or request.ended:
        page_again(reopen)
        return
    silence(viewer)
    _progress(request)
    _stop(viewer, request, key)


def _stop(viewer: Viewer, request: Request, key: str) -> None:
    request_id, runs = request.request_id, plan_of(request.body).everything
    why_not = asking.why_not(stores(), viewer, steering.STEERS, runs)
    with st.popover(
        "Stop",
        key=f"stop_{key}",
        icon=":material/stop_circle:",
        disabled=why_not is not None,
        help=why_not or "No further run is started; those under way end.",
    ):
        reason = st.text_input("Reason", key=f"why_stop_{key}", placeholder="Why? Kept in the audit lake.")
        if st.button("Stop", key=f"do_stop_{key}", disabled=not reason.strip()):
            try:
                left = steering.stop(stores(), viewer, request_id, reason)
            except ValueError as refusal:
                left = str(refusal)
            st.toast(f"Not stopped: {plain(left)}." if left else "Stopped.", icon=":material/stop_circle:")


def _progress(request: Request) -> None:
    far = progress_of(request.body, request.result)
    draw(verdict(*outcome(request.state, far), f"request {request.request_id[:8]}"))
    if not request.ended:
        st.progress(far.share, text=f"{far.share:.0%}")
    draw(metrics(figures(far)))
    if far.waves:
        draw(table(WAVES, wave_rows(far)))
    if far.left_alone:
        draw(facts({run[:12]: why for run, why in list(far.left_alone.items())[:LEFT_ALONE]}))
