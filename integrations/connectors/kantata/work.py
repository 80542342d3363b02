"""Snapshots of time entries and expenses: read whole at first, then what changed, with what the ledger says of its
posting.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from functools import partial
from typing import Any

from integrations.connectors.kantata.client import KantataClient, Rows
from integrations.connectors.kantata.names import Names
from integrations.connectors.kantata.observations import work_observation
from integrations.connectors.kantata.writing import PLURAL, SUBJECT, SUBMISSION
from integrations.connectors.mirror import Mirror
from integrations.connectors.rows import Row
from integrations.connectors.targets import unreadable
from integrations.contracts.connector import Observation
from models.domain.errors import Unmappable

Raw = Mapping[str, Any]
MANY = 1000
"""Beyond this many changed entries, reading all costs fewer calls than asking for each one's references."""


class Work:
    """The entries of one kind as last shown. Thread-safe."""

    def __init__(self, client: KantataClient, system: str, entity: str) -> None:
        self._client, self._system, self._entity = client, system, entity
        self._plural, self._subject, self._submission = PLURAL[entity], SUBJECT[entity], SUBMISSION[entity]
        self._mirror, self._names = Mirror(), Names()
        self._entries: dict[str, set[str]] = {}

    def all(self, names: Names) -> Iterator[Observation]:
        """Every entry there is."""
        with self._mirror.lock:
            since = self._mirror.since() if names.include(self._names) else None
            self._names = names
            if since is None or not self._caught_up(since.isoformat(timespec="seconds")):
                self._read_all()
            return self._mirror.shown()

    def _caught_up(self, since: str) -> bool:
        """Read what changed, and say whether that leaves everything as the vendor has it."""
        rows = {str(row.get("id")): row for row in self._client.all(self._plural, {"updated_after": since})}
        sent = {str(row.get("id")): row for row in self._client.all(f"{self._submission}s", {"updated_after": since})}
        noted = self._client.referred(self._subject, since)
        touched = {
            *rows,
            *(entry for name in sent for entry in self._entries.get(name, ())),
            *(name for name in noted if name in self._mirror),
        }
        if len(touched) > MANY:
            return False
        rows |= self._client.only(self._plural, touched - rows.keys())
        missing = {
            str(row[f"{self._submission}_id"]) for row in rows.values() if row.get(f"{self._submission}_id")
        } - sent.keys()
        sent |= self._client.only(f"{self._submission}s", missing)
        ledger = self._client.references(self._subject, rows)
        self._mirror.take(
            self._observed(rows.values(), sent, ledger), _moments(rows.values(), sent.values(), *noted.values())
        )
        return self._client.page(self._plural, {"per_page": 1}).count == len(self._mirror)

    def _read_all(self) -> None:
        rows, ledger = list(self._client.all(self._plural)), self._client.referred(self._subject)
        sent = {str(row.get("id")): row for row in self._client.all(f"{self._submission}s")}
        self._entries = {}
        self._mirror.renew(self._observed(rows, sent, ledger), _moments(rows, sent.values(), *ledger.values()))

    def _observed(
        self, rows: Iterable[Raw], sent: Mapping[str, Raw], ledger: Mapping[str, Rows]
    ) -> Iterable[Observation]:
        for row in rows:
            source_id, submission = str(row.get("id")), str(row.get(f"{self._submission}_id"))
            self._entries.setdefault(submission, set()).add(source_id)
            yield unreadable(
                self._entity, row, "id", partial(self._observation, sent.get(submission), ledger.get(source_id, []))
            )

    def _observation(self, submission: Raw | None, references: Rows, raw: Raw) -> Observation:
        return work_observation(self._system, self._entity, raw, self._names, submission, references)


def _moments(*groups: Iterable[Raw]) -> Iterable[datetime | None]:
    for group in groups:
        for row in group:
            try:
                yield Row(row, sparse=True).opt_instant("updated_at")
            except Unmappable:
                # The row itself is shown as unreadable; it cannot move the mark.
                yield None
