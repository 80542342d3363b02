"""Admission: events become runs, each business fact once (E1), in order per aggregate (E7)."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from models.domain.record import Record
from models.domain.states import RunState
from models.journal.metadata import micros
from models.journal.retention import same_said
from models.journal.runs.reading import runs_about, stored_bodies
from models.journal.runs.records import arrival_record, settlement
from models.journal.runs.rows import insert_runs, new_run, stored
from models.journal.runs.run import Arrival, Run, Start, source_system
from models.journal.sealing import amount_of, keys_of, text_of
from models.journal.signals import raise_signals
from models.journal.statements import insert_many, statements

SQL = Path(__file__).with_name("admission.sql")
_LOCK = 0x71E0_0002
"""Advisory lock on PostgreSQL: two admissions at once would not see each other's runs of one aggregate."""


@dataclass(slots=True)
class Admitted:
    """What an admission did: ids of the runs it started, of those it woke, and how many events it knew already."""

    started: list[str] = field(default_factory=list)
    woken: list[str] = field(default_factory=list)
    duplicates: int = 0
    records: list[Record] = field(default_factory=list)


def admission_lock(connection: sa.Connection) -> None:
    """One admission at a time; taken before any row, so that two never wait for each other."""
    if connection.dialect.name == "postgresql":
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_LOCK)))


def admit(connection: sa.Connection, arrivals: Sequence[Arrival], now: datetime) -> Admitted:
    """Admit what is new in the caller's transaction and leave its records to the caller. Safe to repeat."""
    admitted = Admitted()
    admission_lock(connection)
    sql = statements(SQL, connection.dialect.name)
    fresh = _fresh(connection, arrivals)
    admitted.duplicates = len(arrivals) - len(fresh)
    if fresh:
        stamp = micros(now)
        keys = keys_of(connection)
        rows = [
            {
                "source": one.source,
                "event_id": one.event_id,
                "body": text_of(keys, one.body, _about(one)),
                "admitted_at": stamp,
            }
            for one in fresh
        ]
        insert_many(connection, sql["keep_event"], rows)
        _Admission(connection, admitted, now).take(fresh)
    return admitted


def _about(arrival: Arrival) -> str:
    """What an event is about, in the form of a business key."""
    return arrival.starts[0].business_key if arrival.starts else str(arrival.body.get("subject") or "")


def _fresh(connection: sa.Connection, arrivals: Sequence[Arrival]) -> list[Arrival]:
    sql = statements(SQL, connection.dialect.name)
    known: dict[tuple[str, str], Arrival | None] = {}
    for source in {arrival.source for arrival in arrivals}:
        ids = [arrival.event_id for arrival in arrivals if arrival.source == source]
        known.update(
            {
                (source, event_id): None
                for event_id in connection.scalars(sql["seen"], {"source": source, "ids": json.dumps(ids)})
            }
        )
    fresh = []
    for arrival in arrivals:
        if (arrival.source, arrival.event_id) not in known:
            known[(arrival.source, arrival.event_id)] = None
            fresh.append(arrival)
    return fresh


@dataclass(frozen=True, slots=True)
class _Version:
    """The event that brought a version."""

    event_type: str
    source: str
    event_id: str


class _Admission:
    """One admission's look at what is known and open."""

    def __init__(self, connection: sa.Connection, admitted: Admitted, now: datetime) -> None:
        self._connection, self._admitted, self._now = connection, admitted, now
        self._sql = statements(SQL, connection.dialect.name)
        self._rows: list[dict[str, Any]] = []
        self._versions: dict[tuple[str, str, str], dict[int, _Version]] = {}
        self._waiting: dict[tuple[str, str, str], Run] = {}
        self._open: set[tuple[str, str]] = set()

    def take(self, arrivals: Sequence[Arrival]) -> None:
        starts = [start for arrival in arrivals for start in arrival.starts]
        self._look(starts)
        for arrival in arrivals:
            if not arrival.starts:
                self._note(arrival, None, "unrouted" if arrival.refusal is None else "quarantined", None)
            for start in arrival.starts:
                self._start(arrival, start)
        if self._rows:
            insert_runs(self._connection, self._rows)
        raise_signals(self._connection, {start.business_key for start in starts}, self._now)

    def _look(self, starts: Sequence[Start]) -> None:
        for run in runs_about(self._connection, {start.business_key for start in starts}):
            self._versions.setdefault(run.fact, {})[run.source_version] = _Version(
                run.event_type, run.event_source, run.event_id
            )
            if run.state is RunState.WAITING:
                self._waiting[run.fact] = run
        for flow in sorted({start.flow for start in starts}):
            aggregates = sorted({start.aggregate for start in starts if start.flow == flow})
            found = self._connection.scalars(
                self._sql["open_aggregates"], {"flow": flow, "aggregates": json.dumps(aggregates)}
            )
            self._open |= {(flow, aggregate) for aggregate in found}

    def _start(self, arrival: Arrival, start: Start) -> None:
        fact = (start.flow, start.business_key, source_system(arrival.source))
        versions = self._versions.setdefault(fact, {})
        version, fresh = start.source_version, _Version(start.event_type, arrival.source, arrival.event_id)
        while version in versions:
            if self._same(fresh, versions[version]):
                self._admitted.duplicates += 1
                return self._note(arrival, start, "duplicate", None)
            version += 1
        newest = max(versions, default=None)
        versions[version], start = fresh, replace(start, source_version=version)
        if newest is not None and start.source_version < newest:
            return self._add(arrival, start, RunState.SUPERSEDED, "stale")
        if arrival.refusal is not None:
            return self._add(arrival, start, RunState.DEAD, "quarantined")
        if (waiting := self._waiting.pop(fact, None)) is not None and self._wake(arrival, start, waiting):
            return None
        return self._add(arrival, start, RunState.READY, "admitted")

    def _same(self, fresh: _Version, known: _Version) -> bool:
        """Whether two events of one version say the same. A source's clock ticks in seconds or milliseconds, so that
        two changes may bear one number: the one that arrives later is the later version, and nothing is lost. An event
        that was admitted under this very id before was forgotten since, to be taken as new.
        """
        if fresh.event_type != known.event_type or fresh == known:
            return False
        bodies = [
            body
            for one in (fresh, known)
            for body in stored_bodies(self._connection, one.source, [one.event_id]).values()
        ]
        return len(bodies) == 2 and same_said(keys_of(self._connection), *bodies)

    def _wake(self, arrival: Arrival, start: Start, run: Run) -> bool:
        """Let a waiting run go on with the newer version; False when it waits no longer: on PostgreSQL its own signal
        may have come since it was looked up.
        """
        values = {
            name: getattr(start, name)
            for name in ("step_name", "source_version", "event_type", "legal_entity", "amount", "currency")
        }
        values |= {
            "event_source": arrival.source,
            "event_id": arrival.event_id,
            "seq": run.seq,
            "now": micros(self._now),
        }
        keys = keys_of(self._connection)
        values["payload"] = text_of(keys, start.payload, start.business_key)
        values["amount"] = amount_of(keys, start.amount, start.payload, start.business_key)
        values["source_changed_at"] = micros(start.source_changed_at) if start.source_changed_at else None
        if not self._connection.execute(self._sql["wake_with"], values).rowcount:
            return False
        self._admitted.woken.append(run.run_id)
        self._note(arrival, start, "woken", run.run_id, run)
        return True

    def _add(self, arrival: Arrival, start: Start, state: RunState, status: str) -> None:
        run = new_run(arrival, start, state, self._now)
        holding = state is RunState.READY
        held = holding and (start.flow, start.aggregate) in self._open
        if holding:
            self._open.add((start.flow, start.aggregate))
        self._rows.append(stored(run, held, self._now, keys_of(self._connection)))
        self._admitted.started.append(run.run_id)
        self._note(arrival, start, status, run.run_id, run)
        if not holding:
            self._admitted.records.append(settlement(run, self._now, because=status))

    def _note(
        self, arrival: Arrival, start: Start | None, status: str, run_id: str | None, run: Run | None = None
    ) -> None:
        self._admitted.records.append(
            arrival_record(arrival, start, status, run_id, run.lineage_id if run else None, self._now)
        )
