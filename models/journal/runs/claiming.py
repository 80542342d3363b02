"""Claim: a page of due runs under lease, fair over lanes, with a suspect kept away from the others."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import sqlalchemy as sa

from models.action_log import action
from models.domain.approval import Thresholds
from models.domain.clock import Clock
from models.journal.database import wall_now
from models.journal.metadata import micros
from models.journal.runs.run import Run, run_of
from models.journal.runs.store import RunStore
from models.journal.runs.succession import release_all
from models.journal.sealing import keys_of
from models.journal.signals import forget_signals, wake_for, wake_late, wake_missed
from models.journal.statements import statements

_LOG = logging.getLogger("tieout.journal")
_SQL = Path(__file__).with_name("claiming.sql")
LEASE_SECONDS = 15.0
CRASHES = 3
"""Claims that ended with a dead worker after which a run goes to the dead letters untried."""
_SUSPECT_PAGE = 25
_MISSED_SECONDS = 5.0
"""How late a run may wake on PostgreSQL whose signal was committed while its pause was."""


@dataclass(frozen=True, slots=True)
class Claim:
    """A page of leased runs, and the database's wall time at the claim (microseconds)."""

    runs: list[Run]
    wall: int


class Claiming(RunStore):
    """A run is in one worker's hands at a time; what a lost worker held goes to another, under a new fencing token."""

    def __init__(self, engine: sa.Engine, clock: Clock, thresholds: Thresholds = Thresholds()) -> None:
        super().__init__(engine, clock, thresholds)
        self._looked: float | None = None

    def claim(self, owner: str, limit: int = 500, lease_seconds: float = LEASE_SECONDS) -> Claim:
        """Lease up to `limit` due runs to `owner`, fair over lanes, one per aggregate."""

        def work(connection: sa.Connection) -> Claim:
            wall = wall_now(connection)
            until = wall + int(lease_seconds * 1_000_000)
            return Claim(claim(connection, owner, limit, until, self._clock.now()), wall)

        claimed = self._transaction(work)
        if _LOG.isEnabledFor(logging.DEBUG):
            for run in claimed.runs:
                ids = {"run_id": run.run_id, "correlation_id": run.correlation_id, "flow": run.flow}
                action(_LOG, logging.DEBUG, "run.claimed", **ids, owner=owner)
        return claimed

    def heartbeat(self, owner: str, lease_seconds: float = LEASE_SECONDS) -> int:
        """Prolong the owner's leases; how many runs it holds."""

        def work(connection: sa.Connection) -> int:
            until = wall_now(connection) + int(lease_seconds * 1_000_000)
            heartbeat = statements(_SQL, connection.dialect.name)["heartbeat"]
            return int(connection.execute(heartbeat, {"owner": owner, "until": until}).rowcount)

        return self._transaction(work)

    def reap(self) -> int:
        """Take back the runs of lost workers, wake those whose wait is over, let held ones go on; how many moved."""

        reaped: list[tuple[str, str]] = []

        def work(connection: sa.Connection) -> int:
            now, reap = self._clock.now(), statements(_SQL, connection.dialect.name)["reap"]
            found = connection.execute(reap, {"now": micros(now), "wall": wall_now(connection)})
            reaped[:] = [(run_id, correlation_id) for run_id, correlation_id in found]
            missed = wake_missed(connection, now) if looks else 0
            return len(reaped) + wake_late(connection, now) + missed + release_all(connection)

        looks = self._may_have_missed()
        moved = self._transaction(work)
        self._looked = time.monotonic() if looks else self._looked
        for run_id, correlation_id in reaped:
            ids = {"run_id": run_id, "correlation_id": correlation_id}
            action(_LOG, logging.INFO, "run.taken_back", **ids, why="its worker's lease ran out")
        return moved

    def wake(self, beginning: str) -> int:
        """Let runs look again that wait for anything whose name begins so; how many. Safe to repeat."""
        return self._transaction(lambda connection: wake_for(connection, beginning, self._clock.now()))

    def _may_have_missed(self) -> bool:
        """Whether a signal may be missed that nobody looked for: one of before the start, and now and then on
        PostgreSQL.
        """
        if self._looked is None:
            return True
        apart = time.monotonic() - self._looked
        return self._engine.dialect.name == "postgresql" and apart >= _MISSED_SECONDS

    def forfeit(self, owners: Sequence[str]) -> int:
        """End the leases of workers that are known to be no more, so that the next reap takes their runs back; how many
        runs that are.
        """

        def work(connection: sa.Connection) -> int:
            sql = statements(_SQL, connection.dialect.name)["forfeit"]
            return sum(int(connection.execute(sql, {"holder": f"{owner}/"}).rowcount) for owner in owners)

        return self._transaction(work)

    def give_back(self, owner: str) -> int:
        """A worker that stops returns what it holds; shutting down counts neither as an attempt nor as a crash."""

        def work(connection: sa.Connection) -> int:
            values = {"owner": owner, "now": micros(self._clock.now())}
            return int(connection.execute(statements(_SQL, connection.dialect.name)["give_back"], values).rowcount)

        return self._transaction(work)

    def tidy(self) -> int:
        """Drop what only served runs under way long ago; how many rows."""
        return self._transaction(forget_signals)


def claim(connection: sa.Connection, owner: str, limit: int, until: int, now: datetime) -> list[Run]:
    """Lease up to `limit` due runs until `until` (wall microseconds), round-robin over lanes, each lane in order.

    A run whose worker died is claimed in a small page, the second time alone: one that kills its worker
    takes the others down once or twice, not for ever.
    """
    sql = statements(_SQL, connection.dialect.name)
    lanes = list(connection.scalars(sql["lanes"]))
    if not lanes:
        return []
    share = -(-limit // len(lanes))
    found = {lane: _due(connection, lane, share, now) for lane in lanes}
    room = limit - sum(len(runs) for runs in found.values())
    full = [lane for lane in lanes if len(found[lane]) == share]
    if room > 0 and full:  # what quiet lanes leave over is the busy ones'
        found |= {lane: _due(connection, lane, share + room // len(full), now) for lane in full}
    seqs = _page([run for lane in lanes for run in found[lane]])[:limit]
    if not seqs:
        return []
    parameters = {"seqs": json.dumps(seqs), "owner": owner, "until": until}
    claimed, keys = connection.execute(sql["claim"], parameters), keys_of(connection)
    return sorted((run_of(row, keys) for row in claimed), key=lambda run: run.seq)


def _due(connection: sa.Connection, lane: str, limit: int, now: datetime) -> list[tuple[int, int]]:
    due = statements(_SQL, connection.dialect.name)["due"]
    return [
        (row.seq, row.claims) for row in connection.execute(due, {"lane": lane, "now": micros(now), "limit": limit})
    ]


def _page(found: list[tuple[int, int]]) -> list[int]:
    """Sequence numbers that may share a page, from (sequence, claims): all untried, else few suspects, else one."""
    if not found:
        return []
    worst = max(claims for _, claims in found)
    if worst == 0:
        return [seq for seq, _ in found]
    if worst == 1:
        return [seq for seq, claims in found if claims == 1][:_SUSPECT_PAGE]
    return [min(seq for seq, claims in found if claims == worst)]
