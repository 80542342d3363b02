"""How far two systems may be apart by rounding alone: each rounds every entry to the cent."""

from __future__ import annotations

from decimal import Decimal

PER_ENTRY = Decimal("0.01")
"""In the reporting currency: what one entry may differ by without anybody being wrong."""


def rounding(entries: int) -> Decimal:
    """The largest difference that rounding explains over so many entries; one entry's where none is counted."""
    return PER_ENTRY * max(entries, 1)
