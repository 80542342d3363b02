"""Commit: what a page of runs has done, all or nothing, and nothing of a run whose lease was lost."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa

from models.domain.approval import Thresholds
from models.domain.clock import Clock
from models.domain.record import Record
from models.domain.states import RunState
from models.journal.crosswalk import Crosswalk
from models.journal.database import wall_now
from models.journal.registry import Registry
from models.journal.runs.admission import admission_lock, admit
from models.journal.runs.claiming import LEASE_SECONDS
from models.journal.runs.moves import move_row, store_moves
from models.journal.runs.run import Move
from models.journal.runs.store import RunStore
from models.journal.runs.succession import overtaken, release
from models.journal.sealing import keys_of
from models.journal.signals import wake_missed

_LATE_COMMIT = 3_000_000
"""Wall microseconds that a transaction may take from raising a signal to its commit without a waiter missing it."""
_RELEASING = (RunState.SETTLED, RunState.DEAD)


class Committing(RunStore):
    """A run's new state, its records, what it learnt and the events it raised are one commit."""

    def __init__(self, engine: sa.Engine, clock: Clock, thresholds: Thresholds = Thresholds()) -> None:
        super().__init__(engine, clock, thresholds)
        self._registry, self._crosswalk = Registry(engine, clock), Crosswalk(engine, clock)

    def commit(
        self, owner: str, moves: Sequence[Move], looked_wall: int, lease_seconds: float = LEASE_SECONDS
    ) -> set[str]:
        """Store what these runs did; ids of the runs that were another's by now, of which nothing was stored.

        `looked_wall` is when the worker began to look things up: a signal since then wakes a run that pauses now; on
        PostgreSQL also one from a little earlier, since it may have been committed after the look.
        """

        def work(connection: sa.Connection) -> set[str]:
            if any(move.arrivals for move in moves):
                admission_lock(connection)
            wall, now = wall_now(connection), self._clock.now()
            since = looked_wall - _LATE_COMMIT if connection.dialect.name == "postgresql" else looked_wall
            until = wall + int(lease_seconds * 1_000_000)
            keys = keys_of(connection)
            lost = store_moves(connection, [move_row(move.run, owner, until, since, now, keys) for move in moves])
            kept = [move for move in moves if move.run.seq not in lost] if lost else moves
            self._feed.append(connection, self._followed(connection, kept, now))
            wake_missed(connection, now, [move.run.seq for move in kept if move.run.state is RunState.WAITING])
            return {move.run.run_id for move in moves if move.run.seq in lost}

        return self._transaction(work)

    def note(self, records: Sequence[Record]) -> None:
        """Append records that belong to no move."""
        self._transaction(lambda connection: self._feed.append(connection, records))

    def _followed(self, connection: sa.Connection, kept: Sequence[Move], now: datetime) -> list[Record]:
        """What follows from stored moves, in their transaction: events, knowledge, successors; the records of it."""
        records = [record for move in kept for record in move.records]
        if arrivals := [arrival for move in kept for arrival in move.arrivals]:
            records += admit(connection, arrivals, now).records
        self._registry.add(connection, [fact for move in kept for fact in move.facts])
        self._crosswalk.add(connection, [link for move in kept for link in move.links])
        records += overtaken(connection, [move.run for move in kept if move.run.state is RunState.SETTLED], now)
        release(connection, [move.run.aggregate for move in kept if move.run.state in _RELEASING])
        return records
