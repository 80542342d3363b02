"""What a snapshot showed last, so that the next one reads only what changed since: a big entity is not read whole each time.

A deletion leaves no changed row behind: the vendor's own count says whether one happened, and then all is read again. Each
60th snapshot reads all anyway, for what changes without a trace (a name behind a reference).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Lock

from integrations.contracts.connector import Observation

WHOLE_EVERY = 60
LATE = timedelta(seconds=120)
"""How far before the last change seen the next reading begins: a source's stamps need not come in order."""


@dataclass(slots=True)
class Mirror:
    """Observations of one entity by the vendor's id. One reader at a time holds the lock."""

    shown: dict[str, Observation] = field(default_factory=dict)
    high: datetime | None = None
    lock: Lock = field(default_factory=Lock)
    _turn: int = 0

    def since(self) -> datetime | None:
        """From when to read what changed; None says that all is to be read. Each call is one snapshot's turn."""
        self._turn = (self._turn + 1) % WHOLE_EVERY
        return self.high - LATE if self.high and self._turn != 0 else None

    def take(self, observations: Iterable[Observation], changed: Iterable[datetime | None]) -> None:
        """Add or replace what was read; `changed` are the moments that the rows were changed at."""
        self.shown.update((one.system_id, one) for one in observations)
        self.high = max((at for at in (self.high, *changed) if at is not None), default=None)

    def renew(self, observations: Iterable[Observation], changed: Iterable[datetime | None]) -> None:
        """Hold what was read and nothing else."""
        self.shown, self.high = {}, None
        self.take(observations, changed)
