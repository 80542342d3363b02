"""Runs as readers see them: nothing here moves one."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from models.domain.clock import Clock
from models.journal import tables
from models.journal.database import reading
from models.journal.inbox import waiting_count
from models.journal.metadata import instant, micros
from models.journal.runs.run import PausedFlow, Run, run_of
from models.journal.sealing import keys_of, value_of
from models.journal.statements import statements

_SQL = Path(__file__).with_name("reading.sql")


@dataclass(frozen=True, slots=True)
class Pulse:
    """`polled_at`: world time since which every source was read to its end (None: some never was); `due`: runs, notices
    and received items that somebody should be working on now.
    """

    polled_at: datetime | None
    due: int


class RunReading:
    """Each answer is of one moment, and waits for no writer."""

    def __init__(self, engine: sa.Engine, clock: Clock) -> None:
        self._engine, self._clock = engine, clock

    def get(self, run_id: str) -> Run | None:
        """One run by its id."""
        return next(iter(self.by_ids([run_id])), None)

    def by_ids(self, run_ids: Sequence[str]) -> list[Run]:
        """Runs by their ids, in order of admission; unknown ids are left out."""
        with reading(self._engine) as connection:
            return runs_by_ids(connection, run_ids)

    def by_keys(self, business_keys: Sequence[str]) -> list[Run]:
        """Every run about these business facts, in order of admission."""
        with reading(self._engine) as connection:
            return runs_about(connection, business_keys)

    def origins(self, runs: Sequence[Run]) -> dict[str, Mapping[str, Any]]:
        """The CloudEvents that began these runs, by run id."""
        with reading(self._engine) as connection:
            return origins(connection, runs)

    def pulse(self) -> Pulse:
        """How far the sources were read and how much is due now."""
        now, cursor = {"now": micros(self._clock.now())}, tables.cursor.c
        with reading(self._engine) as connection:
            sql = statements(_SQL, connection.dialect.name)
            due = connection.execute(sql["due_count"], now).scalar_one()
            due += connection.execute(sql["running_count"]).scalar_one()
            due += connection.execute(sql["notices_due"], now).scalar_one()
            due += waiting_count(connection)
            polls = list(connection.scalars(sa.select(cursor.polled_at)))
        return Pulse(None if not polls or None in polls else min(moment for moment in polls if moment), due)

    def idle(self) -> bool:
        """Whether there is nothing to claim and no notice to send now; a look that costs no write lock."""
        now = {"now": micros(self._clock.now())}
        with reading(self._engine) as connection:
            sql = statements(_SQL, connection.dialect.name)
            return all(connection.execute(sql[name], now).first() is None for name in ("any_due", "any_notice"))

    def next_due(self) -> datetime | None:
        """World time at which the next run or notice falls due; None when none is waiting for its time."""
        with reading(self._engine) as connection:
            found = connection.execute(statements(_SQL, connection.dialect.name)["next_due"]).scalar_one()
        return None if found is None else instant(found)

    def states(self) -> dict[tuple[str, str], int]:
        """How many runs of each (flow, state) there are."""
        run = tables.run.c
        query = sa.select(run.flow, run.state, sa.func.count()).group_by(run.flow, run.state)
        with reading(self._engine) as connection:
            return {(flow, state): count for flow, state, count in connection.execute(query)}

    def paused(self) -> list[PausedFlow]:
        """The flows that a person paused, the longest first."""
        state = tables.flow_state
        with reading(self._engine) as connection:
            rows = connection.execute(sa.select(state).order_by(state.c.paused_at, state.c.flow)).mappings()
            return [PausedFlow(**row) for row in rows]


def runs_by_ids(connection: sa.Connection, run_ids: Sequence[str]) -> list[Run]:
    """Runs by their ids, in order of admission."""
    by_ids = statements(_SQL, connection.dialect.name)["by_ids"]
    return _runs(connection, by_ids, {"ids": json.dumps(list(run_ids))})


def runs_about(connection: sa.Connection, business_keys: Iterable[str]) -> list[Run]:
    """Every run about these business facts, in order of admission."""
    about = statements(_SQL, connection.dialect.name)["about"]
    return _runs(connection, about, {"keys": json.dumps(sorted(set(business_keys)))})


def _runs(connection: sa.Connection, sql: sa.TextClause, values: Mapping[str, Any]) -> list[Run]:
    keys = keys_of(connection)
    return [run_of(row, keys) for row in connection.execute(sql, values)]


def event_bodies(connection: sa.Connection, source: str, event_ids: Iterable[str]) -> dict[str, Mapping[str, Any]]:
    """The CloudEvents of a source by their ids, as they came."""
    keys = keys_of(connection)
    return {name: value_of(keys, text) for name, text in stored_bodies(connection, source, event_ids).items()}


def stored_bodies(connection: sa.Connection, source: str, event_ids: Iterable[str]) -> dict[str, str]:
    """The same as they lie here, sealed."""
    events = statements(_SQL, connection.dialect.name)["events"]
    found = connection.execute(events, {"source": source, "ids": json.dumps(sorted(set(event_ids)))})
    return {row.event_id: row.body for row in found}


def origins(connection: sa.Connection, runs: Sequence[Run]) -> dict[str, Mapping[str, Any]]:
    """The CloudEvents that began these runs, by run id; the event of a row that was asked for again is forgotten."""
    bodies = {
        (source, event_id): body
        for source in sorted({run.event_source for run in runs})
        for event_id, body in event_bodies(
            connection, source, (run.event_id for run in runs if run.event_source == source)
        ).items()
    }
    return {run.run_id: bodies[key] for run in runs if (key := (run.event_source, run.event_id)) in bodies}
