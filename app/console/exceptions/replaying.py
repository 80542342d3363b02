"""Preview and replay of one run, a selection or a whole group, with live progress (E4). Writes requests, nothing else."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import streamlit as st

from app.console.asking import Row, amounts_carried, ask_now, desk, journal, payload_fields
from app.console.exceptions import presenter as present
from app.console.exceptions import replay, stake
from app.console.widgets import formats
from app.console.widgets.heading import draw
from app.console.widgets.markup import Column, block, facts, metrics, safe, table, verdict
from app.console.widgets.payload import field_table
from app.readings.rights import Action
from app.readings.viewer import Viewer
from models.canonical.classification import DataClass
from models.journal.requests import Request
from models.sql_statements import statements

SQL = statements(Path(__file__).with_name("exceptions.sql"))
WAVES = (
    Column("wave", "Wave", "right"),
    Column("size", "Runs", "right"),
    Column("settled", "Arrived", "right"),
    Column("waiting", "Wait", "right"),
    Column("failed", "Failed again", "right"),
)


MASKED: frozenset[DataClass] = frozenset()
"""A dry run shows that a rate changes, not the rate: clear values are asked for on the journey, where that is audited.
"""


@st.fragment
def replaying(
    viewer: Viewer,
    run_ids: Sequence[str],
    key: str,
    cases: Sequence[Row],
    suggestion: Mapping[str, Any] | None = None,
    case_id: str | None = None,
    reopen: Callable[[], None] | None = None,
) -> None:
    """The panel: choose, preview, replay, watch. `key` tells panels apart; requests are remembered under it for the
    session.

    What set up the things that `cases` miss is replayed before `run_ids`, from its start. The page runs again when an
    answer has come; `reopen` then brings back a dialog, which that closes.
    """
    running, preview, roots = (
        _request(f"replay_{key}") or _under_way(case_id, key),
        _request(f"preview_{key}"),
        present.roots(cases),
    )
    if running:
        _watched(viewer, running, key, reopen)
        return
    if not run_ids and not roots:
        draw(
            block(
                '<span class="t-mute">No failed run stands behind this: mend it in the owning system; the case then closes by itself.</span>'
            )
        )
        return
    start, correction = _choice(key, suggestion, payload_fields(run_ids[0])) if run_ids else ("From the start", None)
    asked = replay.body(
        replay.held(preview.body if preview else {}, run_ids),
        start,
        correction,
        case_id,
        roots=_roots(key, roots, len(run_ids)),
    )
    seen = preview if preview and _same(preview.body, asked) else None
    _buttons(viewer, asked, run_ids, key, seen, reopen)
    if seen and not seen.ended:
        _awaited(seen.request_id, reopen)
    elif seen:
        _previewed(viewer, seen, cases)


@st.fragment(run_every="1s")
def _awaited(request_id: str, reopen: Callable[[], None] | None) -> None:
    """Looks for the answer each second. Only this part has a clock, so that a preview stands still once it is there."""
    request = journal().requests.get(request_id)
    if request and request.ended:
        _run_again(reopen)
    st.status("The engine is making the dry run…", state="running")


def _run_again(reopen: Callable[[], None] | None) -> None:
    """The whole page: of a fragment alone, what the last run drew would stay below the new."""
    if reopen:
        reopen()
    st.rerun()


def _roots(key: str, roots: Sequence[str], others: int) -> Sequence[str]:
    if not roots:
        return ()
    if not others:
        return roots
    again = st.checkbox(
        "Set up again first what is missing",
        value=True,
        key=f"roots_{key}",
        help="Replays the finished set-up from its start, alone; the others follow only if it succeeds.",
    )
    return roots if again else ()


def _choice(key: str, suggestion: Mapping[str, Any] | None, known: list[str]) -> tuple[str, dict[str, Any] | None]:
    left, right = st.columns(2)
    start = left.segmented_control(
        "Begin at", list(replay.STARTS), default="Failed step", required=True, key=f"start_{key}"
    )
    options = ["As it was", "Corrected"]
    payload = right.segmented_control(
        "Payload", options, default=options[1 if suggestion else 0], required=True, key=f"payload_{key}"
    )
    if payload != "Corrected":
        return start or "Failed step", None
    rows: list[dict[str, str | None]] = [
        {"field": path, "value": str(value)} for path, value in (suggestion or {}).items()
    ] or [{"field": None, "value": None}]
    fields = list(dict.fromkeys([*(suggestion or {}), *known]))
    edited = st.data_editor(
        rows,
        key=f"correction_{key}",
        num_rows="dynamic",
        hide_index=True,
        row_height=30,
        alt="Fields to correct",
        column_config={
            "field": st.column_config.SelectboxColumn(
                "Field", options=fields, help="Fields of the first run's payload"
            ),
            "value": st.column_config.TextColumn("New value"),
        },
    )
    if suggestion:
        st.caption("Suggested by the detector; change it if you know better.")
    return start or "Failed step", replay.correction(edited) or None


def _buttons(
    viewer: Viewer,
    asked: Mapping[str, Any],
    run_ids: Sequence[str],
    key: str,
    seen: Request | None,
    reopen: Callable[[], None] | None,
) -> None:
    number = len(asked["run_ids"]) + len(asked.get("roots") or ())
    reason = st.text_input(
        "Reason", key=f"reason_{key}", placeholder="Why replay? Kept in the audit store.", label_visibility="collapsed"
    )
    with st.container(horizontal=True, vertical_alignment="center"):
        no_preview, must = viewer.why_not(Action.PREVIEW), _not_yet(asked, seen) is not None
        if st.button(
            "Preview",
            key=f"ask_preview_{key}",
            icon=":material/visibility:",
            type="primary" if must else "secondary",
            disabled=no_preview is not None,
            help=no_preview or "A dry run: shows what each system would get. Writes nothing.",
        ):
            st.session_state[f"preview_{key}"] = desk().requests.append(
                "preview", {**asked, "run_ids": list(run_ids)}, viewer.name, reason or None
            )
            _run_again(reopen)
        no_replay = viewer.why_not(Action.REPLAY) or _not_yet(asked, seen)
        if st.button(
            f"Replay {formats.plural(number, 'run')}",
            key=f"ask_replay_{key}",
            type="primary",
            icon=":material/replay:",
            disabled=no_replay is not None,
            help=no_replay,
        ):
            plan = (seen.result or {}).get("plan_hash") if seen and seen.state == "done" else None
            st.session_state[f"replay_{key}"] = desk().requests.append(
                "replay", {**asked, **({"plan_hash": plan} if plan else {})}, viewer.name, reason or None
            )
            _run_again(reopen)
    if late := len(run_ids) - len(asked["run_ids"]):
        st.caption(
            f"{formats.plural(late, 'more run')} failed since this preview: preview again to take {'it' if late == 1 else 'them'} along."
        )


def _not_yet(asked: Mapping[str, Any], seen: Request | None) -> str | None:
    """A corrected payload is previewed before it is sent; as it was, one click does."""
    if asked.get("correction") and not (seen and seen.state == "done"):
        return "Preview the correction first: it changes what the systems get."
    return None


def _same(seen: Mapping[str, Any], asked: Mapping[str, Any]) -> bool:
    return all(seen.get(name) == asked.get(name) for name in ("run_ids", "from", "correction", "roots"))


def _previewed(viewer: Viewer, seen: Request, cases: Sequence[Row]) -> None:
    result = seen.result or {}
    if seen.state != "done":
        st.error(f"The preview {seen.state}: {result.get('error') or 'see the engine’s log'}.", icon=":material/error:")
        return
    runs = replay.ranked(result)
    mood = "warn" if result.get("hazards") or any(replay.fault(run) or replay.unasked(run) for run in runs) else "good"
    chosen = list(seen.body["run_ids"])
    held = ask_now(viewer, SQL["stake"], cases=[case["case_id"] for case in cases], runs=chosen)
    masked = stake.hidden(held, amounts_carried(tuple(chosen)), viewer.clear)
    draw(verdict(mood, replay.in_words(result, masked), f"plan {str(result.get('plan_hash') or '')[:12]}"))
    rest = stake.beside(result.get("totals") or {}, held, len(chosen), cases, masked)
    if rest:
        draw(block(f'<span class="t-mute">{safe(rest)}</span>'))
    if silent := replay.silent(result):
        st.info(silent, icon=":material/cloud_off:")
    for hazard in replay.hazards(result)[:6]:
        st.warning(hazard, icon=":material/warning:")
    pages = -(-len(runs) // replay.SHOWN)
    number = st.pagination(pages, key=f"runs_{seen.request_id}") if pages > 1 else 1
    known, roots = replay.systems(result), seen.body.get("roots") or ()
    shown = runs[(number - 1) * replay.SHOWN : number * replay.SHOWN]
    example = next((run["run_id"] for run in shown if run["run_id"] not in roots), None)
    for run in shown:
        _run(run, known, run["run_id"] in roots, run["run_id"] == example)


def _run(run: Mapping[str, Any], known: Mapping[str, str], root: bool, expanded: bool) -> None:
    icon = ":material/error:" if replay.fault(run) else ":material/cloud_off:" if replay.unasked(run) else None
    with st.expander(replay.run_title(run, root), expanded=expanded, icon=icon):
        for step in run.get("steps") or []:
            draw(block(replay.step_title(step, known)))
            listed = replay.fields(step, MASKED)
            if listed:
                draw(
                    field_table(
                        listed,
                        "In the target now" if step.get("system") else "As it was",
                        "Would be sent" if step.get("system") else "As it would be",
                    )
                )


def _watched(viewer: Viewer, request: Request, key: str, reopen: Callable[[], None] | None) -> None:
    if not request.ended:
        _going_on(viewer, request.request_id, key, reopen)
        return
    _progress(request)
    if st.button("Replay again", key=f"again_{key}", icon=":material/replay:"):
        for name in (f"replay_{key}", f"preview_{key}", f"runs_{key}"):
            st.session_state.pop(name, None)
        _run_again(reopen)


@st.fragment(run_every="1s")
def _going_on(viewer: Viewer, request_id: str, key: str, reopen: Callable[[], None] | None) -> None:
    request = journal().requests.get(request_id)
    if request is None or request.ended:
        _run_again(reopen)
        return
    _progress(request)
    why_not = viewer.why_not(Action.REPLAY)
    if st.button(
        "Stop",
        key=f"stop_{key}",
        icon=":material/stop_circle:",
        disabled=why_not is not None,
        help=why_not or "No further run is started; those under way end.",
    ):
        desk().requests.cancel(request_id, viewer.name, "stopped in the console")


def _progress(request: Request) -> None:
    far = replay.progress(request.body, request.result)
    draw(
        verdict(
            *replay.outcome(request.state, far, (request.result or {}).get("error")),
            f"request {request.request_id[:8]}",
        )
    )
    if not request.ended:
        st.progress(far.share, text=f"{far.share:.0%}")
    draw(metrics(replay.figures(far)))
    waves = replay.wave_rows(request.result)
    if waves:
        draw(table(WAVES, waves))
    left_alone = dict(list(((request.result or {}).get("refused") or {}).items())[:10])
    if left_alone:
        draw(facts({run[:12]: why for run, why in left_alone.items()}))


def _under_way(case_id: str | None, key: str) -> Request | None:
    """A replay of the case that somebody has begun, in another tab or before a reload; remembered from now on."""
    begun = journal().requests.recent(10, case_id) if case_id else []
    found = next((request for request in begun if request.kind == "replay" and not request.ended), None)
    if found:
        st.session_state[f"replay_{key}"] = found.request_id
    return found


def _request(name: str) -> Request | None:
    request_id = st.session_state.get(name)
    return journal().requests.get(request_id) if request_id else None
