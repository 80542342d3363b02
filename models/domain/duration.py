"""Time that was worked, as hours that a rate can be multiplied with."""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Decimal

_HUNDREDTH, _MILLIONTH = Decimal("0.01"), Decimal("0.000001")


def hours_of_minutes(minutes: Decimal) -> Decimal:
    """Minutes as hours: to the hundredth where that is exact, else to the millionth, half-even.

    35 minutes at 120.00 an hour are 70.00; as 0.58 h they would be 69.60.
    """
    exact = minutes / 60
    short = exact.quantize(_HUNDREDTH, ROUND_HALF_EVEN)
    return short if short == exact else exact.quantize(_MILLIONTH, ROUND_HALF_EVEN)
