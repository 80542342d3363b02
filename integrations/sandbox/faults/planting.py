"""Where faults are planted: places in the plan chosen so that no project carries two, and what hangs on each."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from decimal import Decimal
from random import Random

from integrations.sandbox.world.fault import Fault
from integrations.sandbox.world.plan import HEADLINE, Plan, logged_at, worth
from integrations.sandbox.world.portfolio import Deal
from integrations.sandbox.world.timesheets import Entry, Sheet


class Planting:
    """Chooses places for faults so that no project carries two of them."""

    def __init__(self, plan: Plan, chance: Random) -> None:
        self.plan, self.chance = plan, chance
        self._used = {HEADLINE}
        self.last = plan.last_week

    def add(self, fault: Fault) -> Fault:
        self.plan.faults.append(fault)
        return fault

    def busy(
        self,
        weeks: Iterable[int],
        entity: str | None = None,
        suits: Callable[[Deal], bool] = lambda deal: deal.billable_time,
    ) -> Deal:
        """The free deal with most time in these weeks."""
        wanted = set(weeks)
        counts: dict[str, int] = {}
        for sheet in self.plan.sheets.values():
            here = sheet.week in wanted and (entity is None or sheet.deal.entity.id == entity)
            if here and sheet.deal.code not in self._used and suits(self.plan.deals[sheet.deal.code]):
                counts[sheet.deal.code] = counts.get(sheet.deal.code, 0) + len(sheet.entries)
        code = max(counts, key=lambda one: (counts[one], one))
        self._used.add(code)
        return self.plan.deals[code]

    def use(self, deal: Deal) -> None:
        self._used.add(deal.code)

    def free(self, deal: Deal) -> bool:
        return deal.code not in self._used

    def hit(self, fault: Fault, sheet: Sheet, entries: list[Entry]) -> None:
        """Count entries of a sheet as held back by a fault, as far as they are decided by the anchor."""
        sheet.fault = sheet.fault or fault.id
        if self._decided(sheet):
            self._count(fault, sheet, entries)

    def underway(self, fault: Fault, sheet: Sheet, entries: list[Entry]) -> None:
        """Count entries of the current week as far as the PSA shows them at the anchor: found wrong before anybody
        decides on them."""
        handed_in = sheet.submit_at <= self.plan.anchor
        shown = [entry for entry in entries if handed_in or logged_at(entry.day, self.plan.anchor) <= self.plan.anchor]
        self._count(fault, sheet, shown)
        fault.undecided += 0 if self._decided(sheet) else len(shown)

    def _decided(self, sheet: Sheet) -> bool:
        return sheet.decide_at is not None and sheet.decide_at <= self.plan.anchor

    def _count(self, fault: Fault, sheet: Sheet, entries: list[Entry]) -> None:
        fault.entries += len(entries)
        currency = sheet.deal.currency
        fault.money[currency] = fault.money.get(currency, Decimal(0)) + worth(sheet, entries)
