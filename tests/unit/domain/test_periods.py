"""Which day a moment is, and which period a day."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as some

from models.domain.periods import FiscalYear

SHAPES = [
    FiscalYear(),
    *(
        FiscalYear(shape, month, day)
        for shape in ("4-4-5", "4-5-4", "5-4-4")
        for month in (1, 6, 9, 12)
        for day in (5, 6)
    ),
]


@pytest.mark.req("M7")
@pytest.mark.parametrize("year", SHAPES, ids=str)
def test_every_day_is_in_exactly_one_period_and_a_year_has_twelve(year: FiscalYear) -> None:
    found = list(year.periods(2019, 2032))
    assert len(found) == 14 * 12 == len({period.name for period in found})
    for before, after in pairwise(found):
        assert after.first == before.last + timedelta(days=1) and after.name > before.name
    if year.shape != "months":
        assert all((period.last - period.first).days + 1 in (28, 35, 42) for period in found)
        assert {period.last.weekday() for period in found} == {year.weekday}


@pytest.mark.req("M7")
def test_a_year_of_52_weeks_and_one_of_53() -> None:
    """Ends on the last Saturday of December: 2022 is the longer one."""
    year = FiscalYear("4-4-5")
    assert [(one.first, one.last) for one in year.periods(2026, 2026)][:3] == [
        (date(2025, 12, 28), date(2026, 1, 24)),
        (date(2026, 1, 25), date(2026, 2, 21)),
        (date(2026, 2, 22), date(2026, 3, 28)),
    ]
    lengths = {y: [(one.last - one.first).days // 7 + 1 for one in year.periods(y, y)][-1] for y in (2021, 2022, 2023)}
    assert lengths == {2021: 5, 2022: 6, 2023: 5}


@given(some.dates(date(2019, 1, 7), date(2032, 12, 1)), some.sampled_from(SHAPES))
def test_the_name_of_a_period_is_near_the_calendar(day: date, year: FiscalYear) -> None:
    named = [one.name for one in year.periods(2017, 2034) if one.first <= day <= one.last]
    assert len(named) == 1 and abs(int(named[0][:4]) - day.year) <= 1
