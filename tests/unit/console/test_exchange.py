"""The line that says at which exchange rates a page was reckoned."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from app.console.widgets.exchange import rates_line
from app.readings.rates.rows import Rate

AUGUST = datetime(2026, 8, 1, tzinfo=UTC)
SEPTEMBER = datetime(2026, 9, 1, tzinfo=UTC)
EURO = Rate("EUR", Decimal(1), SEPTEMBER)


@pytest.mark.req("M6")
def test_a_rate_that_is_too_old_says_so() -> None:
    rates = [EURO, Rate("GBP", Decimal("1.17045"), SEPTEMBER), Rate("USD", Decimal("0.9213"), AUGUST, stale=True)]
    assert rates_line(rates, "EUR") == (
        "All amounts in EUR, each at the rate of its day; today 1 GBP = 1.1704 EUR, 1 USD = 0.9213 EUR "
        "(rates of 2026-08-01, 2026-09-01). ⚠ Out of date: USD of 2026-08-01."
    )


def test_fresh_rates_carry_no_flag_and_small_ones_keep_their_digits() -> None:
    line = rates_line([EURO, Rate("IDR", Decimal("0.000058401"), SEPTEMBER)], "EUR")
    assert "1 IDR = 0.00005840 EUR" in line and "Out of date" not in line
    assert rates_line([EURO], "EUR") == "All amounts in EUR."
