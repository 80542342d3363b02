"""Where faults are planted: places in the plan chosen so that no project carries two, and what hangs on each."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from decimal import Decimal
from random import Random

from integrations.sandbox.world.fault import Fault
from integrations.sandbox.world.plan import BEYOND, HEADLINE, Plan, logged_at, worth
from integrations.sandbox.world.portfolio import WEEKS, Deal
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
        """The free deal with most time in these weeks, which is taken. Raises LookupError where none is left."""
        found = self._busiest(set(weeks), entity, suits)
        if found is None:
            raise LookupError(f"no free deal of {entity or 'any company'} has time in weeks {sorted(weeks)}")
        self.use(found)
        return found

    def _busiest(self, weeks: set[int], entity: str | None, suits: Callable[[Deal], bool]) -> Deal | None:
        counts: dict[str, int] = {}
        for sheet in self.plan.sheets.values():
            here = sheet.week in weeks and (entity is None or sheet.deal.entity.id == entity)
            if here and self.free(sheet.deal) and suits(self.plan.deals[sheet.deal.code]):
                counts[sheet.deal.code] = counts.get(sheet.deal.code, 0) + len(sheet.entries)
        code = max(counts, key=lambda one: (counts[one], one), default=None)
        return None if code is None else self.plan.deals[code]

    def billed(self, entity: str, suits: Callable[[Deal], bool] = lambda deal: True) -> Deal:
        """A free deal with much time that the last billing runs took, and with room left under its value: of a company
        if it has one, else of any. Raises LookupError where none is left.
        """
        weeks = {self.last - 3, self.last - 2}

        def sound(deal: Deal) -> bool:
            return deal.billable_time and self._roomy(deal) and suits(deal)

        company = entity if self._busiest(weeks, entity, sound) else None
        return self.busy(weeks, company, sound)

    def _roomy(self, deal: Deal) -> bool:
        """Whether all its time and expenses come to less than 95 % of what was sold."""
        sheets = self.plan.sheets_of(deal.code, range(WEEKS + BEYOND))
        cents = sum(cost.cents for sheet in sheets for cost in sheet.expenses)
        worked = sum((worth(sheet, sheet.entries) for sheet in sheets), Decimal(cents) / 100)
        return worked * 100 < deal.value * 95

    def touched(self, entry: str) -> bool:
        """Whether something happens to an entry beside its timesheet."""
        return any(entry in one.args for one in self.plan.happenings)

    def odd(self, name: str, kind: str, subject: str) -> None:
        """Note what is messy and lawful."""
        self.add(Fault(name, kind, subject, "none", "nothing: it is lawful", heals=True, lawful=True))

    def use(self, deal: Deal) -> None:
        self._used.add(deal.code)

    def free(self, deal: Deal) -> bool:
        return deal.code not in self._used

    def hit(self, fault: Fault, sheet: Sheet, entries: list[Entry]) -> None:
        """Count entries of a sheet as held back by a fault, as far as they are decided by the anchor."""
        sheet.fault = sheet.fault or fault.id
        if self._decided(sheet):
            self._count(fault, sheet, entries)

    def foreseen(self, fault: Fault, sheet: Sheet, entries: list[Entry]) -> None:
        """Mark a sheet, and count its entries as held back by a fault that shows before anybody decides on them."""
        sheet.fault = sheet.fault or fault.id
        self.underway(fault, sheet, entries)

    def underway(self, fault: Fault, sheet: Sheet, entries: list[Entry]) -> None:
        """Count entries of a sheet that goes on, as far as the PSA shows them at the anchor; it is not marked."""
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
