"""The replay of a whole cause or of a selection, in a dialog whose runs are frozen when it opens (E4)."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256

import streamlit as st

from app.console.asking import read_now, stores
from app.console.exceptions.replay_panel import replay_panel
from app.console.widgets import formats
from app.console.widgets.heading import themed
from app.readings.cases import reading as cases
from app.readings.cases.rows import Case
from app.readings.page import Page
from app.readings.replays import asking
from app.readings.replays import reading as replays
from app.readings.replays.asking import Chosen
from app.readings.replays.selection import suggested
from app.readings.viewer import Viewer
from models.domain.case import cause_title
from models.journal.cases import CaseFilter

GROUP_LIMIT = 1000


def selection_key(case_ids: Sequence[str]) -> str:
    """One key for the same cases in any order, another for any others: what was previewed for some is never shown for
    others.
    """
    return f"chosen_{sha256(' '.join(sorted(case_ids)).encode()).hexdigest()[:32]}"


def _closed() -> None:
    """A dialog that its reader closed does not come back with the answer it waited for: the whole page runs, which ends
    its clock.
    """
    for flag in ("replay_of_cause", "replay_of_cases"):
        st.session_state.pop(flag, None)
    st.rerun()


@st.dialog("Replay a whole group", width="large", on_dismiss=_closed)
def group_dialog(viewer: Viewer, cause: str) -> None:
    """Replay every failed run behind one cause."""
    themed()
    st.markdown(f"**{cause_title(cause)}**")
    key = f"group_{cause}"
    if f"runs_{key}" not in st.session_state:
        st.session_state[f"runs_{key}"] = asking.mine(stores(), viewer, read_now(viewer, replays.of_cause, cause))
    frozen = _mine(st.session_state[f"runs_{key}"])
    behind = read_now(viewer, cases.page, CaseFilter(causes=(cause,)), part=Page(GROUP_LIMIT)).rows
    if frozen:
        runs = formats.plural(len(frozen), "failed run")
        st.caption(f"{runs} at the moment you opened this; what arrives later is not touched.")
    replay_panel(viewer, frozen, key, behind, reopen=lambda: st.session_state.update(replay_of_cause=cause))


@st.dialog("Replay the selection", width="large", on_dismiss=_closed)
def selection_dialog(viewer: Viewer, case_ids: Sequence[str]) -> None:
    """Replay the failed runs of these cases."""
    themed()
    chosen = [case for case_id in case_ids if (case := read_now(viewer, cases.case, case_id))]
    key = selection_key([case.case_id for case in chosen])
    if f"runs_{key}" not in st.session_state:
        st.session_state[f"runs_{key}"] = asking.mine(stores(), viewer, read_now(viewer, replays.of_cases, chosen))
    frozen = _mine(st.session_state[f"runs_{key}"])
    st.caption(f"{formats.plural(len(frozen), 'failed run')} of {formats.plural(len(chosen), 'case')}.")

    def reopen() -> None:
        st.session_state["replay_of_cases"] = [case.case_id for case in chosen]

    replay_panel(viewer, frozen, key, chosen, _alike(chosen), reopen=reopen)


def _mine(chosen: Chosen) -> tuple[str, ...]:
    """The runs that are this viewer's to replay; it says how many are not."""
    if chosen.beyond:
        st.caption(f":material/lock: {chosen.beyond}")
    return chosen.run_ids


def _alike(chosen: Sequence[Case]) -> dict[str, object] | None:
    """The correction that all of the cases suggest."""
    suggestions = [suggested(case) for case in chosen]
    return suggestions[0] if suggestions and all(one == suggestions[0] for one in suggestions) else None
