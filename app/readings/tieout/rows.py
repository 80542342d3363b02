"""Control totals and what did not land, as rows. Each `…_amount` is money in the row's currency, each `…_reporting` in
the reporting currency, each `…_count` counts records, hours are hours.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from app.readings.masking import AmountOfEntity


@dataclass(frozen=True, slots=True)
class Totals:
    """One flow from one system to another: what the source has of one entity, one company, one currency and one month,
    and where all of it stands; and what the target has, with how much of it has no source.
    """

    flow: str
    source: str
    target: str
    entity: str
    legal_entity: str | None
    currency: str | None
    period: str | None
    source_count: int
    source_amount: Decimal
    landed_count: int
    landed_amount: Decimal
    on_its_way_count: int
    on_its_way_amount: Decimal
    cases_count: int
    cases_amount: Decimal
    written_off_count: int
    written_off_amount: Decimal
    unexplained_count: int
    unexplained_amount: Decimal
    target_count: int
    target_amount: Decimal
    unsourced_count: int
    unsourced_amount: Decimal
    unowned_count: int
    unowned_amount: Decimal


@dataclass(frozen=True, slots=True)
class SealedTotals(Totals):
    """Control totals as they were sealed at the end of a day. `status` is restated where the month had ended when they
    changed; then `reason` says what changed, and what is apart. It is unwatched of a day on which no collector ran.
    """

    day: str
    status: str
    reason: str | None


@dataclass(frozen=True, slots=True)
class Joint:
    """One flow from one system to another, of one entity, in the reporting currency: where all that the source has
    stands, what of the target has no source, and what of that nobody owns. `unbalanced` counts control totals whose
    places do not add up, `unconverted` records that no rate of their day converts, which no sum here holds.
    """

    flow: str
    source: str
    target: str
    entity: str
    source_count: int
    source_reporting: Decimal
    landed_count: int
    landed_reporting: Decimal
    on_its_way_count: int
    on_its_way_reporting: Decimal
    cases_count: int
    cases_reporting: Decimal
    written_off_count: int
    written_off_reporting: Decimal
    unexplained_count: int
    unexplained_reporting: Decimal
    target_count: int
    target_reporting: Decimal
    unsourced_count: int
    unsourced_reporting: Decimal
    unowned_count: int
    unowned_reporting: Decimal
    unbalanced: int
    unconverted: int


@dataclass(frozen=True, slots=True)
class Record:
    """One record that did not land, with what each side says. `of_all` is how many there are in all pages."""

    flow: str
    entity: str
    item_key: str
    source: str
    source_key: str | None
    target: str
    target_key: str | None
    project_key: str | None
    legal_entity: str | None
    currency: str | None
    period: str | None
    place: str
    reason: str | None
    source_amount: AmountOfEntity | None
    target_amount: AmountOfEntity | None
    source_hours: Decimal | None
    target_hours: Decimal | None
    differs: tuple[str, ...] | None
    since: datetime | None
    case_id: str | None
    of_all: int


@dataclass(frozen=True, slots=True)
class Restated:
    """A control total of a month that had ended, as it was restated at the end of a day, and why."""

    day: str
    period: str | None
    flow: str
    entity: str
    source: str
    target: str
    legal_entity: str | None
    reason: str | None


@dataclass(frozen=True, slots=True)
class Closing:
    """Work of one month that is not billed yet, in the reporting currency: not approved, blocked, ready."""

    unapproved_count: int
    unapproved_reporting: Decimal
    blocked_count: int
    blocked_reporting: Decimal
    ready_count: int
    ready_reporting: Decimal


@dataclass(frozen=True, slots=True)
class Month:
    """A month of which something was compared, YYYY-MM."""

    period: str


@dataclass(frozen=True, slots=True)
class Ending:
    """The last day of a period of a company, and the zone by which it ends."""

    legal_entity: str
    last: date | None
    zone: str


@dataclass(frozen=True, slots=True)
class Firm:
    """A company of which something was compared."""

    legal_entity: str


@dataclass(frozen=True, slots=True)
class Seen:
    """Up to when the lake shows what a system held; None where some of it was never read."""

    system: str
    read_at: datetime | None
