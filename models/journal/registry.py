"""The registry: every canonical object as last learnt, with the identity keys that find its duplicates (M2)."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import orjson
import sqlalchemy as sa

from models.domain.clock import Clock
from models.domain.outcomes import Fact
from models.journal.database import reading
from models.journal.metadata import micros
from models.journal.sealing import keys_of, text_of, value_of
from models.journal.signals import raise_signals
from models.journal.statements import insert_many, statements
from models.keys.keyring import Keyring

_SQL = Path(__file__).with_name("registry.sql")


class Registry:
    """Look-ups by canonical id or identity key, many at a time."""

    def __init__(self, engine: sa.Engine, clock: Clock) -> None:
        self._engine, self._clock = engine, clock
        self._sql = statements(_SQL, engine.dialect.name)

    def learn(self, facts: Sequence[Fact]) -> None:
        """Keep these facts; runs that wait for one that changed wake in the same transaction."""
        with self._engine.begin() as connection:
            self.add(connection, facts)

    def add(self, connection: sa.Connection, facts: Sequence[Fact]) -> None:
        """`learn` inside the caller's transaction; the last fact about an object counts."""
        latest = {(fact.entity, fact.canonical_id): fact for fact in facts}
        if not latest:
            return
        now = self._clock.now()
        rows = {name: _row(fact, micros(now), keys_of(connection)) for name, fact in sorted(latest.items())}
        known = self._digests(connection, rows)
        changed = [row for name, row in rows.items() if known.get(name) != row["digest"]]
        keys = [
            {"entity": fact.entity, "identity": key, "canonical_id": fact.canonical_id}
            for _, fact in sorted(latest.items())
            for key in sorted(set(fact.match_keys))
        ]
        insert_many(connection, self._sql["learn"], changed)
        insert_many(connection, self._sql["identify"], keys)
        woken = {f"{row['entity']}/{row['canonical_id']}" for row in changed}
        changed_names = {(row["entity"], row["canonical_id"]) for row in changed}
        woken |= {
            f"{key['entity']}/{key['identity']}"
            for key in keys
            if (key["entity"], key["canonical_id"]) in changed_names
        }
        raise_signals(connection, woken, now)

    def known(self, names: Iterable[tuple[str, str]]) -> dict[tuple[str, str], Mapping[str, Any]]:
        """Bodies by (entity, canonical id), of those that are known."""
        wanted = set(names)
        found: dict[tuple[str, str], Mapping[str, Any]] = {}
        with reading(self._engine) as connection:
            for entity, ids in _by_first(wanted).items():
                rows = connection.execute(self._sql["known"], {"entity": entity, "ids": json.dumps(ids)})
                keys = keys_of(connection)
                found.update({(entity, canonical_id): value_of(keys, body) for canonical_id, body in rows})
        return found

    def matches(self, names: Iterable[tuple[str, str]]) -> dict[tuple[str, str], list[str]]:
        """Canonical ids by (entity, identity key), in order; absent where nothing matches."""
        found: dict[tuple[str, str], list[str]] = {}
        with reading(self._engine) as connection:
            for entity, keys in _by_first(set(names)).items():
                for identity, canonical_id in connection.execute(
                    self._sql["matches"], {"entity": entity, "keys": json.dumps(keys)}
                ):
                    found.setdefault((entity, identity), []).append(canonical_id)
        return found

    def _digests(self, connection: sa.Connection, names: Iterable[tuple[str, str]]) -> dict[tuple[str, str], str]:
        return {
            (entity, canonical_id): digest
            for entity, ids in _by_first(set(names)).items()
            for canonical_id, digest in connection.execute(
                self._sql["digests"], {"entity": entity, "ids": json.dumps(ids)}
            )
        }


def _row(fact: Fact, now: int, keys: Keyring | None) -> dict[str, Any]:
    body = text_of(keys, dict(fact.body), f"{fact.entity}:{fact.canonical_id}", orjson.OPT_SORT_KEYS)
    digest = hashlib.sha256(body.encode()).hexdigest()
    return {
        "entity": fact.entity,
        "canonical_id": fact.canonical_id,
        "body": body,
        "digest": digest,
        "changed_at": now,
    }


def _by_first(names: set[tuple[str, str]]) -> dict[str, list[str]]:
    grouped: dict[str, list[str]] = {}
    for first, second in sorted(names):
        grouped.setdefault(first, []).append(second)
    return grouped
