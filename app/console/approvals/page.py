"""Approvals (E4, X9, X12): what waits for a second person, field by field, and what one decided."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Literal

import streamlit as st

from app.console.approvals import presenter as present
from app.console.asking import journal, read, read_now, stores, world_now
from app.console.exceptions.preview_panel import awaited, preview_panel
from app.console.freshness import fresh
from app.console.view import View
from app.console.widgets import formats
from app.console.widgets.heading import admitted, draw, heading, themed
from app.console.widgets.markup import block, empty, facts, safe, table, verdict
from app.console.widgets.paging import pages, turned_to
from app.console.widgets.payload import field_table
from app.console.widgets.plain import plain
from app.readings.approvals import QUESTION, deciding
from app.readings.approvals import reading as approvals
from app.readings.approvals.question import ApprovalQuestion
from app.readings.approvals.rows import Asked
from app.readings.replays import asking
from app.readings.rights import Action
from app.readings.tieout import writing_off
from app.readings.viewer import ANYWHERE, Viewer
from models.domain.approval import NotApproved

SHOWN, DECIDED, CHOICES = 20, 50, 1000
"""Requests a page that are shown whole, decisions a page, and write-offs that a list offers to take back."""


def page(viewer: Viewer) -> None:
    """Draw the page for one viewer."""
    admitted(viewer, QUESTION)
    heading(viewer, "Approvals", fresh(viewer))
    if message := st.session_state.pop("decided", None):
        st.toast(message, icon=":material/check:")
    whole = read_now(viewer, approvals.waiting)
    draw(verdict(*present.verdict(whole, read_now(viewer, approvals.decidable))))
    for asked in _part(viewer, ApprovalQuestion(limit=SHOWN), "waiting_page"):
        with st.container(border=True):
            _asked(viewer, asked)
    pages(whole, SHOWN, "waiting_page")
    _decided(viewer)


def _part(viewer: Viewer, question: ApprovalQuestion, key: str) -> tuple[Asked, ...]:
    """The page of a list that this viewer has turned to."""
    whole = read_now(viewer, approvals.counted, question)
    return read_now(viewer, approvals.listed, replace(question, page=turned_to(whole, question.limit, key)))


def _asked(viewer: Viewer, asked: Asked) -> None:
    left, right = st.columns([3, 2])
    with left:
        draw(block(present.title(asked)))
        draw(facts(present.facts(asked, world_now())))
    with right:
        _decision(viewer, asked)
    if asked.corrected:
        draw(field_table(present.fields(asked), "As it is", "As it would be"))
    if asked.kind == "replay":
        _preview(viewer, asked)


def _decision(viewer: Viewer, asked: Asked) -> None:
    """Yes or no with words; of one's own request only that it can be taken back."""
    request_id, hint = asked.request_id, "Why you take it back" if asked.mine else "What you agree to, or why not"
    words = st.text_input("Words", key=f"words_{request_id}", placeholder=f"{hint}; kept with your name")
    if asked.mine:
        draw(block('<span class="t-mute">You asked for this: it waits for somebody else.</span>'))
        _button(
            "Withdraw", ":material/undo:", asked, None, lambda: deciding.withdraw(stores(), viewer, request_id, words)
        )
        return
    no = asked.why_not or (None if words.strip() else "Say it in words first.")
    with st.container(horizontal=True):
        approve = lambda: deciding.approve(stores(), viewer, request_id, asked.hash, words)  # noqa: E731
        _button("Approve", ":material/check:", asked, no, approve, primary=True)
        refuse = lambda: deciding.refuse(stores(), viewer, request_id, words)  # noqa: E731
        _button("Refuse", ":material/block:", asked, no, refuse)
    if asked.why_not:
        draw(block(f'<span class="t-mute">{safe(asked.why_not)}</span>'))


def _button(
    label: str, icon: str, asked: Asked, why_not: str | None, act: Callable[[], None], primary: bool = False
) -> None:
    kind: Literal["primary", "secondary"] = "primary" if primary else "secondary"
    name = f"{label}_{asked.request_id}"
    if not st.button(label, key=name, icon=icon, type=kind, disabled=why_not is not None, help=why_not):
        return
    try:
        act()
    except (NotApproved, ValueError) as refusal:
        st.error(f"{plain(str(refusal)[:1].upper() + str(refusal)[1:])}.", icon=":material/error:")
        return
    st.session_state["decided"] = f"{label}: {asked.what}"
    st.rerun()


def _preview(viewer: Viewer, asked: Asked) -> None:
    """What the plan would do in its targets, as somebody's preview of this very plan found it."""
    found = journal().requests.preview_of(asked.plan_hash or "")
    if found and not found.ended:
        awaited(viewer, found.request_id, None)
        return
    with st.expander("What each system would get", icon=":material/visibility:"):
        no_preview = viewer.why_not(Action.PREVIEW, asked.domains)
        if st.button("Preview now", key=f"look_{asked.request_id}", disabled=no_preview is not None, help=no_preview):
            request = journal().requests.get(asked.request_id)
            body = {name: value for name, value in (request.body if request else {}).items() if name != "plan_hash"}
            _look(viewer, body)
        if found:
            preview_panel(viewer, found, ())


def _look(viewer: Viewer, body: Mapping[str, Any]) -> None:
    try:
        asking.ask(stores(), viewer, "preview", body, None)
    except ValueError as refusal:
        st.error(f"{plain(str(refusal)[:1].upper() + str(refusal)[1:])}.", icon=":material/error:")
        return
    st.rerun()


def _decided(viewer: Viewer) -> None:
    st.header("Decided", anchor=False)
    question = ApprovalQuestion(decided=True, limit=DECIDED)
    rows = _part(viewer, question, "decided_page")
    if not rows:
        draw(
            empty("Nothing was decided yet", "What a second person approved or refused is kept here, with their words.")
        )
        return
    draw(table(present.DECIDED, present.decided_rows(rows, world_now())))
    pages(read_now(viewer, approvals.counted, question), DECIDED, "decided_page")
    _take_back(viewer)


def _take_back(viewer: Viewer) -> None:
    """A write-off ends as it began: one asks, another approves. However old it is, it is among these."""
    why_not, question = viewer.why_not(Action.WRITE_OFF, ANYWHERE), ApprovalQuestion(standing=True, limit=CHOICES)
    standing = read_now(viewer, approvals.listed, question)
    if not standing:
        return
    with st.popover("Take a write-off back", icon=":material/undo:", disabled=why_not is not None, help=why_not):
        themed()
        names = {f"{present.said(one)} {present.worth(one)}": one for one in standing}
        chosen = st.selectbox("Which", list(names), key="take_back")
        whole = read_now(viewer, approvals.counted, question)
        if len(standing) < whole:
            st.caption(f"{formats.part_of(0, len(standing), whole)}; any of them: `tieout write-off KEY --end`")
        reason = st.text_input("Reason", key="take_back_reason", placeholder="Why it comes back into the books")
        one = names[chosen]
        silent = None if reason.strip() else "Say why: the auditor will ask."
        _button("Ask for it", ":material/send:", one, silent, lambda: _ask_back(viewer, one, reason))


def _ask_back(viewer: Viewer, one: Asked, reason: str) -> None:
    writing_off.take_back(stores(), viewer, one.request_id, reason)


def _waiting(viewer: Viewer) -> int:
    return read(viewer, approvals.waiting)


PAGE = View(QUESTION, "Approvals", ":material/how_to_reg:", 6, page, _waiting)
