"""The end of a day: the control totals that stand then are sealed, each day once (X12), and its figures (O3)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, timedelta, tzinfo
from typing import Any, Protocol

from models.domain.clock import Clock


class Sealed(Protocol):
    """What is needed of the journal: which day was sealed last, and to seal the next."""

    def last_day(self) -> date | None: ...

    def seal(self, day: date, totals: Sequence[Mapping[str, Any]]) -> int: ...


class Figures(Protocol):
    """Where the figures of days that are over are sealed."""

    def seal(self, figures: Sequence[Mapping[str, Any]]) -> int: ...


class DayEnd:
    """A day is over once it is in UTC and in the zone of each company. Of the days before the first start nothing is
    sealed; those that passed since while no collector ran are sealed as unwatched, with the next.
    """

    def __init__(self, sealed: Sealed, figures: Figures, clock: Clock, zones: Iterable[tzinfo] = ()) -> None:
        self._sealed, self._figures, self._clock = sealed, figures, clock
        self._zones = (UTC, *zones)
        self._last: date | None = None

    def due(self) -> date | None:
        """The day that has ended and is not sealed yet, if any."""
        now = self._clock.now()
        yesterday = min(now.astimezone(zone).date() for zone in self._zones) - timedelta(days=1)
        if self._last is None:
            self._last = self._sealed.last_day() or yesterday
        return yesterday if yesterday > self._last else None

    def seal(self, day: date, totals: Sequence[Mapping[str, Any]], figures: Sequence[Mapping[str, Any]] = ()) -> None:
        """Seal the day with what stands at its end; another collector may have been quicker."""
        self._sealed.seal(day, totals)
        self._figures.seal(figures)
        self._last = day
