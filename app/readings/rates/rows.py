"""Rates and targets as rows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from app.readings.masking import AmountOfEntity, LabourRate


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


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure as reported, adjusted for open cases, and the range that they leave, all in `unit`; what is divided by
    what, over `n` things, as of its oldest source. `note` says which source is missing where there is no value.
    """

    name: str
    value: Decimal | None
    adjusted: Decimal | None
    low: Decimal | None
    high: Decimal | None
    unit: str | None
    target: float | None
    n: int | None
    numerator: LabourRate | None
    denominator: LabourRate | None
    as_of: datetime | None
    definition: str | None
    note: str | None


@dataclass(frozen=True, slots=True)
class Day:
    """A figure's value on one day of the world."""

    day: date
    name: str
    value: Decimal | None


@dataclass(frozen=True, slots=True)
class BehindCase:
    """An open case behind a figure's range: how many of its records move the figure, and by how much together, settled
    as the evidence says, against the firm and in its favour. Money in the reporting currency, or hours of utilisation.
    """

    case_id: str | None
    cause: str | None
    records: int
    adjusted: Decimal
    against: Decimal
    favour: Decimal


@dataclass(frozen=True, slots=True)
class BehindRecord:
    """One record behind a figure's range, and by how much it moves it; `of_all` is how many there are in all pages."""

    entity: str
    item_key: str
    case_id: str | None
    cause: str | None
    project_key: str | None
    legal_entity: str | None
    adjusted: AmountOfEntity
    against: AmountOfEntity
    favour: AmountOfEntity
    of_all: int
