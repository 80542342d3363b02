"""When each stream and each extract was last read, and since when it fails; `streams` and `extracts` show it in SQL."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa

from models.journal import tables
from models.journal.database import reading

FAILING = timedelta(minutes=5)
"""How long a stream may fail before somebody is told: most faults pass."""
RESTING = 7200.0
"""Seconds that a stream may go unread, where its system's policy says nothing else."""


@dataclass(frozen=True, slots=True)
class Freshness:
    """One stream or extract of a system; wall times, None: never."""

    system: str
    name: str
    error: str | None
    known_at: datetime | None
    read_at: datetime | None
    failed_at: datetime | None

    def stale(self, now: datetime, allowed: float = RESTING) -> bool:
        """Whether somebody must be told, as the detector `stale_stream` does; it may rest `allowed` seconds."""
        known = self.read_at or self.known_at
        return _before(self.failed_at, now - FAILING) or _before(known, now - timedelta(seconds=allowed))


class FreshnessReading:
    """The age of everything that is read from connected systems."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine

    def all(self) -> list[Freshness]:
        """Every stream and extract, by system and name."""
        found = []
        with reading(self._engine) as connection:
            for table, name in ((tables.cursor.c, "stream"), (tables.extract.c, "entity")):
                query = sa.select(
                    table.system, table[name], table.error, table.known_at, table.read_at, table.failed_at
                )
                found += [Freshness(*row) for row in connection.execute(query)]
        return sorted(found, key=lambda one: (one.system, one.name))

    def stale(self, levels: Mapping[str, float]) -> list[Freshness]:
        """What somebody must be told of now; `levels` are the seconds that each system's may rest."""
        now = datetime.now(UTC)
        return [one for one in self.all() if one.stale(now, self.allowed(one.system, levels))]

    def allowed(self, system: str, levels: Mapping[str, float]) -> float:
        """The seconds that what is read of a system may rest."""
        return levels.get(system, RESTING)


def _before(moment: datetime | None, limit: datetime) -> bool:
    return moment is not None and moment < limit
