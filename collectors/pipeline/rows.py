"""What accepted requests become: rows for the lake's tables, by the same rule when they arrive and when a spool is
replayed.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import orjson
import pyarrow as pa

from collectors.pipeline.observations import decode_observations
from collectors.pipeline.otlp.decode import Decoded, Signal, decode_guarded
from collectors.pipeline.refusal import Malformed, Refusal
from collectors.pipeline.spool.frame import Frame, Kind
from models.domain.secrets import without_secrets
from models.lake.schema import QUARANTINE, TABLES

BEGINNING = 64 << 10  # bytes of a body that is too large that are kept
BODY_LIMIT = 1 << 20  # bytes of a refused body that are kept: whole, but for what no SDK sends
CONTENT_LIMIT = 4 * (BODY_LIMIT // 3) + 8  # characters: what is no text is kept as base64
_TABLE = {Kind.TRACES: "spans", Kind.LOGS: "logs", Kind.OBSERVATIONS: "observations"}


@dataclass(slots=True)
class Rows:
    """Rows that go into one batch; `quarantine` rows lack their id, which the batch's number gives."""

    tables: dict[str, list[pa.Table]] = field(default_factory=dict)
    quarantine: list[dict[str, Any]] = field(default_factory=list)

    @property
    def count(self) -> int:
        return sum(int(part.num_rows) for parts in self.tables.values() for part in parts) + len(self.quarantine)

    def add(self, name: str, table: pa.Table) -> None:
        if table.num_rows:
            self.tables.setdefault(name, []).append(table)

    def extend(self, other: Rows) -> None:
        for name, parts in other.tables.items():
            self.tables.setdefault(name, []).extend(parts)
        self.quarantine.extend(other.quarantine)

    def batch(self, writer: str, number: int) -> dict[str, pa.Table]:
        """The tables of batch `number` of `writer`, in a fixed order, none of them empty."""
        made = {name: pa.concat_tables(self.tables[name]) for name in TABLES if name in self.tables}
        if self.quarantine:
            named = [
                {**row, "quarantine_id": f"{writer}-{number}-{place}"} for place, row in enumerate(self.quarantine)
            ]
            made["quarantine"] = pa.Table.from_pylist(named, QUARANTINE)
        return made


def decoded(kind: Kind, frames: Sequence[Frame]) -> Decoded:
    """The rows and refusals of frames of one kind. Raises Malformed when any payload is not readable."""
    payloads, received = [frame.payload for frame in frames], [frame.received_us for frame in frames]
    if kind is Kind.OBSERVATIONS:
        return decode_observations(payloads, received)
    return decode_guarded(Signal.TRACES if kind is Kind.TRACES else Signal.LOGS, payloads, received)


def rows_of(kind: Kind, frames: Sequence[Frame], found: Decoded) -> Rows:
    """Rows of what was decoded from `frames`, the refused items among them for the quarantine."""
    rows = Rows()
    rows.add(_TABLE[kind], found.table)
    rows.quarantine = [quarantined(frames[refusal.request], receiver(kind), refusal) for refusal in found.refusals]
    return rows


def receiver(kind: Kind) -> str:
    """The receiver's name in the quarantine."""
    return _TABLE[kind] if kind is Kind.OBSERVATIONS else f"otlp/{kind.name.lower()}"


def quarantined(frame: Frame, receiver: str, refusal: Refusal) -> dict[str, Any]:
    """A quarantine row without its id."""
    return {
        "recorded_at": datetime.fromtimestamp(frame.received_us / 1_000_000, UTC),
        "receiver": receiver,
        "sender": frame.sender,
        "error_code": refusal.code,
        "reason": without_secrets(refusal.reason),
        "path": refusal.path,
        "content": refusal.content[:CONTENT_LIMIT],
        "content_bytes": refusal.size,
    }


def refused_frame(kind: Kind, origin: Frame, refusal: Refusal) -> Frame:
    """A refused item as a frame of its own, for what cannot be found again in a stored payload."""
    payload = {
        "receiver": receiver(kind),
        "code": refusal.code,
        "reason": without_secrets(refusal.reason),
        "path": refusal.path,
        "content": refusal.content[:CONTENT_LIMIT],
        "size": refusal.size,
    }
    return Frame(Kind.REFUSED, origin.received_us, origin.sender, orjson.dumps(payload))


def replayed(frames: Sequence[Frame]) -> Rows:
    """The rows of a segment read back from disk: what its requests became when they arrived."""
    rows = Rows()
    for kind in _TABLE:
        held = [frame for frame in frames if frame.kind is kind]
        if held:
            rows.extend(_readable(kind, held))
    rows.quarantine.extend(_from_refused(frame) for frame in frames if frame.kind is Kind.REFUSED)
    return rows


def _readable(kind: Kind, frames: Sequence[Frame]) -> Rows:
    """Rows of every readable frame; one that a newer decoder no longer reads goes to the quarantine instead of blocking
    the rest.
    """
    try:
        return rows_of(kind, frames, decoded(kind, frames))
    except Malformed as error:
        if len(frames) > 1:
            rows = Rows()
            for frame in frames:
                rows.extend(_readable(kind, [frame]))
            return rows
        content = base64.b64encode(frames[0].payload).decode()
        return Rows(
            quarantine=[
                quarantined(
                    frames[0], receiver(kind), Refusal(0, "unreadable", str(error), "", content, len(frames[0].payload))
                )
            ]
        )


def _from_refused(frame: Frame) -> dict[str, Any]:
    held: Mapping[str, Any] = orjson.loads(frame.payload)
    return quarantined(
        frame, held["receiver"], Refusal(0, held["code"], held["reason"], held["path"], held["content"], held["size"])
    )
