"""What the collector was last sent of each object of each system, so that a snapshot sends only what changed (C4)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from models.domain.clock import Clock
from models.journal import tables
from models.journal.database import reading


@dataclass(frozen=True, slots=True)
class Seen:
    """An object as last sent: the digest of its fields, and what a row that reports its absence needs."""

    digest: str
    key: str
    legal_entity: str | None


class Snapshots:
    """Rows are kept only after the collector confirmed them, so an unsent change is sent again."""

    def __init__(self, engine: sa.Engine, clock: Clock) -> None:
        self._engine, self._clock = engine, clock

    def seen(self, system: str, entity: str) -> dict[str, Seen]:
        """What was sent of one entity of one system, by system id."""
        row = tables.snapshot.c
        query = sa.select(row.system_id, row.digest, row.key, row.legal_entity).where(
            row.system == system, row.entity == entity
        )
        with reading(self._engine) as connection:
            return {
                system_id: Seen(digest, key, legal_entity)
                for system_id, digest, key, legal_entity in connection.execute(query)
            }

    def keep(self, system: str, entity: str, changed: Mapping[str, Seen], gone: Sequence[str]) -> None:
        """The collector has these rows now."""
        upsert = sa.text(
            "insert into snapshot (system, entity, system_id, digest, key, legal_entity) "
            "values (:system, :entity, :system_id, :digest, :key, :legal_entity) "
            "on conflict (system, entity, system_id) do update "
            "set digest = excluded.digest, key = excluded.key, legal_entity = excluded.legal_entity"
        )
        remove = sa.text("delete from snapshot where system = :system and entity = :entity and system_id = :system_id")
        where = {"system": system, "entity": entity}
        with self._engine.begin() as connection:
            if changed:
                rows = [
                    {
                        **where,
                        "system_id": name,
                        "digest": seen.digest,
                        "key": seen.key,
                        "legal_entity": seen.legal_entity,
                    }
                    for name, seen in changed.items()
                ]
                connection.execute(upsert, rows)
            if gone:
                connection.execute(remove, [{**where, "system_id": name} for name in gone])
