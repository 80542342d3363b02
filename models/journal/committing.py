"""Commits of moves: what a page of runs has done, all or nothing, and nothing of a run whose lease was lost."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import orjson
import sqlalchemy as sa

from models.domain.outcomes import Fact
from models.domain.record import Record
from models.domain.states import RunState
from models.journal.admitting import SQL, admit
from models.journal.crosswalk import Crosswalk, Link
from models.journal.feed import Feed
from models.journal.metadata import micros
from models.journal.registry import Registry
from models.journal.run import Move, Run, run_of
from models.journal.run_records import settlement
from models.journal.statements import statements

_LATE_COMMIT = 3_000_000
"""Wall microseconds that a transaction may take from raising a signal to its commit without a waiter missing it."""
_RELEASING = (RunState.SETTLED, RunState.DEAD)
_MOVE_COLUMNS = (
    "state",
    "step",
    "step_name",
    "attempt",
    "legal_entity",
    "payload",
    "acks",
    "intent",
    "error_code",
    "error_message",
    "error_field",
    "system",
    "waiting_for",
    "waiting_because",
    "waiting_missing",
    "waiting_owner",
    "waiting_wall",
    "amount",
    "currency",
    "due_at",
    "settled_at",
    "notice",
    "now",
    "owner",
    "until",
    "seq",
    "lease_token",
)


class Commit:
    """Writes moves of one owner. `until` is the end of the lease that runs still running keep (wall microseconds)."""

    def __init__(self, feed: Feed, registry: Registry, crosswalk: Crosswalk) -> None:
        self._feed, self._registry, self._crosswalk = feed, registry, crosswalk

    def write(
        self, connection: sa.Connection, moves: Sequence[Move], owner: str, until: int, looked_wall: int, now: datetime
    ) -> set[str]:
        """Store the moves; ids of the runs whose lease was another's by now, of which nothing was stored.

        `looked_wall` is when the worker began to look things up: a signal since then wakes a run that pauses now; on
        PostgreSQL also one from a little earlier, since it may have been committed after the look.
        """
        if connection.dialect.name == "postgresql":
            looked_wall -= _LATE_COMMIT
        sql = statements(SQL, connection.dialect.name)
        rows = [_row(move.run, owner, until, looked_wall, now) for move in moves]
        lost = _store(connection, sql, rows)
        kept = [move for move in moves if move.run.seq not in lost] if lost else moves
        records = [record for move in kept for record in move.records]
        if arrivals := [arrival for move in kept for arrival in move.arrivals]:
            records += admit(connection, arrivals, now).records
        self.learn(
            connection, [fact for move in kept for fact in move.facts], [link for move in kept for link in move.links]
        )
        records += overtaken(connection, [move.run for move in kept if move.run.state is RunState.SETTLED], now)
        release(connection, [move.run.aggregate for move in kept if move.run.state in _RELEASING])
        self._feed.append(connection, records)
        return {move.run.run_id for move in moves if move.run.seq in lost}

    def learn(self, connection: sa.Connection, facts: Sequence[Fact], links: Sequence[Link]) -> None:
        """Keep facts and links in the caller's transaction."""
        self._registry.add(connection, facts)
        self._crosswalk.add(connection, links)


def overtaken(connection: sa.Connection, settled: Sequence[Run], now: datetime) -> list[Record]:
    """Close the dead runs of facts that settled in the same or a later version (X16); the records to tell of it."""
    if not settled:
        return []
    sql = statements(SQL, connection.dialect.name)
    newest: dict[tuple[str, str, str], Run] = {}
    for run in settled:
        if run.fact not in newest or newest[run.fact].source_version < run.source_version:
            newest[run.fact] = run
    keys = json.dumps(sorted({run.business_key for run in settled}))
    dead = [run_of(row) for row in connection.execute(sql["overtaken"], {"keys": keys})]
    over = [run for run in dead if (by := newest.get(run.fact)) and run.source_version <= by.source_version]
    return supersede(connection, over, now, {run.seq: newest[run.fact].run_id for run in over})


def supersede(connection: sa.Connection, runs: Sequence[Run], now: datetime, by: dict[int, str]) -> list[Record]:
    """Mark runs superseded by later ones (their sequence -> run id); the records to tell of it."""
    if not runs:
        return []
    sql = statements(SQL, connection.dialect.name)
    connection.execute(sql["supersede"], {"seqs": json.dumps([run.seq for run in runs]), "now": micros(now)})
    for run in runs:
        run.state, run.settled_at = RunState.SUPERSEDED, now
    return [settlement(run, now, superseded_by=by.get(run.seq)) for run in runs]


def release(connection: sa.Connection, aggregates: Iterable[str]) -> None:
    """Let the next run of each of these aggregates go on, if one is held."""
    names = sorted(set(aggregates))
    sql = statements(SQL, connection.dialect.name)
    if names and connection.execute(sql["any_held"]).first():
        connection.execute(sql["release"], {"aggregates": json.dumps(names)})


def _store(connection: sa.Connection, sql: Any, rows: list[dict[str, Any]]) -> set[int]:
    """Write rows whose lease still holds; the sequence numbers of the others."""
    if not rows:
        return set()
    if connection.dialect.name == "postgresql":
        columns = {name: [row[name] for row in rows] for name in _MOVE_COLUMNS}
        kept = set(connection.scalars(sql["move_many"], columns))
        return {row["seq"] for row in rows} - kept
    before = {row["seq"]: row["lease_token"] for row in rows}
    held = dict(connection.execute(sql["held_tokens"], {"seqs": json.dumps(list(before))}).all())
    lost = {seq for seq, token in before.items() if held.get(seq) != token}
    if fresh := [row for row in rows if row["seq"] not in lost]:
        connection.exec_driver_sql(sql["move"].text, fresh)
    return lost


def _row(run: Run, owner: str, until: int, looked_wall: int, now: datetime) -> dict[str, Any]:
    running, waiting = run.state is RunState.RUNNING, run.state is RunState.WAITING
    return {
        "state": run.state.value,
        "step": run.step,
        "step_name": run.step_name,
        "attempt": run.attempt,
        "legal_entity": run.legal_entity,
        "payload": orjson.dumps(run.payload, default=str).decode(),
        "acks": _json(run.acks),
        "intent": _json(run.intent),
        "error_code": run.error_code,
        "error_message": run.error_message,
        "error_field": run.error_field,
        "system": run.system,
        "waiting_for": run.waiting_for,
        "waiting_because": run.waiting_because,
        "waiting_missing": _json(run.waiting_missing),
        "waiting_owner": run.waiting_owner,
        "waiting_wall": looked_wall if waiting else None,
        "amount": run.amount,
        "currency": run.currency,
        "due_at": micros(run.due_at) if run.due_at else None,
        "settled_at": micros(run.settled_at) if run.settled_at else None,
        "notice": run.notice,
        "now": micros(now),
        "owner": owner if running else None,
        "until": until if running else None,
        "seq": run.seq,
        "lease_token": run.lease_token,
    }


def _json(value: Any) -> str | None:
    return orjson.dumps(value, default=str).decode() if value else None
