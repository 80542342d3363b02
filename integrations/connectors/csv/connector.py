"""The file connector: streams of a mapping file, read once each, resumed by byte offset; results go to an outbox."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from integrations.connectors.csv.batches import Batches
from integrations.connectors.csv.client import CsvFile, Record
from integrations.connectors.csv.drop import Drop
from integrations.connectors.csv.mapping import Mapped, Stream, read_mapping
from integrations.connectors.csv.observations import observation_of
from integrations.connectors.csv.outbox import Outbox
from integrations.connectors.rows import Reading, jsonable
from integrations.connectors.targets import answers_of, body_of, only, unreadable
from integrations.connectors.watermark import millis
from integrations.contracts.connector import Answer, Change, Observation, Page, SystemConfig, TargetState
from models.canonical.events import CloudEvent
from models.canonical.schemas import Canonical
from models.domain.clock import Clock
from models.domain.errors import Misconfigured, TieoutError, Unmappable
from models.domain.keys import expense_id, time_entry_id
from models.domain.outcomes import Acknowledgement

WRITABLE = frozenset(
    {("upsert", entity) for entity in ("project", "charge_code", "resource", "customer", "contract", "budget")}
    | {("upsert", "invoice_status")}
    | {("annotate", entity) for entity in ("time_entry", "expense")}
)
SUBJECTS: Mapping[str, Callable[[str, str], str]] = {
    "time_entry": time_entry_id,
    "expense": expense_id,
    "customer": lambda system, source_id: f"{system}:{source_id}",
}


@dataclass(slots=True)
class Firsts:
    """Where each key of a stream stands first, for one state of the file."""

    stamp: tuple[Path, int, int]
    places: dict[str, int]


@dataclass(frozen=True, slots=True)
class Place:
    """A place in a stream: the byte to go on from, the digest of an unfinished last row, and the version (epoch
    milliseconds) of the state of the file that is read.
    """

    offset: int
    tail: str
    version: int


class CsvFiles:
    """Options: folder, mapping (a TOML file), results (folder for what is written back; without it no writes)."""

    bulk_limit: Mapping[str, int] = {entity: 500 for _, entity in WRITABLE}

    def __init__(self, config: SystemConfig, clock: Clock) -> None:
        self.config = config
        self._mapped: Mapped = read_mapping(Path(self._option("mapping")))
        self._files = {
            name: CsvFile(Path(self._option("folder")) / spec["path"], spec.get("delimiter"))
            for name, spec in self._mapped.files.items()
            if "path" in spec
        }
        self._drops = {
            name: Batches(Drop(Path(self._option("folder")), spec), spec, self._read, clock)
            for name, spec in self._mapped.files.items()
            if "drop" in spec
        }
        self._outbox = Outbox(Path(str(config.options["results"]))) if "results" in config.options else None
        self._firsts: dict[str, Firsts] = {}
        self._joins: dict[str, tuple[tuple[int, int], dict[str, Mapping[str, str]]]] = {}
        self._digests: dict[tuple[str, tuple[int, int], int], str] = {}
        self.streams: Sequence[str] = tuple(stream.name for stream in self._mapped.streams)
        self.snapshots: Sequence[str] = tuple(dict.fromkeys(stream.entity for stream in self._mapped.streams))

    def poll(self, stream: str, cursor: str | None, limit: int = 500) -> Page:
        spec = self._mapped.stream(only(stream, self.streams, self.config.name))
        if (drop := self._drops.get(spec.file)) is not None:
            return drop.poll(spec, cursor, limit)
        file, place = self._files[spec.file], self._place(spec, cursor)
        reading, end, last = Reading(), place.offset, place.tail
        for record in file.records(place.offset):
            if len(reading.events) + len(reading.rejected) >= limit:
                reached = self._cursor(spec, Place(end, last, place.version))
                return Page(reading.events, reached, True, reading.rejected, reading.seen)
            if record.closed or record.digest != place.tail:
                self._read(spec, file, record, reading, place.version)
            # A row without its line end may still be growing: it is read, and looked at again should it change.
            end, last = (record.end, "") if record.closed else (record.start, record.digest)
        reached = self._cursor(spec, Place(end, last, place.version))
        return Page(reading.events, reached, False, reading.rejected, reading.seen)

    def snapshot(self, entity: str) -> Iterator[Observation]:
        only(entity, self.snapshots, self.config.name)
        notes = self._notes(entity)
        for spec in self._mapped.streams:
            if spec.entity == entity:
                yield from self._observed(spec, notes)

    def deliver(self, changes: Sequence[Change]) -> Sequence[Answer]:
        return answers_of(changes, WRITABLE, self.config.name, _line, self._write)

    def find(self, changes: Sequence[Change]) -> Sequence[Acknowledgement | None]:
        if self._outbox is None:
            return [None for _ in changes]
        held = {entity: self._outbox.lines(entity) for entity in {change.entity for change in changes}}
        return [
            self._ack(change.external_id, False) if change.key in held[change.entity] else None for change in changes
        ]

    def state(self, change: Change) -> TargetState:
        wanted = _flat(_line(change)["body"])
        lines = self._outbox.lines(change.entity).values() if self._outbox else ()
        mine = [line for line in lines if line["external_id"] == change.external_id]
        if not mine:
            return TargetState(None, wanted)
        return TargetState(_flat(mine[-1]["body"]), wanted, self._ack(change.external_id, False))

    def check(self) -> str:
        sizes = [f"{file.path.name} ({file.stamp[1]} bytes)" for file in self._files.values()]
        sizes += [f"what comes as {spec['drop']}" for spec in self._mapped.files.values() if "drop" in spec]
        return f"{self.config.name} reads {', '.join(sizes)}"

    def close(self) -> None:
        self._firsts.clear()
        self._joins.clear()

    def _option(self, name: str) -> str:
        if not self.config.options.get(name):
            raise Misconfigured(
                f"{self.config.name}: option {name} is not set: give it under [system.options] in the systems file"
            )
        return str(self.config.options[name])

    def _place(self, spec: Stream, cursor: str | None) -> Place:
        """Where to go on; the beginning when the file was replaced. What comes later is the later version, whatever the
        file's time says: a corrected file may be a copy that keeps an older one.
        """
        changed = millis(self._files[spec.file].changed_at)
        if not cursor:
            return Place(0, "", changed)
        try:
            body = json.loads(cursor)
            offset, tail, digest = int(body["offset"]), str(body["tail"]), str(body["digest"])
            version = int(body.get("version", 0))
        except (ValueError, KeyError, TypeError) as error:
            raise Misconfigured(
                f"the cursor {cursor[:80]!r} is unreadable ({error}): reset the stream's cursor to begin again"
            ) from error
        if self._digest(spec.file, offset) == digest:
            return Place(offset, tail, max(changed, version))
        return Place(0, "", max(changed, version + 1))

    def _cursor(self, spec: Stream, place: Place) -> str:
        name, digest = self._mapped.files[spec.file]["path"], self._digest(spec.file, place.offset)
        return json.dumps({"file": name, "digest": digest, **asdict(place)})

    def _digest(self, file: str, offset: int) -> str:
        """Remembered for the file's present state, since an idle source is polled each second."""
        place = (file, self._files[file].stamp, offset)
        if place not in self._digests:
            if len(self._digests) > 64:
                self._digests.clear()
            self._digests[place] = self._files[file].digest(offset)
        return self._digests[place]

    def _read(self, spec: Stream, file: CsvFile, record: Record, reading: Reading, version: int) -> None:
        columns = self._joined(spec, record.columns)
        if record.fault is None and not spec.wanted(columns):
            return
        key = _key(spec, record, columns)
        first = key is None or self._places(spec, file).get(key, record.start) == record.start
        names = _names(spec, record, key, first)
        reading.take(names[0], columns, partial(self._event, spec, record, columns, first, version))
        reading.seen.extend(names[1:])

    def _event(
        self, spec: Stream, record: Record, columns: Mapping[str, str], first: bool, version: int
    ) -> CloudEvent | None:
        if record.fault is not None:
            raise record.fault
        key = spec.key_of(columns)
        if not first:
            if spec.once == "skip":
                return None
            raise Unmappable(
                f"{spec.entity} {key} was in an earlier row of the file already", spec.key, code="duplicate-row"
            )
        return self._envelope(spec, key, record, spec.canonical(columns, self.config.name), version)

    def _envelope(self, spec: Stream, key: str, record: Record, found: Canonical, version: int) -> CloudEvent:
        changed = datetime.fromtimestamp(version / 1000, UTC)
        system, data = self.config.name, found.model_dump(mode="json")
        entity = (data.get("legal_entity_id") or (data.get("dimensions") or {}).get("legal_entity_id")) or None
        name_of = SUBJECTS.get(spec.entity)
        subject = name_of(system, key) if name_of else key
        for name, value in (("changed_at", changed.isoformat()), ("source_version", version)):
            if name in type(found).model_fields and name not in spec.fields:
                data[name] = value
        return CloudEvent(
            id=f"{system}:{spec.name}:{key}:{record.digest}",
            source=system,
            type=spec.event,
            subject=f"{spec.entity}:{subject}",
            time=changed,
            dataschema=f"tieout:{spec.entity}:{found.version}",
            data=data,
            sourceversion=version,
            legalentity=entity,
        )

    def _places(self, spec: Stream, file: CsvFile) -> dict[str, int]:
        """First places of a stream's keys; one pass over the file whenever it changed."""
        stamp = (file.path, *file.stamp)
        held = self._firsts.get(spec.name)
        if held is None or held.stamp != stamp:
            held = self._firsts[spec.name] = Firsts(stamp, dict(_first_places(spec, file)))
        return held.places

    def _joined(self, spec: Stream, columns: Mapping[str, str]) -> Mapping[str, str]:
        """A row with the columns of the joined file, its own winning; a row without a partner stays as it is."""
        if not spec.join:
            return columns
        file, on = self._files[spec.join["file"]], spec.join["on"]
        held = self._joins.get(spec.name)
        if held is None or held[0] != file.stamp:
            partners = {
                record.columns.get(on, "").strip(): record.columns for record in file.records() if record.fault is None
            }
            held = self._joins[spec.name] = (file.stamp, partners)
        return {**held[1].get(columns.get(on, "").strip(), {}), **columns}

    def _observed(self, spec: Stream, notes: Mapping[str, Mapping[str, Any]]) -> Iterator[Observation]:
        seen: set[str] = set()
        drop, held = self._drops.get(spec.file), self._files.get(spec.file)
        rows = drop.records(spec) if drop else ((spec, held, record) for record in held.records()) if held else ()
        for spec, file, record in rows:
            columns = self._joined(spec, record.columns)
            try:
                key = spec.key_of(columns)
            except Unmappable:
                key = f"{spec.file}@{record.start}" if drop is None else f"{spec.file}@{file.path.name}@{record.start}"
            if key not in seen and (record.fault is not None or spec.wanted(columns)):
                seen.add(key)
                yield unreadable(
                    spec.entity,
                    {**columns, "@": key},
                    "@",
                    partial(self._observation, spec, file, record, key, columns, notes),
                )

    def _observation(
        self,
        spec: Stream,
        file: CsvFile,
        record: Record,
        key: str,
        columns: Mapping[str, str],
        notes: Mapping[str, Mapping[str, Any]],
        _: object,
    ) -> Observation:
        if record.fault is not None:
            raise record.fault
        found = spec.canonical(columns, self.config.name)
        return observation_of(self.config.name, spec.entity, key, found, millis(file.changed_at), notes)

    def _notes(self, entity: str) -> dict[str, Mapping[str, Any]]:
        lines = self._outbox.lines(entity).values() if self._outbox else ()
        return {str(line["external_id"]): line["body"] for line in lines if line["action"] == "annotate"}

    def _write(self, lines: Sequence[dict[str, Any]], keys: Sequence[str]) -> Sequence[Answer]:
        if self._outbox is None:
            raise Misconfigured(
                f"{self.config.name} has nowhere to write results: set option results in the systems file"
            )
        answers: dict[str, Answer] = {}
        for entity in dict.fromkeys(line["entity"] for line in lines):
            mine = [line for line in lines if line["entity"] == entity]
            for line, created in zip(mine, self._outbox.append(entity, mine), strict=True):
                answers.setdefault(line["key"], self._ack(line["external_id"], created))
        return [answers[key] for key in keys]

    def _ack(self, external_id: str, created: bool) -> Acknowledgement:
        return Acknowledgement(self.config.name, external_id, {"file": "outbox"}, created=created)


def _key(spec: Stream, record: Record, columns: Mapping[str, str]) -> str | None:
    """The key of a row; None where it has none that can be read."""
    try:
        return None if record.fault is not None else spec.key_of(columns)
    except Unmappable:
        return None


def _names(spec: Stream, record: Record, key: str | None, first: bool) -> list[str]:
    """What a row is known by wherever it stands, its own name first: a file is rotated and its rows move, so that a
    place says nothing. One that repeats a key, or has none, is known by its text; it keeps that name when it becomes
    the first of its key.
    """
    by_text = f"{spec.file}@{key or ''}#{record.digest}"
    return [f"{spec.file}@{key}", by_text] if key is not None and first else [by_text]


def _first_places(spec: Stream, file: CsvFile) -> Iterator[tuple[str, int]]:
    seen: set[str] = set()
    for record in file.records():
        try:
            key = spec.key_of(record.columns)
        except TieoutError:
            continue
        if key not in seen and spec.wanted(record.columns):
            seen.add(key)
            yield key, record.start


def _line(change: Change) -> dict[str, Any]:
    body = jsonable(body_of(change))
    return {
        "key": change.key,
        "action": change.action,
        "entity": change.entity,
        "external_id": change.external_id,
        "body": body,
    }


def _flat(body: Mapping[str, Any], path: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for name, value in body.items():
        flat |= _flat(value, f"{path}{name}.") if isinstance(value, Mapping) else {f"{path}{name}": value}
    return flat
