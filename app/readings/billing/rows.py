"""Billing readiness as rows. `…_reporting` is money in the reporting currency, `hours` are hours, `…_days` days."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from app.readings.masking import AmountOfKind


@dataclass(frozen=True, slots=True)
class State:
    """Work in one state for one reason: `ready`, `moving`, `blocked`, `not_approved` or `billed`."""

    state: str
    blocker: str | None
    blocker_owner: str | None
    items: int
    bill_reporting: Decimal
    oldest_days: int | None


@dataclass(frozen=True, slots=True)
class Age:
    """Unbilled work in one state by its age: bucket 0 is up to 30 days old, 1 up to 60, 2 up to 90, 3 older."""

    state: str
    bucket: int
    items: int
    bill_reporting: Decimal


@dataclass(frozen=True, slots=True)
class Part:
    """Work in one state of one customer, project, legal entity or service line. `key` is None for work that has none;
    then `projects` are those it is known of.
    """

    key: str | None
    name: str | None
    state: str
    items: int
    bill_reporting: Decimal
    oldest_days: int | None
    projects: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Firm:
    """A legal entity that has work."""

    legal_entity: str


@dataclass(frozen=True, slots=True)
class Unbilled:
    """One item that is on no invoice, with its one reason. Its amount (in `currency`, and in the reporting currency)
    beside its hours tells a rate, a milestone's the contract value, so both are masked by what the item is.
    """

    item_key: str
    kind: str
    state: str
    blocker: str | None
    blocker_owner: str | None
    legal_entity: str | None
    service_line: str | None
    customer_key: str | None
    customer_name: str | None
    project_key: str | None
    resource_key: str | None
    charge_code: str | None
    work_date: date | None
    submitted_at: datetime | None
    approved_at: datetime | None
    posted_at: datetime | None
    hours: Decimal | None
    bill_amount: AmountOfKind | None
    currency: str | None
    bill_reporting: AmountOfKind | None
    age_days: int | None
    run_id: str | None
