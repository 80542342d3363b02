"""Heartbeats: what each process, and each part of it, did last; by the database's clock, whichever machine tells."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

import sqlalchemy as sa

from models.domain.beats import Beat
from models.domain.heartbeat import Heartbeat
from models.journal import tables
from models.journal.database import reading, wall_now
from models.journal.metadata import instant

FORGOTTEN = 3600.0
"""Seconds without a word after which a process is forgotten, once another of its role tells."""

_TELL = sa.text(
    "insert into heartbeat (process, part, role, told_at, well_at, allowed_seconds, fault) "
    "values (:process, :part, :role, :told_at, :well_at, :allowed_seconds, :fault) "
    "on conflict (process, part) do update set told_at = excluded.told_at, well_at = excluded.well_at, "
    "allowed_seconds = excluded.allowed_seconds, fault = excluded.fault"
)
_FORGET = sa.text(
    "delete from heartbeat where role = :role "
    "and (process = :process and told_at < :now or process <> :process and told_at < :before)"
)


class HeartbeatReading:
    """The heartbeats, to look at."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine

    def all(self) -> list[Heartbeat]:
        """Every part of every process that is not forgotten, by role, process and part."""
        row = tables.heartbeat.c
        columns = (row.process, row.role, row.part, row.told_at, row.well_at, row.allowed_seconds, row.fault)
        with reading(self._engine) as connection:
            now = instant(wall_now(connection))
            found = connection.execute(sa.select(*columns).order_by(row.role, row.process, row.part)).all()
        return [_heartbeat(now, *one) for one in found]


class Heartbeats(HeartbeatReading):
    """Each process tells its own."""

    def tell(self, process: str, role: str, beats: Iterable[Beat]) -> None:
        """Note how the parts of a process stand; what it does not name has ended."""
        with self._engine.begin() as connection:
            wall = wall_now(connection)
            told = [_row(process, role, wall, beat) for beat in beats]
            if told:
                connection.execute(_TELL, told)
            before = wall - int(FORGOTTEN * 1_000_000)
            connection.execute(_FORGET, {"role": role, "process": process, "now": wall, "before": before})


def _row(process: str, role: str, wall: int, beat: Beat) -> dict[str, object]:
    return {
        "process": process,
        "part": beat.part,
        "role": role,
        "told_at": wall,
        "well_at": None if beat.age is None else wall - int(beat.age * 1_000_000),
        "allowed_seconds": beat.allowed,
        "fault": beat.fault,
    }


def _heartbeat(
    now: datetime,
    process: str,
    role: str,
    part: str,
    told_at: datetime,
    well_at: datetime | None,
    allowed: float,
    fault: str | None,
) -> Heartbeat:
    silent = max(0.0, (now - told_at).total_seconds())
    age = None if well_at is None else max(0.0, (now - well_at).total_seconds())
    return Heartbeat(process, role, part, told_at, well_at, silent, age, allowed, fault)
