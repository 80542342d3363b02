"""Days and periods of a place: which day a moment is in a zone, and which accounting period a day is in (M7).

The one place that knows the shapes of a fiscal year. Marts ask the days that `periods` gives, as a table.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import accumulate
from typing import Literal

Shape = Literal["months", "4-4-5", "4-5-4", "5-4-4"]


@dataclass(frozen=True, slots=True)
class Period:
    """An accounting period: `name` is YYYY-MM, of a fiscal year of weeks its year and number; `last` is included."""

    name: str
    first: date
    last: date


@dataclass(frozen=True, slots=True)
class FiscalYear:
    """How a company divides its years: calendar months, or quarters of so many weeks.

    A year of weeks ends on the last `weekday` (Monday is 0) of `month`; it has 53 of them when the next such day is so
    far away, and the last period is the longer. It is named by the year in which most of it lies.
    """

    shape: Shape = "months"
    month: int = 12
    weekday: int = 5

    def periods(self, first: int, last: int) -> Iterator[Period]:
        """The periods of the years from `first` to `last`, in order."""
        for year in range(first, last + 1):
            yield from _months(year) if self.shape == "months" else self._weeks(year)

    def _weeks(self, year: int) -> Iterator[Period]:
        begin, end = self._end(year - 1) + timedelta(days=1), self._end(year)
        weeks = [int(one) for one in self.shape.split("-")] * 4
        starts = [begin + timedelta(weeks=sum_) for sum_ in accumulate([0, *weeks[:-1]])]
        lasts = [*(start - timedelta(days=1) for start in starts[1:]), end]
        for number, (start, until) in enumerate(zip(starts, lasts, strict=True), 1):
            yield Period(f"{year}-{number:02d}", start, until)

    def _end(self, year: int) -> date:
        """The last day of a fiscal year: in the first half of the calendar it is of the year before."""
        held = year + 1 if self.month <= 6 else year
        last = _month_end(held, self.month)
        return last - timedelta(days=(last.weekday() - self.weekday) % 7)


def _months(year: int) -> Iterator[Period]:
    for month in range(1, 13):
        yield Period(f"{year}-{month:02d}", date(year, month, 1), _month_end(year, month))


def _month_end(year: int, month: int) -> date:
    return (date(year, month, 28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)
