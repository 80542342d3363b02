"""System snapshots as NDJSON to rows of `observations`: one line, one observed object (requirement C4).

A line: {"observed_at", "snapshot_id", "system", "role", "entity", "system_id", "key", "legal_entity", "present",
"digest", "fields"}; times ISO 8601 with offset; `digest` is SHA-256 over `fields` and is made here where the sender
gave none.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import orjson
import pyarrow as pa

from collectors.pipeline.otlp.decode import Decoded
from collectors.pipeline.protect import protected_text
from collectors.pipeline.refusal import MOST_ITEMS, MOST_REFUSALS, Malformed, Refusal, rest, too_many
from models.lake.schema import OBSERVATIONS

_REQUIRED = ("snapshot_id", "system", "entity")
_TEXTS = ("snapshot_id", "system", "role", "entity", "system_id", "key", "legal_entity")


def decode_observations(bodies: Sequence[bytes], received_us: Sequence[int]) -> Decoded:
    """The rows of all NDJSON bodies; a bad line is refused alone.

    Raises Malformed when a body holds lines and none of them is an object.
    """
    columns: dict[str, list[Any]] = {name: [] for name in OBSERVATIONS.names}
    refusals: list[Refusal] = []
    for request, (body, received) in enumerate(zip(bodies, received_us, strict=True)):
        before, refused = len(columns["key"]), list[Refusal]()
        _read(request, body, datetime.fromtimestamp(received / 1_000_000, UTC), columns, refused)
        if len(columns["key"]) == before and refused and all(refusal.code == "json" for refusal in refused):
            raise Malformed(f"the body is no NDJSON of observations: {refused[0].reason}")
        refusals += refused[:MOST_REFUSALS]
        if len(refused) > MOST_REFUSALS:
            refusals.append(rest(request, len(refused) - MOST_REFUSALS))
    return Decoded(pa.Table.from_pydict(columns, OBSERVATIONS), refusals)


def check_lines(body: bytes) -> None:
    """Raises TooLarge when the body holds more lines than any honest snapshot."""
    if (lines := body.count(b"\n") + 1) > MOST_ITEMS:
        raise too_many(lines, "lines")


def _read(
    request: int, body: bytes, received: datetime, columns: dict[str, list[Any]], refusals: list[Refusal]
) -> None:
    for number, line in enumerate(body.split(b"\n"), 1):
        if not line.strip():
            continue
        try:
            row = _row(line, received)
        except (ValueError, TypeError, RecursionError) as error:
            code = "json" if isinstance(error, orjson.JSONDecodeError) else "observation"
            content = protected_text(line[:65_536].decode(errors="replace"))
            refusals.append(Refusal(request, code, f"line {number}: {error}", f"line {number}", content, len(line)))
        else:
            for name, value in row.items():
                columns[name].append(value)


def _row(line: bytes, received: datetime) -> dict[str, Any]:
    held = orjson.loads(line)
    if not isinstance(held, dict):
        raise ValueError(f"an observation must be an object, not {type(held).__name__}")
    if not isinstance(held.get("key"), str):
        raise ValueError("key must be given as text, empty where the system has none")
    missing = [name for name in _REQUIRED if not isinstance(held.get(name), str) or not held[name]]
    if missing:
        raise ValueError(f"{', '.join(missing)} must be given as text")
    present = held.get("present", True)
    if not isinstance(present, bool):
        raise ValueError("present must be true or false")
    fields = held.get("fields") or {}
    if not isinstance(fields, dict):
        raise ValueError("fields must be an object")
    text = orjson.dumps(fields, option=orjson.OPT_SORT_KEYS)
    row = {name: None if held.get(name) is None else str(held[name]) for name in _TEXTS}
    digest = held.get("digest") or hashlib.sha256(text).hexdigest()
    return {
        **row,
        "observed_at": _time(held.get("observed_at")),
        "recorded_at": received,
        "present": present,
        "digest": str(digest),
        "fields": text.decode(),
    }


def _time(value: Any) -> datetime:
    if not isinstance(value, str):
        raise ValueError("observed_at must be an ISO 8601 time with an offset, e.g. 2026-01-31T08:00:00Z")
    time = datetime.fromisoformat(value)
    if time.tzinfo is None:
        raise ValueError(f"observed_at {value!r} needs an offset, e.g. 2026-01-31T08:00:00Z")
    return time.astimezone(UTC)
