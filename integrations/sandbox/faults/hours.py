"""Faults and lawful oddities of hours: taken back by negative ones, worked when clocks go back, corrected late."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from decimal import Decimal

from integrations.sandbox.faults.agreements import AGREED, worked
from integrations.sandbox.faults.invoices import billed_entries
from integrations.sandbox.faults.planting import Planting
from integrations.sandbox.world.fault import Fault
from integrations.sandbox.world.plan import BEYOND
from integrations.sandbox.world.portfolio import WEEKS


def odd_hours(planting: Planting) -> None:
    """Two hours too many, taken back by an entry of less than nothing; a cut-over in the night in which the clocks go
    back, handed in when the hour comes for the second time; and a cap that all of it comes near.
    """
    plan = planting.plan
    night = _clocks_back(plan.start.date(), plan.moment(planting.last - 2, 0, 0).date())
    week = (night - plan.start.date()).days // 7
    deal, (sheet, entry, at), _ = billed_entries(planting, "NOV-UK", open_month=True)
    plan.add(at, "take_back", sheet.key, entry.key, "120")
    planting.odd("F48", "negative-hours", deal.code)
    first = min(plan.sheets_of(deal.code, range(WEEKS)), key=lambda one: (abs(one.week - week), one.key))
    dawn = datetime.combine(night + timedelta(days=1), time(0, 40), plan.start.tzinfo)
    plan.add(max(dawn, first.submit_at), "night", first.key, night.isoformat(), "600")
    planting.odd("F49", "night-work", deal.code)
    cap = (worked(planting, deal, WEEKS + BEYOND) * Decimal("1.05") + 3000).quantize(Decimal(100))
    plan.add(plan.moment(AGREED, 0, 9, 25), "cap", deal.code, str(cap))
    planting.odd("F50", "near-cap", deal.code)


def _clocks_back(first: date, last: date) -> date:
    """The Saturday before the last Sunday of an October; where none lies between, the last Saturday."""
    days = [first + timedelta(days=place) for place in range((last - first).days)]
    saturdays = [day for day in days if day.weekday() == 5]
    turning = [day for day in saturdays if day.month == 10 and 24 <= day.day <= 30]
    return (turning or saturdays)[-1]


def late_correction(planting: Planting) -> None:
    """Hours of a closed month are corrected when the invoice is out: the ERP refuses it."""
    plan = planting.plan
    deal, (sheet, entry, at), _ = billed_entries(planting, "NOV-US", open_month=False)
    plan.add(at, "correct_late", sheet.key, entry.key, str(entry.minutes - 60), "F54")
    planting.add(
        Fault(
            "F54",
            "late-correction",
            f"{deal.code} in {entry.day:%Y-%m}",
            "closed-period",
            f"reopen {entry.day:%Y-%m} in NetSuite for {deal.entity.id}, replay, close it again, settle the invoice",
            entries=1,
            remedy=[("reopen", (f"{entry.day:%Y-%m}",)), ("settle", (deal.code,))],
        )
    )
