"""Ask to write off a record that never arrived: one asks here, another approves (X12)."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from app.console.asking import stores
from app.console.reconciliation.words import joint_of
from app.console.widgets import formats
from app.console.widgets.heading import draw, themed
from app.console.widgets.markup import block, link, safe
from app.console.widgets.plain import plain
from app.readings.rights import Action
from app.readings.tieout import writing_off
from app.readings.tieout.rows import Record
from app.readings.viewer import ANYWHERE, Viewer


def write_off(viewer: Viewer, rows: Sequence[Record]) -> None:
    """A panel over the records that are shown: which, why, ask."""
    apart = {_named(row): row for row in rows if row.place in writing_off.OPEN and row.target_key is None}
    lacking = {name: writing_off.why_not(stores(), viewer, row.item_key, row.flow) for name, row in apart.items()}
    able = {name: row for name, row in apart.items() if not lacking[name]}
    nothing = next(filter(None, lacking.values()), "Nothing that is shown here never arrived.")
    why_not = viewer.why_not(Action.WRITE_OFF, ANYWHERE) or (None if able else nothing)
    with st.popover("Write off", icon=":material/contract_delete:", disabled=why_not is not None, help=why_not):
        themed()
        chosen = st.selectbox("Record", list(able), key="write_off")
        reason = st.text_input("Reason", key="write_off_reason", placeholder="Why it will never be paid")
        draw(block('<span class="t-mute">The whole amount. Somebody else must approve exactly that.</span>'))
        silent = None if reason.strip() else "Say why: the auditor will ask."
        if chosen and st.button("Ask for it", key="ask_write_off", disabled=silent is not None, help=silent):
            _ask(viewer, able[chosen], reason)
    if asked := st.session_state.pop("asked_write_off", None):
        draw(block(f"{safe(asked)} waits for a second person: {link('Approvals', '/approvals')}"))


def _named(row: Record) -> str:
    worth = formats.money(row.source_amount, row.currency or "")
    return f"{row.item_key} · {joint_of(row.entity)} · {worth}"


def _ask(viewer: Viewer, row: Record, reason: str) -> None:
    try:
        writing_off.ask(stores(), viewer, row.item_key, row.entity, None, reason)
    except ValueError as refusal:
        st.error(f"{plain(str(refusal)[:1].upper() + str(refusal)[1:])}.", icon=":material/error:")
        return
    st.session_state["asked_write_off"] = f"The write-off of {row.item_key}"
    st.rerun()
