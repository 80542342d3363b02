"""The streams of a drop folder: file after file, each to its end, then its acknowledgement (S6, E11).

A cursor that says a file is done was committed together with its rows: only then is the file acknowledged, by reading
it once more, so that an acknowledgement never tells of rows that nobody has.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from integrations.connectors.csv.client import DELIMITERS, CsvFile, Record
from integrations.connectors.csv.drop import Batch, Drop
from integrations.connectors.csv.mapping import PLACE, Stream
from integrations.connectors.csv.numbers import hours, number
from integrations.connectors.rows import Reading, mapped
from integrations.contracts.connector import Page
from models.domain.clock import Clock
from models.domain.errors import Misconfigured, TieoutError, Unmappable
from models.domain.explanations import EXPLANATIONS

Take = Callable[[Stream, CsvFile, Record, Reading, int], None]
"""Reads one row of a file into a reading, at a version."""
TOTALS = frozenset(
    {"total", "totals", "grand total", "subtotal", "sum", "summe", "gesamt", "gesamtsumme", "zwischensumme"}
    | {"total général", "somme", "totale", "totaal", "suma", "razem"}
)
"""The words with which people begin the line under their figures."""
_KEPT = 1_000  # rejected rows that an acknowledgement tells one by one


@dataclass(frozen=True, slots=True)
class At:
    """A place in a drop folder: in which content, how far, at which version (epoch milliseconds), and whether it is
    done.
    """

    file: str = ""
    digest: str = ""
    offset: int = 0
    version: int = 0
    done: bool = False


class Batches:
    """Reads the files of one drop folder. `settings` are those of the mapping's file."""

    def __init__(self, drop: Drop, settings: Mapping[str, Any], take: Take, clock: Clock) -> None:
        self._drop, self._settings, self._take, self._clock = drop, settings, take, clock

    def poll(self, spec: Stream, cursor: str | None, limit: int) -> Page:
        """The next rows of the file in hand, else of the next one."""
        at = _at(cursor)
        if at.done:
            self._acknowledge(spec, at)
        held = None if at.done or not at.file else self._drop.again(at.file, at.digest)
        batch = held or self._drop.next(spec.name)
        if batch is None:
            return Page((), _cursor(At(version=at.version)))
        begun = at if held else At(batch.path.name, batch.digest, 0, max(batch.changed, at.version + 1))
        return self._page(spec, batch, begun, limit)

    def records(self, spec: Stream) -> Iterator[tuple[Stream, CsvFile, Record]]:
        """Every row that was read, of the newest file first; what is only a total is none."""
        for batch in self._drop.read(spec.name):
            try:
                file, fitted = self._opened(spec, batch)
                for record in file.records():
                    if not (_is_total(record) and self._row(fitted, file, record, Reading(), 0)):
                        yield fitted, file, record
            except TieoutError:
                continue  # a file that cannot be read was refused, with its reason

    def _page(self, spec: Stream, batch: Batch, at: At, limit: int) -> Page:
        name, reading, end = f"{spec.file}@@{batch.path.name}", Reading(), at.offset
        try:
            file, fitted = self._opened(spec, batch)
            for record in file.records(at.offset):
                if len(reading.events) + len(reading.rejected) >= limit:
                    return Page(reading.events, _cursor(replace(at, offset=end)), True, reading.rejected, reading.seen)
                self._row(fitted, file, record, reading, at.version)
                end = record.end
        except TieoutError as error:
            refusal = Unmappable(f"{batch.path.name}: {error}", "file", code="file-refused")
            reading.rejected.append((name, {"file": batch.path.name, "bytes": batch.size}, refusal))
        else:
            reading.seen.append(name)
        done = replace(at, offset=end, done=True)
        return Page(reading.events, _cursor(done), True, reading.rejected, reading.seen)

    def _opened(self, spec: Stream, batch: Batch) -> tuple[CsvFile, Stream]:
        """The file, and the stream as it reads numbers there. Raises Misconfigured for one that is not readable."""
        if batch.why is not None:
            raise Misconfigured(batch.why)
        wanted = frozenset() if spec.join else spec.needed
        file = CsvFile(batch.path, self._settings.get("delimiter"), wanted)
        if "decimal" not in self._settings and file.delimiter == ";":
            return file, replace(spec, decimal=None)
        return file, spec

    def _row(self, spec: Stream, file: CsvFile, record: Record, reading: Reading, version: int) -> bool:
        """Read one row; True where it is none but a line of totals, which no mapping can read."""
        before = len(reading.rejected)
        self._take(spec, file, record, reading, version)
        if len(reading.rejected) == before or not _is_total(record):
            return False
        del reading.rejected[before:]
        return True

    def _acknowledge(self, spec: Stream, at: At) -> None:
        batch = self._drop.again(at.file, at.digest)
        if batch is not None:
            self._drop.acknowledge(batch, spec.name, self._result(spec, batch, at.version))

    def _result(self, spec: Stream, batch: Batch, version: int) -> dict[str, Any]:
        tally = _Tally(self._clock.now())
        try:
            file, fitted = self._opened(spec, batch)
            for record in file.records():
                reading = Reading()
                if self._row(fitted, file, record, reading, version):
                    tally.total(fitted, record)
                else:
                    tally.row(fitted, record, reading)
        except TieoutError as error:
            return {"status": "refused", "why": str(error), "do": EXPLANATIONS["file-refused"].next_action}
        return {**tally.told(), "version": version}


class _Tally:
    """What a file came to."""

    def __init__(self, now: datetime) -> None:
        self._now, self._accepted, self._rejected, self._left_out = now, 0, 0, 0
        self._rows: list[dict[str, Any]] = []
        self._sums: dict[str, Decimal] = {}
        self._totals: list[tuple[Stream, Record]] = []

    def row(self, spec: Stream, record: Record, reading: Reading) -> None:
        """Count a row by what its reading came to."""
        for event in reading.events:
            self._accepted += 1
            for path in _figures(spec):
                self._sums[path] = self._sums.get(path, Decimal(0)) + Decimal(str(event.data.get(path) or 0))
        for _, _, error in reading.rejected:
            self._rejected += 1
            if len(self._rows) < _KEPT:
                self._rows.append(_told(spec, record, error))
        self._left_out += not (reading.events or reading.rejected)

    def total(self, spec: Stream, record: Record) -> None:
        """Keep a line of totals, to hold against the rows."""
        self._totals.append((spec, record))

    def told(self) -> dict[str, Any]:
        """The same for the acknowledgement."""
        status = "accepted" if not self._rejected else "partly" if self._accepted else "rejected"
        return {
            "status": status,
            "accepted": self._accepted,
            "rejected": self._rejected,
            "left_out": self._left_out,
            "read_at": self._now.astimezone(UTC).isoformat(timespec="seconds"),
            "rejects": self._rows,
            "not_listed": self._rejected - len(self._rows),
            "totals": [line for spec, record in self._totals for line in self._held(spec, record)],
        }

    def _held(self, spec: Stream, record: Record) -> Iterator[dict[str, Any]]:
        """Each figure of a line of totals beside that of the accepted rows."""
        for path, column in _figures(spec).items():
            try:
                read = hours if path == "hours" else number
                says = read(record.columns.get(column, "").strip(), column, spec.decimal)
            except Unmappable:
                continue
            rows = self._sums.get(path, Decimal(0))
            yield {"line": record.line, "column": column, "says": str(says), "rows": str(rows), "agrees": says == rows}


def _told(spec: Stream, record: Record, error: Exception) -> dict[str, Any]:
    """A rejected row: where, which field with what its columns say, and what to do."""
    fault = mapped(error)
    field = getattr(fault, "path", None) or getattr(fault, "field", None)
    known = EXPLANATIONS.get(fault.code)
    do = known.next_action if known else "Mend the row and deliver it again."
    cells = {name: record.columns[name] for name in _columns(spec, str(field)) if name in record.columns}
    return {"line": record.line, "field": field, "cells": cells, "code": fault.code, "why": str(fault), "do": do}


def _columns(spec: Stream, field: str) -> list[str]:
    """What a field is made of; an error that comes of the columns themselves names them."""
    said = spec.fields.get(field)
    if said is None:
        return field.split(", ")
    first_of = said.get("first_of", ()) if isinstance(said, Mapping) else ()
    return [*first_of, *PLACE.findall(str(said.get("text", "") if isinstance(said, Mapping) else said))]


def _figures(spec: Stream) -> dict[str, str]:
    """The canonical numbers that come from one column each."""
    figures: dict[str, str] = {}
    for path, said in spec.fields.items():
        if isinstance(said, Mapping) and said.get("type") == "decimal" and "." not in path:
            columns = PLACE.findall(str(said.get("text", "")))
            figures |= {path: columns[0]} if len(columns) == 1 else {}
    return figures


def _is_total(record: Record) -> bool:
    """Whether a row's first word says that it sums up the others."""
    cells = record.columns.values() if record.fault is None else _split(record.text)
    first = next((cell.strip() for cell in cells if cell.strip()), "")
    return first.rstrip(":").strip().casefold() in TOTALS


def _split(text: str) -> list[str]:
    for mark in DELIMITERS:
        text = text.replace(mark, "\n")
    return [cell.strip('" ') for cell in text.split("\n")]


def _at(cursor: str | None) -> At:
    if not cursor:
        return At()
    try:
        return At(**json.loads(cursor))
    except (ValueError, TypeError) as error:
        raise Misconfigured(
            f"the cursor {cursor[:80]!r} is unreadable ({error}): reset the stream's cursor to begin again"
        ) from error


def _cursor(at: At) -> str:
    return json.dumps(asdict(at))
