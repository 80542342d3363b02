"""End the runs of a case for good, with a reason (E4): they stay in the audit lake, and nothing is posted."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from app.console.asking import journal, stores
from app.console.exceptions.cancelled import answer
from app.console.silence import silence
from app.console.widgets import formats
from app.console.widgets.heading import draw
from app.console.widgets.markup import verdict
from app.console.widgets.plain import plain
from app.readings.operations import steering
from app.readings.replays import asking
from app.readings.viewer import Viewer


def cancel_panel(viewer: Viewer, run_ids: Sequence[str], case_id: str) -> None:
    """The button, for runs that stand still; and what the engine answered to the last of this session."""
    _answer(viewer, f"cancel_{case_id}")
    if not run_ids:
        return
    why_not, runs = asking.why_not(stores(), viewer, steering.STEERS, run_ids), formats.plural(len(run_ids), "run")
    with st.popover(
        f"Cancel {runs}",
        icon=":material/cancel:",
        disabled=why_not is not None,
        help=why_not or "What cannot or must not be delivered any more.",
        key=f"cancelling_{case_id}",
    ):
        st.caption("For good: nothing of them is delivered. They stay in the audit lake, and can be replayed.")
        reason = st.text_input("Reason", key=f"why_cancel_{case_id}", placeholder="Why they must not be delivered")
        if st.button(
            f"Cancel {runs}",
            key=f"do_cancel_{case_id}",
            type="primary",
            disabled=not reason.strip(),
            help=None if reason.strip() else "Say why: the auditor will ask.",
        ):
            try:
                st.session_state[f"cancel_{case_id}"] = steering.cancel(stores(), viewer, run_ids, reason, case_id)
            except ValueError as refusal:
                st.toast(plain(refusal), icon=":material/error:")
                return
            st.rerun()


def _answer(viewer: Viewer, name: str) -> None:
    request_id = st.session_state.get(name)
    request = journal().requests.get(request_id) if request_id else None
    if request is None:
        return
    if request.ended:
        draw(verdict(*answer(request), f"request {request.request_id[:8]}"))
    else:
        _awaited(viewer, request.request_id)


@st.fragment(run_every="1s")
def _awaited(viewer: Viewer, request_id: str) -> None:
    """Looks for the answer each second; once it is there the page is drawn with it."""
    request = journal().requests.get(request_id)
    if request is None or request.ended:
        st.rerun()
        return
    if not silence(viewer):
        draw(verdict(*answer(request), f"request {request_id[:8]}"))
