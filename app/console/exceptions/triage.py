"""What people do with cases: acknowledge, assign, comment, snooze, ignore; each with their name, each audited (X9)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import timedelta

import streamlit as st

from app.console.asking import stores, world_now
from app.console.widgets import formats
from app.console.widgets.plain import plain
from app.readings.cases import triaging
from app.readings.cases.rows import Case
from app.readings.cases.triaging import Triaged
from app.readings.rights import Action
from app.readings.viewer import Viewer

SNOOZES = {
    "4 hours": timedelta(hours=4),
    "1 day": timedelta(days=1),
    "3 days": timedelta(days=3),
    "1 week": timedelta(weeks=1),
}


def triage(viewer: Viewer, cases: Sequence[Case], key: str, idle: str | None = None) -> None:
    """A row of buttons for these cases; `idle` says why they are disabled beyond the role, e.g. that nothing is
    selected.
    """
    case_ids = [case.case_id for case in cases]
    no_triage, no_ignore = (
        triaging.why_not(stores(), viewer, action, cases) or idle for action in (Action.TRIAGE, Action.IGNORE)
    )
    _button(
        "Acknowledge",
        ":material/visibility:",
        f"ack_{key}",
        no_triage,
        "You are on it: others see your name.",
        lambda: triaging.acknowledge(stores(), viewer, case_ids),
    )
    _button(
        "Assign to me",
        ":material/person_add:",
        f"mine_{key}",
        no_triage,
        None,
        lambda: triaging.assign(stores(), viewer, case_ids, viewer.person),
    )
    with st.popover(
        "Assign", icon=":material/group:", disabled=no_triage is not None, help=no_triage, key=f"assign_{key}"
    ):
        name = st.text_input("Who works on it", key=f"assignee_{key}", placeholder="name@company.com")
        _button(
            "Assign",
            None,
            f"do_assign_{key}",
            None if name.strip() else "Say who.",
            None,
            lambda: triaging.assign(stores(), viewer, case_ids, name),
        )
    with st.popover(
        "Comment", icon=":material/chat:", disabled=no_triage is not None, help=no_triage, key=f"comment_{key}"
    ):
        text = st.text_area("Comment", key=f"text_{key}", placeholder="What you know, found or agreed")
        _button(
            "Comment",
            None,
            f"do_comment_{key}",
            None if text.strip() else "Write something first.",
            None,
            lambda: triaging.comment(stores(), viewer, case_ids, text),
        )
    with st.popover(
        "Snooze", icon=":material/snooze:", disabled=no_triage is not None, help=no_triage, key=f"snooze_{key}"
    ):
        length = st.segmented_control("For", list(SNOOZES), default="1 day", required=True, key=f"length_{key}")
        why = st.text_input("Reason", key=f"why_snooze_{key}", placeholder="Why it can wait")
        until = world_now() + SNOOZES[length or "1 day"]
        _button(
            "Snooze",
            None,
            f"do_snooze_{key}",
            None if why.strip() else "Say why it can wait.",
            None,
            lambda: triaging.snooze(stores(), viewer, case_ids, until, why),
        )
    with st.popover(
        "Ignore", icon=":material/block:", disabled=no_ignore is not None, help=no_ignore, key=f"ignore_{key}"
    ):
        why_ignore = st.text_input("Reason", key=f"why_ignore_{key}", placeholder="Why it is accepted as it is")
        _button(
            "Ignore",
            None,
            f"do_ignore_{key}",
            None if why_ignore.strip() else "Say why: the auditor will ask.",
            None,
            lambda: triaging.ignore(stores(), viewer, case_ids, why_ignore),
        )


def reopen(viewer: Viewer, case: Case, key: str) -> None:
    """Bring an acknowledged, snoozed or ignored case back on the list."""
    _button(
        "Reopen",
        ":material/undo:",
        f"reopen_{key}",
        triaging.why_not(stores(), viewer, Action.TRIAGE, [case]),
        None,
        lambda: triaging.reopen(stores(), viewer, [case.case_id]),
    )


def _button(
    label: str,
    icon: str | None,
    key: str,
    why_not: str | None,
    tip: str | None,
    act: Callable[[], Sequence[Triaged]],
) -> None:
    if st.button(label, key=key, icon=icon, disabled=why_not is not None, help=why_not or tip):
        try:
            done = act()
        except ValueError as refusal:
            st.toast(plain(refusal), icon=":material/error:")
            return
        st.session_state["last_action"] = told(label, done)
        st.rerun()


def told(label: str, done: Sequence[Triaged]) -> str:
    """What an action did: how many cases it changed, and why it left the others as they were."""
    changed = sum(one.changed for one in done)
    left = Counter(one.why_not for one in done if one.why_not)
    whys = [f"{formats.plural(number, 'case')} left alone: {why}" for why, number in left.items()]
    return "; ".join([f"{label}: {formats.plural(changed, 'case') if changed else 'nothing changed'}", *whys])


def last_action() -> None:
    """Say what the last action did, once."""
    message = st.session_state.pop("last_action", None)
    if message:
        st.toast(plain(message), icon=":material/check:")
