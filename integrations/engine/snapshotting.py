"""Snapshots: what each system holds now, sent to the collector where it changed since the last time (C4)."""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Mapping
from typing import Any
from uuid import uuid4

import httpx
import orjson

from integrations.contracts.connector import Connector, Observation
from integrations.engine.settled_names import SettledNames
from models.domain.clock import Clock
from models.domain.errors import Retriable
from models.domain.storable import json_text
from models.journal.ports.engine import EnginePort
from models.journal.snapshots import Seen

_ROWS = 5_000
"""Rows in one request: the collector refuses bodies over its limit, and a lost answer repeats no more than this."""


class Snapshotting:
    """Rows are remembered as sent only after the collector answered 200: what it did not confirm goes out again."""

    def __init__(self, journal: EnginePort, clock: Clock, address: str, client: httpx.Client | None = None) -> None:
        self._journal, self._clock, self._address = journal, clock, address
        self._client = client or httpx.Client(timeout=30.0)
        self._seen: dict[tuple[str, str], dict[str, Seen]] = {}

    def take(self, connector: Connector) -> int:
        """Extract every entity of a system and send what changed or is gone; how many rows were sent.

        Raises Retriable when the collector did not confirm, and whatever the connector raises; the next snapshot
        repeats.
        """
        return sum(self._entity(connector, entity) for entity in connector.snapshots)

    def close(self) -> None:
        self._client.close()

    def _entity(self, connector: Connector, entity: str) -> int:
        name = connector.config.name
        seen = self._seen.get((name, entity))
        if seen is None:
            seen = self._seen[(name, entity)] = self._journal.snapshots.seen(name, entity)
        sent, present = 0, set()
        batch: dict[str, tuple[Seen, list[dict[str, Any]]]] = {}
        head = self._head(connector, entity)
        settled = SettledNames(self._journal.crosswalk, name)
        for observation in map(settled.of, connector.snapshot(entity)):
            own = observation.system_id
            present.add(own)
            digest, fields = _digest(observation)
            known, fresh = seen.get(own), Seen(digest, observation.key, observation.legal_entity)
            if known != fresh:
                batch[own] = (fresh, [*_left(head, own, known, fresh), _row(head, own, fresh, fields)])
            if len(batch) >= _ROWS:
                sent += self._send(name, entity, seen, batch, [])
                batch = {}
        gone = sorted(seen.keys() - present)
        for system_id in gone:
            batch[system_id] = (seen[system_id], [_row(head, system_id, seen[system_id], None)])
        return sent + self._send(name, entity, seen, batch, gone)

    def _head(self, connector: Connector, entity: str) -> dict[str, Any]:
        config = connector.config
        return {
            "observed_at": self._clock.now().isoformat(),
            "snapshot_id": uuid4().hex,
            "system": config.name,
            "role": config.role,
            "entity": entity,
        }

    def _send(
        self,
        system: str,
        entity: str,
        seen: dict[str, Seen],
        batch: Mapping[str, tuple[Seen, list[dict[str, Any]]]],
        gone: list[str],
    ) -> int:
        if not batch:
            return 0
        lines = "\n".join(json_text(row) for _, rows in batch.values() for row in rows)
        body = gzip.compress(lines.encode(), 1)
        self._post(body)
        absent = set(gone)
        changed = {name: fresh for name, (fresh, _) in batch.items() if name not in absent}
        self._journal.snapshots.keep(system, entity, changed, gone)
        seen.update(changed)
        for name in gone:
            seen.pop(name, None)
        return len(batch)

    def _post(self, body: bytes) -> None:
        headers = {"content-type": "application/x-ndjson", "content-encoding": "gzip"}
        try:
            answer = self._client.post(self._address, content=body, headers=headers)
        except httpx.HTTPError as error:
            raise Retriable(
                f"the collector at {self._address} did not answer ({error}): is `tieout collect` running?"
            ) from error
        if answer.status_code != 200:
            raise Retriable(f"the collector at {self._address} answered {answer.status_code}: {answer.text[:200]}")


def _digest(observation: Observation) -> tuple[str, dict[str, Any]]:
    content = json_text(dict(observation.fields), orjson.OPT_SORT_KEYS)
    return hashlib.sha256(content.encode()).hexdigest(), dict(observation.fields)


def _left(head: Mapping[str, Any], system_id: str, known: Seen | None, fresh: Seen) -> list[dict[str, Any]]:
    """A tombstone under the key that an object has left: who asks for that key hears that it is gone."""
    return [_row(head, system_id, known, None)] if known and known.key != fresh.key else []


def _row(head: Mapping[str, Any], system_id: str, seen: Seen, fields: Mapping[str, Any] | None) -> dict[str, Any]:
    return {
        **head,
        "system_id": system_id,
        "key": seen.key,
        "legal_entity": seen.legal_entity,
        "present": fields is not None,
        "digest": seen.digest,
        "fields": fields or {},
    }
