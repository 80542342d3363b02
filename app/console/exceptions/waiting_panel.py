"""A replay that takes two people: that it does, whom it waits for, and what a second person said."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from app.console.asking import desk, journal, stores, world_now
from app.console.exceptions.rerun import Reopen, page_again
from app.console.widgets import formats
from app.console.widgets.heading import draw
from app.console.widgets.markup import block, facts, link, safe, verdict
from app.console.widgets.plain import plain
from app.readings.approvals import deciding
from app.readings.viewer import Viewer
from models.domain.approval import NotApproved
from models.journal.requests import Approval, Request


def takes_two(body: Mapping[str, Any]) -> None:
    """Say before it is asked for that this plan takes a second person, and why."""
    if because := desk().requests.weight(body).because:
        st.caption(f":material/group: Takes a second person: {'; '.join(because)}.")


def waiting_panel(viewer: Viewer, request: Request, key: str, reopen: Reopen) -> None:
    """Watch a replay that somebody else must approve; once that is decided, offer another."""
    asked = journal().requests.approval(request.request_id)
    if asked is None:
        return
    if asked.waits:
        _waits(viewer, request.request_id, key, reopen)
        return
    said = f"The replay was {asked.decision}."
    draw(verdict("warn", said, asked.decided_by or "nobody decided in time"))
    if asked.words:
        draw(block(f"“{safe(asked.words)}”"))
    if st.button("Replay again", key=f"again_{key}", icon=":material/replay:"):
        for name in (f"replay_{key}", f"preview_{key}", f"runs_{key}"):
            st.session_state.pop(name, None)
        page_again(reopen)


@st.fragment(run_every="2s")
def _waits(viewer: Viewer, request_id: str, key: str, reopen: Reopen) -> None:
    asked = journal().requests.approval(request_id)
    if asked is None or not asked.waits:
        page_again(reopen)
        return
    draw(verdict("warn", "Waits for a second person.", f"request {request_id[:8]}"))
    draw(facts(_said(asked)))
    if asked.is_of(viewer.actor, viewer.subject) and st.button(
        "Withdraw", key=f"withdraw_{key}", icon=":material/undo:", help="Take it back: nothing is replayed."
    ):
        try:
            deciding.withdraw(stores(), viewer, request_id)
        except NotApproved as refusal:
            st.toast(plain(refusal), icon=":material/error:")
        page_again(reopen)


def _said(asked: Approval) -> dict[str, object]:
    return {
        "Asked by": f"{asked.asked_by}, {formats.since(asked.asked_at, world_now())}",
        "Reason": asked.reason,
        "Takes two, since": "; ".join(asked.because),
        "Decide": link("Approvals", "/approvals"),
    }
