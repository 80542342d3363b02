"""What somebody asked a second person, in words, facts and fields; knows no Streamlit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from app.console.reconciliation.words import joint_of
from app.console.widgets import formats
from app.console.widgets.markup import Column, Html, chip, joined, link, mono, span
from app.readings.approvals.rows import Asked
from app.readings.payload import Field

KINDS = {"replay": "Replay", "write_off": "Write-off", "write_off_reversal": "End of a write-off"}
MOODS = {"approved": "good", "refused": "bad", "withdrawn": "", "expired": "warn"}
DECIDED = (
    Column("when", "Decided", "nw"),
    Column("what", "What"),
    Column("asked", "Asked by"),
    Column("decision", "Decision", "nw"),
    Column("decided", "Decided by"),
    Column("words", "Words", "say"),
)


def verdict(waiting: int, yours: int) -> tuple[str, str]:
    """How much waits, and how much of it this viewer may decide, in a sentence."""
    if not waiting:
        return "good", "Nothing waits for a second person."
    said = f"{formats.plural(waiting, 'request')} for a second person"
    if yours:
        return "warn", f"{said}; {yours} of them you can decide."
    return "", f"{said}; somebody else must decide {'it' if waiting == 1 else 'them'}."


def title(asked: Asked) -> Html:
    """What is asked, and what it is worth."""
    return joined([chip(KINDS[asked.kind]), span(said(asked), "t-b"), span(worth(asked), "t-b")])


def said(asked: Asked) -> str:
    return f"{asked.what[:1].upper()}{asked.what[1:]}"


def worth(asked: Asked) -> str:
    return ", ".join(formats.money(amount, currency) for currency, amount in asked.money.items())


def facts(asked: Asked, now: datetime) -> dict[str, object]:
    """Everything that is agreed to, field by field."""
    return {
        "Reason": asked.reason,
        "Asked by": joined([span(asked.asked_by, "t-b"), span(formats.since(asked.asked_at, now), "t-mute")]),
        "Takes two, since": "; ".join(asked.because),
        **(_plan(asked.about) if asked.kind == "replay" else _record(asked.about)),
        "Case": link("Open case", "/exceptions", case=asked.case_id) if asked.case_id else None,
        "Expires": formats.since(asked.expires_at, now),
        "Content": mono(asked.hash[:16]),
    }


def _plan(about: Mapping[str, Any]) -> dict[str, object]:
    return {formats.words(name): value for name, value in about.items()}


def _record(about: Mapping[str, Any]) -> dict[str, object]:
    """A record of the tie-out as the Reconciliation page names it."""
    key, project = about.get("item_key"), about.get("project_key")
    ways = [about.get("source"), about.get("target")]
    return {
        "Record": link(key, "/journey", q=key) if key else None,
        "Joint": joint_of(about.get("entity") or ""),
        "Never arrived": " → ".join(system for system in ways if system),
        "Project": link(project, "/journey", q=project) if project else None,
        "Legal entity": about.get("legal_entity"),
        "Month": about.get("period"),
    }


def fields(asked: Asked) -> list[Field]:
    """What the correction makes of each field, beside what the first runs say now."""
    return [Field(one.path, ", ".join(one.now) or "–", one.then, True) for one in asked.corrected]


def decided_rows(rows: Sequence[Asked], now: datetime) -> list[dict[str, object]]:
    """One line a decision."""
    return [
        {
            "when": formats.since(row.decided_at, now),
            "what": joined([said(row), span(worth(row), "t-mute")]),
            "asked": row.asked_by,
            "decision": chip(formats.words(row.decision or ""), MOODS.get(row.decision or "", "")),
            "decided": row.decided_by or "nobody in time",
            "words": row.words or "",
        }
        for row in rows
    ]
