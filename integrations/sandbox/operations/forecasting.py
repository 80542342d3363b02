"""What project managers and the portfolio office key in each week: estimates to complete, finish dates, targets."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zlib import crc32

from integrations.sandbox.vendors.ppm.emulator import Portfolio
from integrations.sandbox.world.firm import ENTITIES, ROLES
from integrations.sandbox.world.plan import Plan
from integrations.sandbox.world.portfolio import Deal

PACE = Decimal(34)
"""Hours a week that one person of a team is expected to book."""
QUARTER_HOURS = Decimal(13 * 40) * Decimal("0.7")
"""Billable hours that one person is planned at in a quarter."""


class Forecasting:
    """Operations in the portfolio system; each answers whether it could be done now."""

    def __init__(self, ppm: Portfolio, plan: Plan) -> None:
        self._ppm, self._plan = ppm, plan

    def target(self, at: datetime, quarter: str) -> bool:
        """Each company's revenue for the quarter that begins on a day."""
        first = date.fromisoformat(quarter)
        last = (first + timedelta(days=95)).replace(day=1) - timedelta(days=1)
        listed = sum((Decimal(rate) for rate, _ in ROLES.values()), Decimal(0)) / len(ROLES)
        for entity in ENTITIES:
            heads = sum(1 for person in self._plan.people if person.entity is entity)
            revenue = (heads * QUARTER_HOURS * listed * entity.level).quantize(Decimal("1E4"))
            fields = {
                "legalEntity": entity.id,
                "currencyCode": entity.currency,
                "periodStart": first.isoformat(),
                "periodEnd": last.isoformat(),
                "revenue": int(revenue),
            }
            self._ppm.enter("targets", f"{entity.id}-{quarter}", fields, at)
        return True

    def forecast(self, at: datetime, week: str) -> bool:
        """Each manager's weekly estimate, for the projects that the portfolio has."""
        for code in list(self._ppm.tables["projects"].rows):
            deal = self._plan.deals.get(code)
            if deal is not None and deal.first <= int(week):
                self._ppm.enter("forecasts", code, self._estimate(deal, int(week), at), at)
        return True

    def _estimate(self, deal: Deal, week: int, at: datetime) -> dict[str, Any]:
        late = slip(deal, week)
        worked = self._worked(deal, week)
        pace = worked / (week - deal.first) if worked else deal.team * PACE
        left = (max(deal.last + 1 + late - week, 0) * pace).quantize(Decimal(1))
        complete = Decimal(100) * worked / (worked + left) if worked + left else Decimal(100)
        return {
            "currencyCode": deal.currency,
            "baselineStart": self._monday(deal.first).isoformat(),
            "baselineFinish": self._friday(deal.last).isoformat(),
            "forecastFinish": self._friday(deal.last + late).isoformat(),
            "percentComplete": float(complete.quantize(Decimal("0.1"))),
            "etcHours": float(left),
            "etcCost": float((left * self._cost_rate(deal, week)).quantize(Decimal("0.01"))),
            "estimatedOn": at.date().isoformat(),
        }

    def _worked(self, deal: Deal, week: int) -> Decimal:
        """Hours that the plan has on a deal before a week."""
        minutes = sum(
            entry.minutes for sheet in self._plan.sheets_of(deal.code, range(week)) for entry in sheet.entries
        )
        return Decimal(minutes) / 60

    def _cost_rate(self, deal: Deal, week: int) -> Decimal:
        """What an hour of those who work on a deal costs, each as often as he has a week on it."""
        rates = [sheet.worker.cost_rate for sheet in self._plan.sheets_of(deal.code, range(week + 1))]
        share = sum((part for _, part in ROLES.values()), Decimal(0)) / len(ROLES)
        listed = sum((Decimal(rate) for rate, _ in ROLES.values()), Decimal(0)) / len(ROLES)
        return sum(rates, Decimal(0)) / len(rates) if rates else listed * share * deal.entity.level

    def _monday(self, week: int) -> date:
        return (self._plan.start + timedelta(weeks=week)).date()

    def _friday(self, week: int) -> date:
        return self._monday(week) + timedelta(days=4)


def slip(deal: Deal, week: int) -> int:
    """Weeks that a deal is late by what its manager knows in a week: some never are, others grow later."""
    return min(max(crc32(deal.code.encode()) % 6 - 2, 0), (week - deal.first) // 3)
