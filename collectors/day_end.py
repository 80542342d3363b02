"""The end of a day: the control totals that stand then are sealed, each company's day once (X12, M7), and its figures
(O3).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, timedelta, tzinfo
from types import MappingProxyType
from typing import Any, Protocol

from models.domain.clock import Clock

OTHERS = ""
"""What is of no company that the catalogue names: its days are UTC's."""


class Sealed(Protocol):
    """What is needed of the journal: which day of a company was sealed last, and to seal the next."""

    def last_day(self, company: str) -> date | None: ...

    def seal(
        self, day: date, totals: Sequence[Mapping[str, Any]], company: str, companies: Callable[[str | None], str]
    ) -> int: ...


class Figures(Protocol):
    """Where the figures of days that are over are sealed."""

    def seal(self, figures: Sequence[Mapping[str, Any]]) -> int: ...


class DayEnd:
    """A company's day is over at midnight in its zone, whatever the others' clocks say; the firm's figures are of a day
    that is over for all of its companies. Of the days before the first start nothing is sealed; those that passed since
    while no collector ran are sealed as unwatched, with the next.
    """

    def __init__(
        self, sealed: Sealed, figures: Figures, clock: Clock, zones: Mapping[str, tzinfo] = MappingProxyType({})
    ) -> None:
        self._sealed, self._figures, self._clock = sealed, figures, clock
        self._companies = dict(zones)
        self._last: dict[str, date] = {}

    def due(self) -> Mapping[str, date]:
        """Of each company the day that has ended and is not sealed yet, if any."""
        ended = {company: self._yesterday(zone) for company, zone in {**self._companies, OTHERS: UTC}.items()}
        for company, yesterday in ended.items():
            if company not in self._last:
                self._last[company] = self._sealed.last_day(company) or yesterday
        return {company: day for company, day in ended.items() if day > self._last[company]}

    def over(self) -> date:
        """The last day that is over for every company."""
        return min(self._yesterday(zone) for zone in self._companies.values() or (UTC,))

    def seal(
        self,
        days: Mapping[str, date],
        totals: Sequence[Mapping[str, Any]],
        figures: Sequence[Mapping[str, Any]] = (),
    ) -> None:
        """Seal these days with what stands at their end; another collector may have been quicker."""
        for company, day in days.items():
            self._sealed.seal(day, totals, company, self._of)
            self._last[company] = day
        self._figures.seal(figures)

    def _yesterday(self, zone: tzinfo) -> date:
        return self._clock.now().astimezone(zone).date() - timedelta(days=1)

    def _of(self, legal_entity: str | None) -> str:
        return legal_entity if legal_entity in self._companies else OTHERS
