"""Calls of connected systems by wall day (UTC): how many all engines made, and what vendors say of quotas (S10)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

import sqlalchemy as sa

from models.journal import tables
from models.journal.database import reading, wall_now
from models.journal.metadata import instant

_COUNT = sa.text(
    "insert into call_day (system, day, calls, used, allowed, told_at) "
    "values (:system, :day, :calls, :used, :allowed, :told_at) "
    "on conflict (system, day) do update set calls = call_day.calls + excluded.calls, "
    "used = coalesce(excluded.used, call_day.used), allowed = coalesce(excluded.allowed, call_day.allowed), "
    "told_at = coalesce(excluded.told_at, call_day.told_at)"
)


@dataclass(frozen=True, slots=True)
class CallDay:
    """A day of one system: `calls` were made; the vendor counted `used` of `allowed` when it told last, if it does."""

    system: str
    day: str
    calls: int
    used: int | None = None
    allowed: int | None = None
    told_at: datetime | None = None

    def left(self, daily_calls: int = 0) -> int | None:
        """Calls that may still be made: by the vendor's word, else of `daily_calls` (0: no limit is known, so None)."""
        if self.allowed is not None:
            return max(0, self.allowed - (self.used or 0))
        return max(0, daily_calls - self.calls) if daily_calls else None


class CallReading:
    """The calls of today, to look at."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine

    def today(self) -> dict[str, CallDay]:
        """Each system that was called today; a day is the database's, in UTC."""
        row = tables.call_day.c
        columns = (row.system, row.day, row.calls, row.used, row.allowed, row.told_at)
        with reading(self._engine) as connection:
            query = sa.select(*columns).where(row.day == _day(connection)).order_by(row.system)
            return {found.system: CallDay(*found) for found in connection.execute(query)}


class Calls(CallReading):
    """Counted by every engine into one row a system and day."""

    def note(self, made: Mapping[str, tuple[int, int | None, int | None]]) -> None:
        """Add calls by system, with what its vendor said of (used, allowed), if it did."""
        if not made:
            return
        with self._engine.begin() as connection:
            day, wall = _day(connection), wall_now(connection)
            for system, (calls, used, allowed) in sorted(made.items()):
                values = {"system": system, "day": day, "calls": calls, "used": used, "allowed": allowed}
                connection.execute(_COUNT, {**values, "told_at": None if allowed is None else wall})


def _day(connection: sa.Connection) -> str:
    return instant(wall_now(connection)).astimezone(UTC).date().isoformat()
