"""The fault plan: what goes wrong in the story, on purpose, with the money that hangs on it and what would mend it.

Each fault knows its kind, its subject, the code that a watcher should name as its cause, the money behind it by
currency at the anchor, and how a person mends it in the vendor's system. `Life` does the deeds; `planted` only writes
them into the plan.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from decimal import Decimal
from random import Random

from integrations.sandbox.fault import Fault
from integrations.sandbox.plan import HEADLINE, Plan, worth
from integrations.sandbox.portfolio import WEEKS, Deal, Milestone
from integrations.sandbox.timesheets import Entry, Sheet

TARGET = Decimal(184_200)
"""EUR that the deleted project should hold back: two weeks of a team of eleven and two milestones."""


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
        if sheet.decide_at is not None and sheet.decide_at <= self.plan.anchor:
            fault.entries += len(entries)
            currency = sheet.deal.currency
            fault.money[currency] = fault.money.get(currency, Decimal(0)) + worth(sheet, entries)


def headline(planting: Planting) -> None:
    """The ERP project deleted on a Friday at 17:40, with 214 approved entries of two weeks and two milestones behind
    it.
    """
    plan, week = planting.plan, planting.last - 1
    fault = planting.add(
        Fault(
            "F01",
            "project-deleted-in-erp",
            HEADLINE,
            "project-not-found",
            f"replay quote-to-project for {HEADLINE}: it makes the ERP project again; then replay its time entries",
        )
    )
    plan.add(plan.moment(week, 4, 17, 39), "delete_job", HEADLINE)
    sheets = sorted(plan.sheets_of(HEADLINE, (week, week + 1)), key=lambda sheet: sheet.key)
    sheets[0].entries = sheets[0].entries[:-6]
    for sheet in plan.sheets_of(HEADLINE, range(WEEKS + 3)):
        sheet.decide_at = plan.moment(sheet.week + 1, 0, 10, 58)
    for sheet in sheets:
        sheet.expenses = []
        planting.hit(fault, sheet, sheet.entries)
    each = ((TARGET - fault.money["EUR"]) / 2).quantize(Decimal("100")).quantize(Decimal("0.01"))
    names = ("Cut-over rehearsal accepted", "Pilot plant live")
    due = plan.moment(week + 1, 2, 0).date()
    plan.deals[HEADLINE] = replace(plan.deals[HEADLINE], milestones=tuple(Milestone(name, each, due) for name in names))
    fault.money["EUR"] += 2 * each
    for sheet in plan.sheets.values():
        if sheet.deal.code == HEADLINE:
            sheet.deal = plan.deals[HEADLINE]
