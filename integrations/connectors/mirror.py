"""What a snapshot showed last, so that the next one reads only what changed since: a big entity is not read whole each
time.

A deletion leaves no changed row behind: the vendor's own count says whether one happened, and then all is read again.
Each 60th snapshot reads all anyway, for what changes without a trace (a name behind a reference). A snapshot has to
show every object, since what it leaves out counts as deleted, so the contents are held: as JSON, which takes half of
the objects' memory.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Lock

import orjson

from integrations.contracts.connector import Observation
from models.domain.storable import json_text

WHOLE_EVERY = 60
LATE = timedelta(seconds=120)
"""How far before the last change seen the next reading begins: a source's stamps need not come in order."""


@dataclass(slots=True)
class Mirror:
    """Observations of one entity by the vendor's id. One reader at a time holds the lock."""

    _held: dict[str, tuple[str, str, str | None, bytes]] = field(default_factory=dict)
    """By the vendor's id: entity, key, legal entity and the fields as JSON."""
    high: datetime | None = None
    lock: Lock = field(default_factory=Lock)
    _turn: int = 0

    def since(self) -> datetime | None:
        """From when to read what changed; None says that all is to be read. Each call is one snapshot's turn."""
        self._turn = (self._turn + 1) % WHOLE_EVERY
        return self.high - LATE if self.high and self._turn != 0 else None

    def __len__(self) -> int:
        return len(self._held)

    def __contains__(self, system_id: str) -> bool:
        return system_id in self._held

    def shown(self) -> Iterator[Observation]:
        """Every observation as of this call, made one at a time as it is asked for, with or without the lock."""
        return _unpacked(list(self._held.items()))

    def take(self, observations: Iterable[Observation], changed: Iterable[datetime | None]) -> None:
        """Add or replace what was read; `changed` are the moments that the rows were changed at."""
        self._held.update(
            (one.system_id, (one.entity, one.key, one.legal_entity, _packed(one))) for one in observations
        )
        self.high = max((at for at in (self.high, *changed) if at is not None), default=None)

    def renew(self, observations: Iterable[Observation], changed: Iterable[datetime | None]) -> None:
        """Hold what was read and nothing else."""
        self._held, self.high = {}, None
        self.take(observations, changed)


def _packed(observation: Observation) -> bytes:
    # Copied, since the bytes that the encoder hands out keep its whole buffer of several KiB.
    return bytes(memoryview(json_text(dict(observation.fields)).encode()))


def _unpacked(held: Iterable[tuple[str, tuple[str, str, str | None, bytes]]]) -> Iterator[Observation]:
    for system_id, (entity, key, legal_entity, content) in held:
        yield Observation(entity, system_id, key, orjson.loads(content), legal_entity)
