"""One trace of a journey as a waterfall: spans in tree order, with what the systems answered under them; knows no
Streamlit.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from app.console.journey.sentences import ICONS, sentence
from app.console.widgets import formats
from app.readings.journey.rows import Span, Step


def traces(steps: Sequence[Step]) -> list[tuple[str, str]]:
    """Trace ids of the journey with a label each: the one through most systems first, of like ones the newest."""
    seen: dict[str, Step] = {}
    systems: dict[str, set[str]] = defaultdict(set)
    for row in steps:
        if row.trace_id:
            seen[row.trace_id] = row
            systems[row.trace_id].add(row.system or "")
    ranked = sorted(reversed(list(seen.items())), key=lambda pair: -len(systems[pair[0]]))
    return [(trace, f"{row.flow or 'trace'} · {row.business_key or ''} · {trace[:8]}") for trace, row in ranked]


def waterfall(spans: Sequence[Span], steps: Sequence[Step] = ()) -> list[dict[str, Any]]:
    """Spans in tree order with their depth, in milliseconds from the first; a span whose parent never came is a root.

    Records that belong to a span hang under it as moments.
    """
    if not spans:
        return []
    first = min(row.start_time for row in spans)
    known = {row.span_id for row in spans}
    children: dict[str | None, list[Span]] = {}
    for row in sorted(spans, key=lambda row: row.start_time):
        parent = row.parent_span_id if row.parent_span_id in known else None
        children.setdefault(parent, []).append(row)
    notes: dict[str, list[Step]] = {}
    for step in steps:
        notes.setdefault(step.span_id or "", []).append(step)
    return _branch(children, notes, first)


def _branch(
    children: Mapping[str | None, list[Span]], notes: Mapping[str, list[Step]], first: datetime
) -> list[dict[str, Any]]:
    drawn: list[dict[str, Any]] = []
    waiting = [(row, 0) for row in reversed(children.get(None, []))]
    met: set[str] = set()
    while waiting:
        row, depth = waiting.pop()
        if row.span_id in met:
            continue
        met.add(row.span_id)
        drawn.append(_bar(row, depth, first))
        drawn += [
            _moment(step, drawn[-1], depth + 1)
            for step in notes.get(row.span_id, [])
            if step.kind in ("acknowledgement", "failure", "pause")
        ]
        waiting += [(child, depth + 1) for child in reversed(children.get(row.span_id, []))]
    return drawn


def _bar(row: Span, depth: int, first: datetime) -> dict[str, Any]:
    failed = row.status_code == 2
    return {
        "id": row.span_id,
        "name": row.name or "unnamed",
        "service": row.service_name or "unknown",
        "depth": depth,
        "point": False,
        "start": (row.start_time - first).total_seconds() * 1000,
        "length": (row.duration_us or 0) / 1000,
        "error": (row.status_message or "error") if failed else None,
    }


def _moment(step: Step, bar: Mapping[str, Any], depth: int) -> dict[str, Any]:
    failed = step.kind == "failure"
    return {
        "id": step.record_id,
        "name": f"{ICONS[step.kind]} {_label(step)}",
        "said": sentence(step),
        "service": bar["service"],
        "depth": depth,
        "point": True,
        "start": bar["start"] + bar["length"],
        "length": 0,
        "error": (step.error_code or "refused") if failed else None,
    }


def _label(step: Step) -> str:
    """What happened in the few words that fit beside the bars; the whole sentence shows when it is hovered."""
    match step.kind:
        case "failure":
            return ": ".join(
                part for part in (step.system, formats.words(step.error_code or "refused").lower()) if part
            )
        case "pause":
            return f"waits for {formats.words(step.system) if step.system else 'data'}"
    return sentence(step).replace(" acknowledged ", ": ", 1)
