"""Snapshots of time entries and expenses, whole or what changed, with what the ledger says of their posting."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from functools import partial
from typing import Any

from integrations.connectors.kantata.client import KantataClient, Rows
from integrations.connectors.kantata.names import Names
from integrations.connectors.kantata.observations import work_observation
from integrations.connectors.kantata.writing import PLURAL, SUBJECT, SUBMISSION
from integrations.connectors.targets import unreadable
from integrations.contracts.connector import Observation
from models.domain.clock import Clock

Raw = Mapping[str, Any]
MANY = 1000
"""Beyond this many changed entries, reading all costs fewer calls than asking for each one's references."""


class Work:
    """The entries of one kind, read by one snapshot at a time."""

    def __init__(self, client: KantataClient, system: str, entity: str, clock: Clock) -> None:
        self._client, self._system, self._entity, self._clock = client, system, entity, clock
        self._plural, self._subject, self._submission = PLURAL[entity], SUBJECT[entity], SUBMISSION[entity]
        self._read_at: datetime | None = None
        self._names = Names()
        self._ids: set[str] = set()
        self._entries: dict[str, set[str]] = {}

    def all(self, names: Names) -> Iterator[Observation]:
        """Every entry there is."""
        began = self._clock.now()
        self._read_at, self._names, self._entries, self._ids = None, names, {}, set()
        rows, ledger = self._client.all(self._plural), self._client.referred(self._subject)
        sent = _by_id(self._client.all(f"{self._submission}s"))
        yield from self._observed(rows, sent, ledger)
        self._read_at = began

    def changed(self, names: Names, since: datetime) -> Iterator[Observation] | None:
        """The entries that changed since, or whose submission or posting did. None where only a reading of everything
        can tell: before the first one, where another engine has read since (what was new then is unknown here), when
        a name behind a reference changed, and when too much changed to ask for each one's references.
        """
        began = self._clock.now()
        if self._read_at is None or since > self._read_at or not names.include(self._names):
            return None
        self._names, moment = names, since.isoformat(timespec="seconds")
        rows = _by_id(self._client.all(self._plural, {"updated_after": moment}))
        sent = _by_id(self._client.all(f"{self._submission}s", {"updated_after": moment}))
        noted = self._client.referred(self._subject, moment)
        touched = {
            *rows,
            *(entry for name in sent for entry in self._entries.get(name, ())),
            *(name for name in noted if name in self._ids),
        }
        if len(touched) > MANY:
            return None
        found = self._touched(touched, rows, sent)
        self._read_at = began
        return found

    def counted(self) -> int:
        """How many entries there are."""
        return self._client.page(self._plural, {"per_page": 1}).count

    def _touched(self, touched: set[str], rows: dict[str, Raw], sent: dict[str, Raw]) -> Iterator[Observation]:
        rows |= self._client.only(self._plural, touched - rows.keys())
        named = {str(row[f"{self._submission}_id"]) for row in rows.values() if row.get(f"{self._submission}_id")}
        sent |= self._client.only(f"{self._submission}s", named - sent.keys())
        return iter(list(self._observed(rows.values(), sent, self._client.references(self._subject, rows))))

    def _observed(
        self, rows: Iterable[Raw], sent: Mapping[str, Raw], ledger: Mapping[str, Rows]
    ) -> Iterable[Observation]:
        for row in rows:
            source_id, submission = str(row.get("id")), str(row.get(f"{self._submission}_id"))
            self._entries.setdefault(submission, set()).add(source_id)
            self._ids.add(source_id)
            yield unreadable(
                self._entity, row, "id", partial(self._observation, sent.get(submission), ledger.get(source_id, []))
            )

    def _observation(self, submission: Raw | None, references: Rows, raw: Raw) -> Observation:
        return work_observation(self._system, self._entity, raw, self._names, submission, references)


def _by_id(rows: Iterable[Raw]) -> dict[str, Raw]:
    return {str(row.get("id")): row for row in rows}
