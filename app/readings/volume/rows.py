"""What came of flows beside what was to be expected. Times are UTC; counts are of events taken in, or of runs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Volume:
    """One flow from one system, as `mart_volume` tells it: all of it where it is the `whole`, else that of a company.

    `state` is silent, few, usual or learning, and rests where the catalogue lets the flow rest. `came`, `expected`,
    `low` and `high` are of the 24 whole hours before `until_at`; `missed…` of the hours since the last arrival.
    """

    flow: str
    system: str
    instance: str
    legal_entity: str
    whole: bool
    zone: str
    state: str
    first_at: datetime
    last_at: datetime
    until_at: datetime | None
    came: int
    expected: float | None
    low: float | None
    high: float | None
    weeks: int
    missed: float | None
    missed_low: float | None
    missed_high: float | None
    missed_from: datetime | None
    missed_until: datetime | None
    confidence: float | None


@dataclass(frozen=True, slots=True)
class VolumeHour:
    """One hour of one flow from one system: what came, and what is usual then (half, a tenth and nine tenths of such
    hours brought no more); nothing is told of days of rest, and where too little is known.
    """

    hour: datetime
    came: int
    expected: float | None
    low: float | None
    high: float | None
