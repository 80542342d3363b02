"""Runs: what must happen. One method is one transaction (`design.md` section 4)."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeVar

import sqlalchemy as sa

from models.domain.clock import Clock
from models.domain.record import Record, RecordKind
from models.domain.states import RunState, allowed
from models.journal import admitting, claiming, committing, inbox, replays, rereads, tables
from models.journal.admitting import Admitted
from models.journal.committing import Commit
from models.journal.crosswalk import Crosswalk
from models.journal.database import reading, wall_now
from models.journal.feed import Feed
from models.journal.metadata import instant, micros
from models.journal.registry import Registry
from models.journal.replays import Replays
from models.journal.run import HOLDING, Arrival, Move, Run, run_of
from models.journal.run_records import run_record, settlement
from models.journal.signals import forget_signals, wake_missed
from models.journal.statements import statements

T = TypeVar("T")
LEASE_SECONDS = 15.0
_DEADLOCK = "40P01"
_NOTICE_LEASE = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Pulse:
    """`polled_at`: world time since which every source was read to its end (None: some never was); `due`: runs that
    somebody should be working on now."""

    polled_at: datetime | None
    due: int


@dataclass(frozen=True, slots=True)
class Claim:
    """A page of leased runs, and the database's wall time at the claim (microseconds)."""

    runs: list[Run]
    wall: int


class Runs:
    """The journal's runs. World time comes from the clock, lease time from the database."""

    def __init__(self, engine: sa.Engine, clock: Clock) -> None:
        self._engine, self._clock = engine, clock
        self._feed = Feed(engine, clock)
        self._sql = statements(admitting.SQL, engine.dialect.name)
        self._inbox = statements(inbox.SQL, engine.dialect.name)
        self._commit = Commit(self._feed, Registry(engine, clock), Crosswalk(engine, clock))

    def admit(self, arrivals: Sequence[Arrival], within: Callable[[sa.Connection], object] | None = None) -> Admitted:
        """Admit what is new, with its records; `within` joins the transaction (a cursor's move). Safe to repeat."""

        def work(connection: sa.Connection) -> Admitted:
            admitted = admitting.admit(connection, arrivals, self._clock.now())
            if within is not None:
                within(connection)
            self._feed.append(connection, admitted.records)
            return admitted

        return self._transaction(work)

    def claim(self, owner: str, limit: int = 500, lease_seconds: float = LEASE_SECONDS) -> Claim:
        """Lease up to `limit` due runs to `owner`, fair over lanes, one per aggregate."""

        def work(connection: sa.Connection) -> Claim:
            wall = wall_now(connection)
            until = wall + int(lease_seconds * 1_000_000)
            return Claim(claiming.claim(connection, owner, limit, until, self._clock.now()), wall)

        return self._transaction(work)

    def commit(
        self, owner: str, moves: Sequence[Move], looked_wall: int, lease_seconds: float = LEASE_SECONDS
    ) -> set[str]:
        """Store what these runs did; ids of the runs that were another's by now, of which nothing was stored."""

        def work(connection: sa.Connection) -> set[str]:
            if any(move.arrivals for move in moves):
                admitting.admission_lock(connection)
            until = wall_now(connection) + int(lease_seconds * 1_000_000)
            return self._commit.write(connection, moves, owner, until, looked_wall, self._clock.now())

        return self._transaction(work)

    def heartbeat(self, owner: str, lease_seconds: float = LEASE_SECONDS) -> int:
        """Prolong the owner's leases; how many runs it holds."""

        def work(connection: sa.Connection) -> int:
            until = wall_now(connection) + int(lease_seconds * 1_000_000)
            return int(connection.execute(self._sql["heartbeat"], {"owner": owner, "until": until}).rowcount)

        return self._transaction(work)

    def reap(self) -> int:
        """Take back the runs of lost workers, wake those whose wait is over, let held ones go on; how many moved."""

        def work(connection: sa.Connection) -> int:
            now = self._clock.now()
            moved = connection.execute(self._sql["reap"], {"now": micros(now), "wall": wall_now(connection)}).rowcount
            moved += wake_missed(connection, now)
            if connection.execute(self._sql["any_held"]).first():
                moved += connection.execute(self._sql["release_all"]).rowcount
            return int(moved)

        return self._transaction(work)

    def give_back(self, owner: str) -> int:
        """A worker that stops returns what it holds; shutting down counts neither as an attempt nor as a crash."""
        return self._transaction(
            lambda connection: int(
                connection.execute(self._sql["give_back"], {"owner": owner, "now": micros(self._clock.now())}).rowcount
            )
        )

    def replay(
        self,
        run_ids: Sequence[str],
        start: str,
        correction: Mapping[str, Any] | None,
        actor: str,
        because: Mapping[str, Any] | None = None,
    ) -> Replays:
        """New runs in the same lineages for these; the old ones are superseded. Safe to repeat.

        Raises Unmappable when the correction names a place a payload does not have; then nothing is replayed.
        """

        def work(connection: sa.Connection) -> Replays:
            made, records = replays.ReplayMaker(connection, self._clock.now()).make(
                run_ids, start, correction, actor, because or {}
            )
            self._feed.append(connection, records)
            return made

        return self._transaction(work)

    def shown(self, connection: sa.Connection, system: str, stream: str, rows: Collection[str], ended: bool) -> None:
        """Close the dead letters whose rows a page showed again (`rows`: source ids), in the transaction that admits
        the page; once the stream's end is reached (`ended`), those whose rows did not come say so.
        """
        records = rereads.shown(connection, system, stream, rows, ended, self._clock.now())
        if records:
            self._feed.append(connection, records)

    def read_on(self, system: str, stream: str) -> None:
        """Let a stream that was begun again go on from where it stood before, if it could not be read for long since,
        and say so on the dead letters whose rows were asked for. Safe to repeat.
        """

        def work(connection: sa.Connection) -> None:
            self._feed.append(connection, rereads.read_on(connection, system, stream, self._clock.now()))

        self._transaction(work)

    def cancel(self, run_ids: Sequence[str], actor: str, reason: str | None) -> dict[str, str]:
        """End runs by a person's word; why others were left alone, by run id. Running ones end their step first."""

        def work(connection: sa.Connection) -> dict[str, str]:
            now = self._clock.now()
            found = {
                run.run_id: run
                for run in map(run_of, connection.execute(self._sql["by_ids"], {"ids": json.dumps(list(run_ids))}))
            }
            ended = [run for run in found.values() if allowed(run.state, RunState.CANCELLED)]
            refused = {run_id: _why_not(found.get(run_id)) for run_id in run_ids if found.get(run_id) not in ended}
            connection.execute(
                self._sql["cancel"], {"seqs": json.dumps([run.seq for run in ended]), "now": micros(now)}
            )
            holding = [run.aggregate for run in ended if run.state in HOLDING]
            records: list[Record] = []
            for run in ended:
                body = {"action": "cancel", "reason": reason, "before": run.state.value}
                run.state, run.settled_at = RunState.CANCELLED, now
                records += [
                    run_record(run, RecordKind.OPERATOR_ACTION, now, actor=actor, status="cancelled", body=body),
                    settlement(run, now),
                ]
            committing.release(connection, holding)
            self._feed.append(connection, records)
            return refused

        return self._transaction(work)

    def pause_flow(self, flow: str, actor: str, reason: str | None) -> None:
        """Claim no more runs of a flow until it is resumed; events are still admitted."""
        now = self._clock.now()
        statement = sa.text(
            "insert into flow_state (flow, paused_by, reason, paused_at) values (:flow, :actor, :reason, :now) on conflict do nothing"
        )
        values = {"flow": flow, "actor": actor, "reason": reason, "now": micros(now)}
        self._by_operator(statement, values, "pause_flow", "paused")

    def resume_flow(self, flow: str, actor: str, reason: str | None) -> None:
        """Claim the flow's runs again."""
        values = {"flow": flow, "actor": actor, "reason": reason}
        self._by_operator(sa.text("delete from flow_state where flow = :flow"), values, "resume_flow", "resumed")

    def notices(self, limit: int) -> list[Run]:
        """Dead runs whose notice is due, oldest first. They are the caller's to tell of by `keep_notices`; should
        it be lost, they are due again after some minutes.
        """
        now = self._clock.now()
        values = {"limit": limit, "now": micros(now), "until": micros(now + _NOTICE_LEASE)}

        def work(connection: sa.Connection) -> list[Run]:
            return sorted(
                (run_of(row) for row in connection.execute(self._sql["notices"], values)), key=lambda run: run.seq
            )

        return self._transaction(work)

    def keep_notices(self, runs: Sequence[Run], records: Sequence[Record]) -> None:
        """How the notices of these runs stand now (`notice`, `notice_at`, `notice_tries`), with the records
        of it.
        """

        def work(connection: sa.Connection) -> None:
            for run in runs:
                at = micros(run.notice_at) if run.notice_at else None
                values = {
                    "seq": run.seq,
                    "notice": run.notice,
                    "notice_at": at,
                    "notice_tries": run.notice_tries,
                }
                connection.execute(self._sql["notice"], values)
            self._feed.append(connection, records)

        self._transaction(work)

    def note(self, records: Sequence[Record]) -> None:
        """Append records that belong to no move."""
        self._transaction(lambda connection: self._feed.append(connection, records))

    def get(self, run_id: str) -> Run | None:
        """One run by its id."""
        return next(iter(self.by_ids([run_id])), None)

    def by_ids(self, run_ids: Sequence[str]) -> list[Run]:
        """Runs by their ids, in order of admission; unknown ids are left out."""
        return self._runs("by_ids", run_ids)

    def by_keys(self, business_keys: Sequence[str]) -> list[Run]:
        """Every run about these business facts, in order of admission."""
        return self._runs("facts", business_keys, "keys")

    def origins(self, runs: Sequence[Run]) -> dict[str, Mapping[str, Any]]:
        """The CloudEvents that began these runs, by run id."""
        with reading(self._engine) as connection:
            return replays.origins(connection, runs)

    def pulse(self) -> Pulse:
        """How far the sources were read and how much is due now."""
        cursor = tables.cursor.c
        with reading(self._engine) as connection:
            due = connection.execute(self._sql["due_count"], {"now": micros(self._clock.now())}).scalar_one()
            due += connection.execute(self._sql["running_count"]).scalar_one()
            due += connection.execute(self._sql["notices_due"], {"now": micros(self._clock.now())}).scalar_one()
            due += connection.execute(self._inbox["waiting_count"]).scalar_one()
            polls = list(connection.scalars(sa.select(cursor.polled_at)))
        return Pulse(None if not polls or None in polls else min(moment for moment in polls if moment), due)

    def tidy(self) -> int:
        """Drop what only served runs under way long ago; how many rows."""
        return self._transaction(forget_signals)

    def idle(self) -> bool:
        """Whether there is nothing to claim and no notice to send now; a look that costs no write lock."""
        now = {"now": micros(self._clock.now())}
        with reading(self._engine) as connection:
            return (
                connection.execute(self._sql["any_due"], now).first() is None
                and connection.execute(self._sql["any_notice"], now).first() is None
            )

    def next_due(self) -> datetime | None:
        """World time at which the next run or notice falls due; None when none is waiting for its time."""
        with reading(self._engine) as connection:
            found = connection.execute(self._sql["next_due"]).scalar_one()
        return None if found is None else instant(found)

    def states(self) -> dict[tuple[str, str], int]:
        """How many runs of each (flow, state) there are."""
        run = tables.run.c
        query = sa.select(run.flow, run.state, sa.func.count()).group_by(run.flow, run.state)
        with reading(self._engine) as connection:
            return {(flow, state): count for flow, state, count in connection.execute(query)}

    def _runs(self, name: str, keys: Sequence[str], parameter: str = "ids") -> list[Run]:
        with reading(self._engine) as connection:
            return [run_of(row) for row in connection.execute(self._sql[name], {parameter: json.dumps(list(keys))})]

    def _by_operator(self, statement: sa.TextClause, values: Mapping[str, Any], action: str, status: str) -> None:
        def work(connection: sa.Connection) -> None:
            connection.execute(statement, dict(values))
            record = Record(
                kind=RecordKind.OPERATOR_ACTION,
                occurred_at=self._clock.now(),
                flow=values["flow"],
                actor=values["actor"],
                status=status,
                body={"action": action, "reason": values["reason"]},
            )
            self._feed.append(connection, [record])

        self._transaction(work)

    def _transaction(self, work: Callable[[sa.Connection], T]) -> T:
        """Run `work` in one transaction, again when PostgreSQL ended it to break a deadlock."""
        while True:
            try:
                with self._engine.begin() as connection:
                    return work(connection)
            except sa.exc.OperationalError as error:
                if getattr(error.orig, "sqlstate", None) != _DEADLOCK:
                    raise


def _why_not(run: Run | None) -> str:
    return "there is no such run" if run is None else f"the run is {run.state.value}: it cannot be cancelled now"
