"""Minutes as hours, so that a rate times hours is the money of those minutes."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.domain.duration import hours_of_minutes


def test_half_hours_stay_as_people_write_them() -> None:
    assert str(hours_of_minutes(Decimal(450))) == "7.50"


def test_thirty_five_minutes_keep_their_cents() -> None:
    assert (hours_of_minutes(Decimal(35)) * 120).quantize(Decimal("0.01")) == Decimal("70.00")


@pytest.mark.req("M6")
@given(minutes=st.integers(1, 24 * 60), rate=st.integers(1, 1000))
def test_no_minute_costs_a_cent(minutes: int, rate: int) -> None:
    exact = Decimal(minutes * rate) / 60
    assert abs(hours_of_minutes(Decimal(minutes)) * rate - exact) < Decimal("0.001")
