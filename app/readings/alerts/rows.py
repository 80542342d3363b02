"""Alerts; times are UTC by the wall."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Told:
    """One alert on one road. `next_at` is its next attempt, while there is one; `fault` why the last one failed."""

    made_at: datetime
    state: str
    kind: str
    audience: str
    road: str
    title: str
    attempts: int
    fault: str | None
    tried_at: datetime | None
    next_at: datetime | None
    alert_id: str
