"""Which exchange rates stand behind figures in the reporting currency."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from app.readings.rates.rows import Rate


def rates_line(rates: Sequence[Rate], currency: str) -> str:
    """That money is converted at the rate of its day, with today's rates, and which of them are too old."""
    others = [row for row in rates if row.currency != currency]
    if not others:
        return f"All amounts in {currency}."
    listed = ", ".join(f"1 {row.currency} = {_digits(row.rate)} {currency}" for row in others)
    days = sorted({f"{row.as_of:%Y-%m-%d}" for row in others})
    said = f"All amounts in {currency}, each at the rate of its day; today {listed} (rates of {', '.join(days)})."
    old = [f"{row.currency} of {row.as_of:%Y-%m-%d}" for row in others if row.stale]
    return f"{said} ⚠ Out of date: {', '.join(old)}." if old else said


def _digits(rate: Decimal) -> str:
    """Four decimals, or of a small rate four digits."""
    return f"{rate:.4f}" if rate >= Decimal("0.1") else f"{rate:.4g}"
