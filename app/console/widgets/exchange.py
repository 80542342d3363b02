"""Which exchange rates stand behind figures in the reporting currency."""

from __future__ import annotations

from collections.abc import Sequence

from app.readings.rates.rows import Rate


def rates_line(rates: Sequence[Rate], currency: str) -> str:
    """Which exchange rates stand behind the figures."""
    others = [row for row in rates if row.currency != currency]
    if not others:
        return f"All amounts in {currency}."
    listed = ", ".join(f"1 {row.currency} = {row.rate:.4f} {currency}" for row in others)
    days = sorted({f"{row.as_of:%Y-%m-%d}" for row in others})
    return f"All amounts in {currency} at {listed} (rates of {', '.join(days)})."
