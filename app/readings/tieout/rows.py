"""Control totals as rows. Each `…_amount` is money in the row's currency, each `…_count` counts records."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal


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
