"""The crosswalk: canonical id <-> each system's own id (M2)."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path

import sqlalchemy as sa

from models.domain.clock import Clock
from models.journal.database import reading
from models.journal.metadata import micros
from models.journal.signals import raise_signals
from models.journal.statements import insert_many, statements

_SQL = Path(__file__).with_name("crosswalk.sql")

Link = tuple[str, str, str, str]
"""(system, entity, system id, canonical id)"""


class Crosswalk:
    """A system's id leads to one canonical id; the later link of the same system id counts."""

    def __init__(self, engine: sa.Engine, clock: Clock) -> None:
        self._engine, self._clock = engine, clock
        self._sql = statements(_SQL, engine.dialect.name)

    def link(self, links: Sequence[Link]) -> None:
        """Keep these links; runs that wait for an object that was linked anew wake in the same transaction."""
        with self._engine.begin() as connection:
            self.add(connection, links)

    def add(self, connection: sa.Connection, links: Sequence[Link]) -> None:
        """`link` inside the caller's transaction."""
        if not links:
            return
        now = self._clock.now()
        wanted = dict(
            sorted(((system, entity, system_id), canonical_id) for system, entity, system_id, canonical_id in links)
        )
        known = self._canonical(connection, wanted)
        fresh = [(*name, canonical_id) for name, canonical_id in wanted.items() if known.get(name) != canonical_id]
        if not fresh:
            return
        names = ("system", "entity", "system_id", "canonical_id")
        insert_many(
            connection,
            self._sql["link"],
            [{**dict(zip(names, link, strict=True)), "linked_at": micros(now)} for link in fresh],
        )
        changed = {
            f"{entity}/{name}"
            for system, entity, system_id, canonical_id in fresh
            for name in (canonical_id, f"{system}:{system_id}")
        }
        raise_signals(connection, changed, now)

    def canonical_ids(self, refs: Iterable[tuple[str, str, str]]) -> dict[tuple[str, str, str], str]:
        """Canonical ids by (system, entity, system id), of those that are linked."""
        with reading(self._engine) as connection:
            return self._canonical(connection, refs)

    def named(self, system: str, entity: str) -> dict[str, str]:
        """The canonical id of each object of a system that is linked, by the system's own id."""
        with reading(self._engine) as connection:
            found = connection.execute(self._sql["named"], {"system": system, "entity": entity})
            return {system_id: canonical_id for system_id, canonical_id in found}

    def system_ids(self, names: Iterable[tuple[str, str, str]]) -> dict[tuple[str, str, str], str]:
        """System ids by (system, entity, canonical id); the latest link where a system has several."""
        found: dict[tuple[str, str, str], str] = {}
        with reading(self._engine) as connection:
            for (system, entity), ids in _by_pair(names).items():
                parameters = {"system": system, "entity": entity, "ids": json.dumps(ids)}
                for canonical_id, system_id in connection.execute(self._sql["system_ids"], parameters):
                    found[(system, entity, canonical_id)] = system_id
        return found

    def _canonical(
        self, connection: sa.Connection, refs: Iterable[tuple[str, str, str]]
    ) -> dict[tuple[str, str, str], str]:
        found: dict[tuple[str, str, str], str] = {}
        for (system, entity), ids in _by_pair(refs).items():
            parameters = {"system": system, "entity": entity, "ids": json.dumps(ids)}
            for system_id, canonical_id in connection.execute(self._sql["canonical_ids"], parameters):
                found[(system, entity, system_id)] = canonical_id
        return found


def _by_pair(names: Iterable[tuple[str, str, str]]) -> dict[tuple[str, str], list[str]]:
    grouped: dict[tuple[str, str], list[str]] = {}
    for system, entity, identity in sorted(set(names)):
        grouped.setdefault((system, entity), []).append(identity)
    return grouped
