"""Preview and replay of one run, a selection or a whole group (E4): choose, preview, replay. Writes requests alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from app.console.asking import journal, read, read_now, stores
from app.console.exceptions.preview_panel import awaited, preview_panel
from app.console.exceptions.progress_panel import progress_panel
from app.console.exceptions.rerun import Reopen, page_again
from app.console.exceptions.waiting_panel import takes_two, waiting_panel
from app.console.widgets import formats
from app.console.widgets.heading import draw
from app.console.widgets.markup import block
from app.console.widgets.plain import plain
from app.readings.cases.rows import Case
from app.readings.replays import asking
from app.readings.replays import reading as replays
from app.readings.replays.runs import elsewhere
from app.readings.replays.selection import Selection, corrected, previewed_runs, roots_of
from app.readings.rights import Action
from app.readings.viewer import Viewer
from models.domain.plan import plan_of
from models.journal.requests import Request

STARTS = {"Failed step": "failed_step", "From the start": "start"}
NO_ENDPOINT = (
    "Its flow runs elsewhere and has no endpoint here: run it again there, as the advice says; the case then closes by "
    "itself."
)
BY_ENDPOINT = (
    ":material/output: Runs elsewhere: its endpoint is asked to run it again as it was, and the case closes once that "
    "has succeeded."
)
WAITS = ("asked", "refused", "withdrawn", "expired")
NO_RUN = "No failed run stands behind this: mend it in the owning system; the case then closes by itself."


@st.fragment
def replay_panel(
    viewer: Viewer,
    run_ids: Sequence[str],
    key: str,
    cases: Sequence[Case],
    suggestion: Mapping[str, Any] | None = None,
    case_id: str | None = None,
    reopen: Reopen = None,
) -> None:
    """The panel: choose, preview, replay, watch. `key` tells panels apart; requests are remembered under it for the
    session.

    What set up the things that `cases` miss is replayed before `run_ids`, from its start. The page runs again when an
    answer has come; `reopen` then brings back a dialog, which that closes.
    """
    running, preview, roots = _running(key, case_id), _request(f"preview_{key}"), roots_of(cases)
    if running:
        panel = waiting_panel if running.state in WAITS else progress_panel
        panel(viewer, running, key, reopen)
        return
    if not run_ids and not roots:
        there = any(case.cause == "foreign-failed" for case in cases)
        draw(block(f'<span class="t-mute">{NO_ENDPOINT if there else NO_RUN}</span>'))
        return
    start, correction = _choice(viewer, key, suggestion, run_ids) if run_ids else ("start", None)
    taken = previewed_runs(preview.body if preview else {}, run_ids)
    asked = Selection(taken, start, correction, _roots(key, roots, len(run_ids)), case_id)
    seen = preview if preview and asked.is_of(preview.body) else None
    _buttons(viewer, asked, run_ids, key, seen, reopen)
    if seen and not seen.ended:
        awaited(viewer, seen.request_id, reopen)
    elif seen:
        preview_panel(viewer, seen, cases)


def _roots(key: str, roots: tuple[str, ...], others: int) -> tuple[str, ...]:
    if not roots or not others:
        return roots
    again = st.checkbox(
        "Set up again first what is missing",
        value=True,
        key=f"roots_{key}",
        help="Replays the finished set-up from its start, alone; the others follow only if it succeeds.",
    )
    return roots if again else ()


def _choice(
    viewer: Viewer, key: str, suggestion: Mapping[str, Any] | None, run_ids: Sequence[str]
) -> tuple[str, dict[str, Any] | None]:
    """From where, and with which correction: what another engine ran is run again there as it was."""
    left, right = st.columns(2)
    begin = left.segmented_control("Begin at", list(STARTS), default="Failed step", required=True, key=f"start_{key}")
    start, options = STARTS.get(begin or "", "failed_step"), ["As it was", "Corrected"]
    if read_now(viewer, elsewhere, run_ids[:1]):
        right.caption(BY_ENDPOINT)
        return start, None
    payload = right.segmented_control(
        "Payload", options, default=options[1 if suggestion else 0], required=True, key=f"payload_{key}"
    )
    return start, _correction(viewer, key, suggestion or {}, run_ids[0]) if payload == "Corrected" else None


def _correction(viewer: Viewer, key: str, suggestion: Mapping[str, Any], first: str) -> dict[str, Any] | None:
    rows: list[dict[str, str | None]] = [{"field": path, "value": str(value)} for path, value in suggestion.items()]
    known = read(viewer, replays.correctable_fields, first)
    edited = st.data_editor(
        rows or [{"field": None, "value": None}],
        key=f"correction_{key}",
        num_rows="dynamic",
        hide_index=True,
        row_height=30,
        alt="Fields to correct",
        column_config={
            "field": st.column_config.SelectboxColumn(
                "Field", options=list(dict.fromkeys([*suggestion, *known])), help="Fields of the first run's payload"
            ),
            "value": st.column_config.TextColumn("New value"),
        },
    )
    if suggestion:
        st.caption("Suggested by the detector; change it if you know better.")
    return corrected((row.get("field"), row.get("value")) for row in edited) or None


def _buttons(
    viewer: Viewer, asked: Selection, run_ids: Sequence[str], key: str, seen: Request | None, reopen: Reopen
) -> None:
    reason = st.text_input(
        "Reason", key=f"reason_{key}", placeholder="Why replay? Kept in the audit lake.", label_visibility="collapsed"
    )
    not_yet, chosen = _not_yet(asked, seen, reason), (*asked.run_ids, *asked.roots)
    with st.container(horizontal=True, vertical_alignment="center"):
        no_preview = asking.why_not(stores(), viewer, Action.PREVIEW, chosen)
        if st.button(
            "Preview",
            key=f"ask_preview_{key}",
            icon=":material/visibility:",
            type="primary" if not_yet else "secondary",
            disabled=no_preview is not None,
            help=no_preview or "A dry run: shows what each system would get. Writes nothing.",
        ):
            _send(viewer, "preview", key, {**asked.body(), "run_ids": list(run_ids)}, reason, reopen)
        no_replay = asking.why_not(stores(), viewer, Action.REPLAY, chosen) or not_yet
        if st.button(
            f"Replay {formats.plural(asked.size, 'run')}",
            key=f"ask_replay_{key}",
            type="primary",
            icon=":material/replay:",
            disabled=no_replay is not None,
            help=no_replay,
        ):
            plan = (seen.result or {}).get("plan_hash") if seen and seen.state == "done" else None
            _send(viewer, "replay", key, asked.body(plan), reason, reopen)
    if seen and seen.state == "done":
        takes_two(asked.body())
    if late := len(run_ids) - len(asked.run_ids):
        more, them = formats.plural(late, "more run"), "it" if late == 1 else "them"
        st.caption(f"{more} failed since this preview: preview again to take {them} along.")


def _send(viewer: Viewer, kind: str, key: str, body: Mapping[str, Any], reason: str, reopen: Reopen) -> None:
    try:
        asked = asking.ask(stores(), viewer, kind, body, reason or None)
    except ValueError as refusal:
        st.toast(f"{plain(str(refusal)[:1].upper() + str(refusal)[1:])}.", icon=":material/error:")
        return
    st.session_state[f"{kind}_{key}"] = asked
    page_again(reopen)


def _not_yet(asked: Selection, seen: Request | None, reason: str) -> str | None:
    """Why a replay must wait: for its preview where one is being made or the payload is corrected, for a reason where
    it is of many runs.
    """
    if seen and not seen.ended:
        return "Its preview is being made: see first what it would do."
    if unreasoned := plan_of(asked.body()).unreasoned(reason):
        return f"{unreasoned[:1].upper()}{unreasoned[1:]}."
    if asked.correction and not (seen and seen.state == "done"):
        return "Preview the correction first: it changes what the systems get."
    return None


def _running(key: str, case_id: str | None) -> Request | None:
    """The replay that this panel watches; else one of the case that somebody has begun, in another tab or before a
    reload, which is remembered from now on.
    """
    if mine := _request(f"replay_{key}"):
        return mine
    begun = journal().requests.recent(10, case_id) if case_id else []
    found = next((request for request in begun if request.kind == "replay" and not request.ended), None)
    if found:
        st.session_state[f"replay_{key}"] = found.request_id
    return found


def _request(name: str) -> Request | None:
    request_id = st.session_state.get(name)
    return journal().requests.get(request_id) if request_id else None
