"""How the connected systems stand, to look at; `models.journal.throttle` moves them (S7, E3)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from models.domain.clock import Clock
from models.journal import tables
from models.journal.database import reading


@dataclass(frozen=True, slots=True)
class Circuit:
    """How a system stands: `held_until` it asked us to wait; an open circuit lets one probe through at `probe_at`."""

    system: str
    state: str = "closed"
    failures: int = 0
    held_until: datetime | None = None
    probe_at: datetime | None = None
    reason: str | None = None


class Circuits:
    """How the systems stand, to look at."""

    def __init__(self, engine: sa.Engine, clock: Clock) -> None:
        self._engine, self._clock = engine, clock

    def circuits(self) -> dict[str, Circuit]:
        """Every known system's circuit."""
        row = tables.throttle.c
        query = sa.select(row.system, row.circuit, row.failures, row.held_until, row.probe_at, row.reason)
        with reading(self._engine) as connection:
            return {found.system: Circuit(*found) for found in connection.execute(query)}
