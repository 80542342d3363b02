"""The periods that margin is read over, each of whole months up to now."""

from __future__ import annotations

from datetime import date, datetime

PERIODS = {"This month": 0, "3 months": 2, "12 months": 11}
"""How many months before the present one each begins."""
USUAL = "3 months"


def first_month(period: str | None, now: datetime) -> date:
    """First day of the period's first month."""
    back = PERIODS.get(period or "", PERIODS[USUAL])
    months = now.year * 12 + now.month - 1 - back
    return date(months // 12, months % 12 + 1, 1)
