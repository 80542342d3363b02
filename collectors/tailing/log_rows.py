"""Log records on their way to rows of the lake's `logs`, and lines that cannot be read to its `quarantine`."""

from __future__ import annotations

import os
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import orjson
import pyarrow as pa

from collectors.pipeline.correlate import correlated_logs
from collectors.pipeline.hint import hinted
from collectors.pipeline.protect import protected_bytes
from collectors.pipeline.refusal import Refusal
from collectors.pipeline.rows import BODY_LIMIT, Rows, quarantined
from collectors.pipeline.spool.frame import Frame, Kind
from collectors.tailing.fields import Unread, reading
from collectors.tailing.piece import Piece
from models.catalogue.logs import LogSource
from models.lake.schema import LOGS, TIME

RECEIVER = "log-files"
_SCOPE = "tieout.log-files"
_LISTED = ("time", "severity_number", "severity_text", "body", "attributes")


class LogRows:
    """Gathers the rows of one batch of one source. `now` is wall time, at which they are read."""

    def __init__(self, source: LogSource) -> None:
        self._source, self._read = source, reading(source)
        self._resource = orjson.dumps({"service.name": source.service}).decode()
        self._held: dict[str, list[Any]] = {name: [] for name in _LISTED}
        self._refused: list[dict[str, Any]] = []

    def add(self, path: str, offset: int, pieces: Sequence[Piece], now: datetime) -> None:
        """Take in records of one file; where they begin is counted from `offset`."""
        path = os.fsencode(path).decode(errors="replace")
        file = orjson.dumps({"log.file.name": os.path.basename(path), "log.file.path": path})[1:]
        limit = self._source.line_bytes
        for piece, near in zip(pieces, hinted(piece.raw for piece in pieces), strict=True):
            try:
                if piece.size:
                    raise Unread("too-long", f"the line is longer than {limit >> 10} KiB: its beginning is kept")
                self._enter(piece.raw, near, file, now)
            except Unread as error:
                where = offset + piece.start
                self.refuse(path, where, piece.raw, piece.size or len(piece.raw), error.code, str(error), now)

    def refuse(self, path: str, offset: int, raw: bytes, size: int, code: str, reason: str, now: datetime) -> None:
        """Put bytes of a file aside, `size` of them, of which `raw` is kept."""
        content = protected_bytes(raw[:BODY_LIMIT])
        origin = Frame(Kind.REFUSED, int(now.timestamp() * 1_000_000), self._source.name, b"")
        refusal = Refusal(0, code, reason, f"{path}:{offset}", content, size)
        self._refused.append(quarantined(origin, RECEIVER, refusal))

    def rows(self, now: datetime) -> Rows:
        """What was gathered; nothing is left."""
        held, refused = self._held, self._refused
        self._held, self._refused = {name: [] for name in _LISTED}, []
        rows = Rows(quarantine=refused)
        if held["body"]:
            rows.add("logs", self._table(held, now))
        return rows

    def _enter(self, raw: bytes, near: bool, file: bytes, now: datetime) -> None:
        found = self._read(raw, near, now)
        attributes = found.attributes
        held = self._held
        held["time"].append(found.micros)
        held["severity_number"].append(found.severity_number)
        held["severity_text"].append(found.severity_text)
        held["body"].append(found.body)
        held["attributes"].append((b"{" if len(attributes) == 2 else attributes[:-1] + b",") + file)

    def _table(self, held: dict[str, list[Any]], now: datetime) -> pa.Table:
        count = len(held["body"])
        moment = pa.repeat(pa.scalar(now, TIME), count)
        time = pa.array(held["time"], pa.int64()).cast(TIME)
        constant = {
            "service_name": self._source.service,
            "resource": self._resource,
            "scope_name": _SCOPE,
            "event_name": "",
        }
        columns = {
            **{name: pa.array(held[name], LOGS.field(name).type) for name in _LISTED[1:4]},
            **{name: pa.repeat(pa.scalar(value), count) for name, value in constant.items()},
            "attributes": pa.array(held["attributes"], pa.binary()).cast(pa.string()),
            "time": time.fill_null(pa.scalar(now, TIME)),
            "observed_time": moment,
            "recorded_at": moment,
            "trace_id": pa.nulls(count, pa.string()),
            "span_id": pa.nulls(count, pa.string()),
        }
        return correlated_logs(pa.table([columns[name] for name in LOGS.names], schema=LOGS))
