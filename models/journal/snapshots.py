"""What the collector was last sent of each object of each system, so that a snapshot sends only what changed (C4)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from models.domain.clock import Clock
from models.domain.errors import TieoutError
from models.journal import tables
from models.journal.database import reading, wall_now
from models.journal.metadata import instant
from models.journal.statements import insert_many

_EXTRACT = sa.text(
    "insert into extract (system, entity, version, known_at) values (:system, :entity, :version, :known_at) "
    "on conflict do nothing"
)
_UPSERT = sa.text(
    "insert into snapshot (system, entity, system_id, digest, key, legal_entity) "
    "values (:system, :entity, :system_id, :digest, :key, :legal_entity) "
    "on conflict (system, entity, system_id) do update "
    "set digest = excluded.digest, key = excluded.key, legal_entity = excluded.legal_entity"
)
_REMOVE = sa.text("delete from snapshot where system = :system and entity = :entity and system_id = :system_id")


class SnapshotMoved(TieoutError):
    """Another engine changed what is held of an entity since it was read: what is missing here may be there."""

    code = "snapshot-moved"


@dataclass(frozen=True, slots=True)
class Seen:
    """An object as last sent: the digest of its fields, and what a row that reports its absence needs."""

    digest: str
    key: str
    legal_entity: str | None


@dataclass(frozen=True, slots=True)
class Extract:
    """How an entity of a system stands: `version` counts the changes of what is held of it, `taken_at` is the world
    time at which the last extract began, `swept` the wall seconds since the last one that read everything, which made
    `sweep_calls` calls.
    """

    version: int = 0
    taken_at: datetime | None = None
    swept: float | None = None
    sweep_calls: int | None = None


class Snapshots:
    """Rows are kept only after the collector confirmed them, so an unsent change is sent again. Engines share them:
    whoever read an older version than the present one keeps nothing.
    """

    def __init__(self, engine: sa.Engine, clock: Clock) -> None:
        self._engine, self._clock = engine, clock

    def extract(self, system: str, entity: str) -> Extract:
        """How an entity stands; it is known from now on."""
        row = tables.extract.c
        query = sa.select(row.version, row.taken_at, row.swept_at, row.sweep_calls).where(
            row.system == system, row.entity == entity
        )
        with reading(self._engine) as connection:
            found, wall = connection.execute(query).one_or_none(), instant(wall_now(connection))
        if found is not None:
            version, taken_at, swept_at, calls = found
            return Extract(version, taken_at, (wall - swept_at).total_seconds() if swept_at else None, calls)
        with self._engine.begin() as connection:
            values = {"system": system, "entity": entity, "version": 0, "known_at": wall_now(connection)}
            connection.execute(_EXTRACT, values)
        return Extract()

    def seen(self, system: str, entity: str) -> dict[str, Seen]:
        """What was sent of one entity of one system, by system id."""
        row = tables.snapshot.c
        query = sa.select(row.system_id, row.digest, row.key, row.legal_entity).where(
            row.system == system, row.entity == entity
        )
        with reading(self._engine) as connection:
            return {system_id: Seen(*rest) for system_id, *rest in connection.execute(query)}

    def keep(self, system: str, entity: str, version: int, changed: Mapping[str, Seen], gone: Sequence[str]) -> int:
        """The collector has these rows now; the version after it.

        Raises SnapshotMoved when what is held is no longer of `version`; then nothing is kept.
        """
        where = {"system": system, "entity": entity}
        with self._engine.begin() as connection:
            self._moved(connection, system, entity, version)
            insert_many(connection, _UPSERT, [{**where, **_row(name, seen)} for name, seen in changed.items()])
            if gone:
                connection.execute(_REMOVE, [{**where, "system_id": name} for name in gone])
        return version + 1

    def taken(self, system: str, at: Mapping[str, datetime], swept: Mapping[str, int]) -> None:
        """Extracts of these entities, begun at these world times, reached their end; those `swept` read everything, in
        so many calls.
        """
        row = tables.extract
        with self._engine.begin() as connection:
            wall = instant(wall_now(connection))
            for entity, moment in at.items():
                values: dict[str, object] = {"taken_at": moment, "error": None, "failed_at": None}
                values |= {"swept_at": wall, "sweep_calls": swept[entity]} if entity in swept else {}
                there = sa.and_(row.c.system == system, row.c.entity == entity)
                connection.execute(sa.update(row).where(there).values(read_at=wall, **values))

    def failed(self, system: str, entity: str, why: str) -> None:
        """Keep why an entity could not be extracted, and since when."""
        row = tables.extract
        there = sa.and_(row.c.system == system, row.c.entity == entity)
        with self._engine.begin() as connection:
            since = sa.func.coalesce(row.c.failed_at, wall_now(connection))
            connection.execute(sa.update(row).where(there).values(error=why, failed_at=since))

    def _moved(self, connection: sa.Connection, system: str, entity: str, version: int) -> None:
        row = tables.extract
        there = sa.and_(row.c.system == system, row.c.entity == entity, row.c.version == version)
        if not connection.execute(sa.update(row).where(there).values(version=version + 1)).rowcount:
            raise SnapshotMoved(f"{entity} of {system} was extracted by another engine meanwhile: extract it again")


def _row(system_id: str, seen: Seen) -> dict[str, str | None]:
    return {"system_id": system_id, "digest": seen.digest, "key": seen.key, "legal_entity": seen.legal_entity}
