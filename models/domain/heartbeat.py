"""A part of a process as its last word left it, and how old that is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """One part of a process when it was looked at: `silent` seconds since the process told, `age` seconds since the
    part was well (None: never), `allowed` seconds that it may be.
    """

    process: str
    role: str
    part: str
    told_at: datetime
    well_at: datetime | None
    silent: float
    age: float | None
    allowed: float
    fault: str | None

    @property
    def overdue(self) -> bool:
        """Whether the part had not been well for longer than it may when its process told."""
        return self.well_at is None or (self.told_at - self.well_at).total_seconds() > self.allowed
