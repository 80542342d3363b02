"""Pause and resume a flow from the page, with a reason; what a person paused stands here until it is resumed (E4)."""

from __future__ import annotations

import streamlit as st

from app.console.asking import journal, read_now, stores, world_now
from app.console.operations.steering import PAUSED, answer, paused_rows
from app.console.silence import silence
from app.console.widgets.heading import draw
from app.console.widgets.markup import table, verdict
from app.console.widgets.plain import plain
from app.readings.operations import reading, steering
from app.readings.viewer import Viewer


@st.fragment(run_every="2s")
def paused(viewer: Viewer) -> None:
    """What is paused now, and the answer to what this session asked last."""
    if flows := read_now(viewer, reading.paused):
        draw(table(PAUSED, paused_rows(flows, world_now())))
    request_id = st.session_state.get("steered")
    request = journal().requests.get(request_id) if request_id else None
    if request and (request.ended or not silence(viewer)):
        draw(verdict(*answer(request), f"request {request.request_id[:8]}"))


@st.fragment
def steer(viewer: Viewer) -> None:
    """Choose a flow, say why, pause or resume it. Without a clock of its own, so that nobody's words are lost."""
    why_not = steering.why_not(stores(), viewer)
    with st.popover(
        "Pause or resume a flow",
        icon=":material/pause_circle:",
        disabled=why_not is not None,
        help=why_not,
        key="steer",
    ):
        ours = sorted(name for name in stores().catalogue.flows if "/" not in name)  # the others, others run
        flow = st.selectbox("Flow", ours, key="steer_flow")
        outside = steering.why_not(stores(), viewer, flow)
        reason = st.text_input("Reason", key="steer_reason", placeholder="Why? Kept in the audit lake.")
        holds = any(one.flow == flow for one in read_now(viewer, reading.paused))
        st.caption("It goes on where it stopped." if holds else "What comes in is kept; runs under way end.")
        if st.button(
            "Resume" if holds else "Pause",
            key="do_steer",
            icon=":material/play_circle:" if holds else ":material/pause_circle:",
            disabled=bool(outside) or not (flow and reason.strip()),
            help=outside or (None if reason.strip() else "Say why: the auditor will ask."),
        ):
            _send(viewer, "resume" if holds else "pause", str(flow), reason)


def _send(viewer: Viewer, verb: str, flow: str, reason: str) -> None:
    act = steering.resume if verb == "resume" else steering.pause
    try:
        st.session_state["steered"] = act(stores(), viewer, flow, reason)
    except ValueError as refusal:
        st.toast(plain(refusal), icon=":material/error:")
        return
    st.rerun()
