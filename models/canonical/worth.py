"""What a record is worth by its own fields, before and after somebody corrects it."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from models.domain.money import Money


def work_worth(work: Mapping[str, Any]) -> Money | None:
    """What a time entry or expense bills, in its currency; None when it bills nothing or has no price yet."""
    if not work.get("billable", True):
        return None
    if "amount" in work:
        return _money(work["amount"])
    rate = _money(work.get("bill_rate"))
    return rate.times(Decimal(str(work["hours"]))) if rate else None


def record_worth(record: Mapping[str, Any]) -> Money | None:
    """The same of any record: of one that has a value, that."""
    return _money(record["value"]) if record.get("value") else work_worth(record)


def _money(amount: Mapping[str, Any] | None) -> Money | None:
    return Money.model_validate(amount) if amount and amount.get("currency") else None
