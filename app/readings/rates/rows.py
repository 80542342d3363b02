"""Rates and targets as rows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Rate:
    """`rate` units of the reporting currency for one of `currency`, of the day `as_of` (UTC), by way of the currency
    `through` if by any; `stale` where it is older than the installation's policy allows.
    """

    currency: str
    rate: Decimal
    as_of: datetime
    through: str | None = None
    stale: bool = False


@dataclass(frozen=True, slots=True)
class Target:
    """A figure beside what it should be (None: it only informs), both in `unit`; `n` is how many things it was measured
    over.
    """

    name: str
    value: Decimal | None
    unit: str | None
    target: float | None
    n: int | None
