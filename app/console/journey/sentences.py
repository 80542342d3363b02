"""Each record of a journey in plain words; knows no Streamlit."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from app.console.widgets import formats
from app.readings.journey.rows import Step

MOODS = {
    "failure": "bad",
    "pause": "warn",
    "acknowledgement": "good",
    "settlement": "info",
    "operator_action": "info",
    "finding": "warn",
}
ICONS = {
    "source_event": "⇥",
    "transformation": "ƒ",
    "acknowledgement": "✓",
    "failure": "✕",
    "pause": "‖",
    "settlement": "■",
    "operator_action": "☺",
    "finding": "⚑",
}


def sentence(row: Step) -> str:
    """One record in plain words."""
    body: Mapping[str, Any] = row.body if isinstance(row.body, Mapping) else {}
    step, system = formats.words(row.step) if row.step else "", row.system or "the source"
    match row.kind:
        case "source_event":
            return f"{system} reported: {_event(body)}"
        case "transformation":
            return f"{step or 'Step'} done"
        case "acknowledgement":
            return f"{system} acknowledged {_change(body)}"
        case "failure":
            return f"{system if row.system else step or 'Step'} refused: {_error(body, row)}"
        case "pause":
            return f"Waits: {body.get('because') or body.get('what') or 'for data of another system'}"
        case "settlement":
            return f"Run {row.status or 'ended'}"
        case "operator_action":
            return f"{row.actor or 'Somebody'} {_action(body, row)}"
        case "finding":
            return f"Exception {row.status or 'found'}: {body.get('title') or formats.words(row.error_code)}"
    return formats.words(row.kind)


def _event(body: Mapping[str, Any]) -> str:
    return formats.words(str(body.get("type") or "a change").removeprefix("tieout.").replace(".", " "))


def _change(body: Mapping[str, Any]) -> str:
    change, answer = body.get("change") or {}, body.get("answer") or {}
    action, entity = (change.get("action"), change.get("entity")) if isinstance(change, Mapping) else (None, None)
    known = answer.get("system_id") if isinstance(answer, Mapping) else None
    return " ".join(
        part
        for part in (action, formats.words(entity).lower() if entity else "the change", f"as {known}" if known else "")
        if part
    )


def _error(body: Mapping[str, Any], row: Step) -> str:
    error = body.get("error")
    message = error.get("message") if isinstance(error, Mapping) else error
    return str(message or formats.words(row.error_code))


def _action(body: Mapping[str, Any], row: Step) -> str:
    said = body.get("text") or body.get("reason")
    return f"{formats.words(body.get('action') or row.status).lower()}{f': {said}' if said else ''}"
