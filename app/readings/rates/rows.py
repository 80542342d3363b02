"""Rates and targets as rows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Rate:
    """`rate` units of the reporting currency for one of `currency`, as of `as_of` (UTC)."""

    currency: str
    rate: Decimal
    as_of: datetime


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
