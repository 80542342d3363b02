"""Admission: events become runs, each business fact once (E1), in order per aggregate (E7)."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import orjson
import sqlalchemy as sa

from models.domain.record import Record
from models.domain.states import RunState
from models.journal import tables
from models.journal.metadata import micros
from models.journal.run import Arrival, Run, Start, run_of, telling_system
from models.journal.run_records import arrival_record, settlement
from models.journal.signals import raise_signals
from models.journal.statements import insert_many, statements

SQL = Path(__file__).with_name("runs.sql")
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
    fresh = _fresh(connection, arrivals)
    admitted.duplicates = len(arrivals) - len(fresh)
    if fresh:
        stamp = micros(now)
        rows = [
            {
                "source": one.source,
                "event_id": one.event_id,
                "body": orjson.dumps(one.body, default=str).decode(),
                "admitted_at": stamp,
            }
            for one in fresh
        ]
        insert_many(connection, _EVENT, rows)
        _Admission(connection, admitted, now).take(fresh)
    return admitted


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
class _Told:
    """The event that told of a version."""

    event_type: str
    source: str
    event_id: str


class _Admission:
    """One admission's look at what is known and open."""

    def __init__(self, connection: sa.Connection, admitted: Admitted, now: datetime) -> None:
        self._connection, self._admitted, self._now = connection, admitted, now
        self._sql = statements(SQL, connection.dialect.name)
        self._rows: list[dict[str, Any]] = []
        self._versions: dict[tuple[str, str, str], dict[int, _Told]] = {}
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
            insert_many(self._connection, _INSERT, self._rows)
        raise_signals(self._connection, {start.business_key for start in starts}, self._now)

    def _look(self, starts: Sequence[Start]) -> None:
        keys = json.dumps(sorted({start.business_key for start in starts}))
        for row in self._connection.execute(self._sql["facts"], {"keys": keys}):
            run = run_of(row)
            self._versions.setdefault(run.fact, {})[run.source_version] = _Told(
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
        fact = (start.flow, start.business_key, telling_system(arrival.source))
        versions = self._versions.setdefault(fact, {})
        version, told = start.source_version, _Told(start.event_type, arrival.source, arrival.event_id)
        while version in versions:
            if self._same(told, versions[version]):
                self._admitted.duplicates += 1
                return self._note(arrival, start, "duplicate", None)
            version += 1
        newest = max(versions, default=None)
        versions[version], start = told, replace(start, source_version=version)
        if newest is not None and start.source_version < newest:
            return self._add(arrival, start, RunState.SUPERSEDED, "stale")
        if arrival.refusal is not None:
            return self._add(arrival, start, RunState.DEAD, "quarantined")
        if (waiting := self._waiting.pop(fact, None)) is not None and self._wake(arrival, start, waiting):
            return None
        return self._add(arrival, start, RunState.READY, "admitted")

    def _same(self, told: _Told, known: _Told) -> bool:
        """Whether two events of one version say the same. A source's clock ticks in seconds or milliseconds, so that
        two changes may bear one number: the one that arrives later is the later version, and nothing is lost. An event
        that was admitted under this very id before was forgotten since, to be taken as new.
        """
        if told.event_type != known.event_type or told == known:
            return False
        data = []
        for one in (told, known):
            ids = {"source": one.source, "ids": json.dumps([one.event_id])}
            data += [orjson.loads(row.body).get("data") for row in self._connection.execute(self._sql["origins"], ids)]
        return len(data) == 2 and data[0] == data[1]

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
        values["payload"] = orjson.dumps(start.payload, default=str).decode()
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
        self._rows.append(stored(run, held, self._now))
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


def new_run(arrival: Arrival, start: Start, state: RunState, now: datetime) -> Run:
    """A run at its first step, the first of its lineage."""
    run_id = uuid4().hex
    error = arrival.refusal or (None, None, None)
    ended = state is RunState.SUPERSEDED
    return Run(
        seq=0,
        run_id=run_id,
        flow=start.flow,
        flow_version=start.flow_version,
        state=state,
        step=0,
        step_name=start.step_name,
        attempt=0,
        claims=0,
        business_key=start.business_key,
        source_version=start.source_version,
        aggregate=start.aggregate,
        lane=start.lane,
        lineage_id=run_id,
        replay_of=None,
        correlation_id=start.correlation_id,
        trace_id=start.trace_id,
        legal_entity=start.legal_entity,
        event_type=start.event_type,
        event_source=arrival.source,
        event_id=arrival.event_id,
        payload=dict(start.payload),
        acks={},
        correction=None,
        intent=None,
        error_code=error[0],
        error_message=error[1],
        error_field=error[2],
        system=None,
        waiting_for=None,
        waiting_because=None,
        waiting_missing=None,
        waiting_owner=None,
        amount=start.amount,
        currency=start.currency,
        created_at=now,
        due_at=now,
        settled_at=now if ended else None,
        source_changed_at=start.source_changed_at,
        notice=None,
        lease_token=0,
    )


_STORED = [
    f"{column.name}"
    for column in tables.run.columns
    if column.name not in ("seq", "waiting_wall", "lease_owner", "lease_until_wall")
]
_INSERT = sa.text(f"insert into run ({', '.join(_STORED)}) values ({', '.join(':' + name for name in _STORED)})")
_EVENT = sa.text(
    "insert into event (source, event_id, body, admitted_at) values (:source, :event_id, :body, :admitted_at)"
)
_JSON = ("payload", "acks", "correction", "intent", "waiting_missing")
_TIMES = ("created_at", "due_at", "settled_at", "source_changed_at", "notice_at")


def stored(run: Run, held: bool, now: datetime) -> dict[str, Any]:
    """A run as a row of the table, JSON as text and times as microseconds."""
    row: dict[str, Any] = {name: getattr(run, name, None) for name in _STORED}
    row["state"], row["held"], row["updated_at"] = run.state.value, int(held), micros(now)
    for name in _JSON:
        row[name] = orjson.dumps(row[name], default=str).decode() if row[name] else None
    row["payload"] = row["payload"] or "{}"
    for name in _TIMES:
        row[name] = micros(row[name]) if row[name] is not None else None
    return row


def insert_runs(connection: sa.Connection, rows: Sequence[dict[str, Any]]) -> None:
    """Insert rows made by `stored`."""
    insert_many(connection, _INSERT, rows)
