"""A journey as a table and in a sentence, and what is known of one of its records; knows no Streamlit."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from app.console.journey.sentences import ICONS, sentence
from app.console.widgets import formats
from app.readings.journey.rows import Step

TELLERS = ("source_event", "acknowledgement", "failure")
"""Records that a system made; others name what is waited for."""
OURS = "tieout"
"""The source of events that one flow leaves for another: no system."""


def timeline(steps: Sequence[Step], zone: str | None) -> list[dict[str, Any]]:
    """The rows of the timeline table."""
    return [
        {
            "at": formats.moment(row.occurred_at, zone, seconds=True),
            "mark": ICONS.get(row.kind, "·"),
            "what": sentence(row),
            "system": row.system or "",
            "status": formats.words(row.error_code or row.status).lower() if row.error_code or row.status else "",
            "took": formats.duration(row.duration_us / 1e6) if row.duration_us else "",
            "amount": _amount(row) or "",
            "flow": " / ".join(part for part in (row.flow, row.step) if part),
        }
        for row in steps
    ]


def _amount(row: Step) -> str | None:
    return None if row.amount is None else formats.money(row.amount, row.currency or "")


def outline(steps: Sequence[Step], gone: Sequence[str] = ()) -> tuple[str, str]:
    """How the journey ended, in a mood and a sentence; what arrived may be gone since."""
    if not steps:
        return "", "No record of it in the audit lake."
    systems = list(dict.fromkeys(row.system for row in steps if row.kind in TELLERS and row.system not in (None, OURS)))
    length = (steps[-1].occurred_at - steps[0].occurred_at).total_seconds()
    last = next(
        (row for row in reversed(steps) if row.kind in ("settlement", "failure", "pause", "acknowledgement")),
        steps[-1],
    )
    refused = [row.system for row in steps if row.kind == "failure" and row.system]
    mood, text = _ending(last, refused[-1] if refused else None)
    if gone:
        mood, text = mood if mood == "bad" else "warn", f"{text}, but gone from {' and '.join(gone)}"
    through = f"through {', '.join(systems)}; " if systems else ""
    return mood, f"{text}; {through}{formats.plural(len(steps), 'record')} over {formats.duration(length)}."


def _ending(last: Step, system: str | None) -> tuple[str, str]:
    if last.kind == "failure" or last.status == "dead":
        where = f" at {system}" if system else ""
        return "bad", f"Stuck{where}: {formats.words(last.error_code or 'refused').lower()}"
    if last.kind == "pause":
        return "warn", "Paused for missing data"
    return ("good", "Arrived") if last.status in ("settled", None, "delivered", "done") else ("", f"Run {last.status}")


def telling(steps: Sequence[Step]) -> Step:
    """The record to show first: of a stuck journey its last failure, else the last answer of a target, else the last of
    all.
    """
    kinds = ("failure", "pause") if outline(steps)[0] in ("bad", "warn") else ("acknowledgement",)
    return next((row for row in reversed(steps) if row.kind in kinds), steps[-1])


def facts(row: Step, zone: str | None) -> dict[str, object]:
    """What is known about one record."""
    return {
        "When": f"{formats.moment(row.occurred_at, zone, seconds=True)} ({zone or 'UTC'})",
        "Flow": " / ".join(
            str(part) for part in (row.flow, f"v{row.flow_version}" if row.flow_version else None, row.step) if part
        ),
        "System": row.system,
        "Status": row.error_code or row.status,
        "Attempt": row.attempt if row.attempt and row.attempt > 1 else None,
        "Actor": row.actor,
        "Legal entity": row.legal_entity,
        "Amount": _amount(row),
        "Took": formats.duration(row.duration_us / 1e6) if row.duration_us else None,
    }


def proof(row: Step, zone: str | None) -> dict[str, object]:
    """Where the record lies in the sealed store."""
    if not row.root:
        return {"Seal": "not sealed yet: the collector seals with its next commit"}
    return {
        "Sealed": f"{formats.moment(row.sealed_at, zone, seconds=True)} by {row.writer}",
        "Batch": f"{row.batch_id}, row {row.n}",
        "Root": row.root,
    }
