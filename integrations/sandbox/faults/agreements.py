"""Faults and lawful oddities of what was agreed: caps, order numbers, acceptance of milestones."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, time, timedelta
from decimal import Decimal

from integrations.sandbox.faults.planting import Planting
from integrations.sandbox.world.fault import Fault
from integrations.sandbox.world.plan import worth
from integrations.sandbox.world.portfolio import Deal, Milestone

AGREED = 4
"""The week in which caps are agreed on, when every early project is set up."""


def beyond_cap(planting: Planting) -> None:
    """An order by time and material that is worked beyond its cap."""
    plan = planting.plan
    over = planting.billed("NOV-DE", lambda one: one.kind == "Time and Materials")
    cap = worked(planting, over, planting.last - 1).quantize(Decimal(100))
    plan.add(plan.moment(AGREED, 0, 9, 20), "cap", over.code, str(cap))
    planting.add(
        Fault(
            "F38",
            "beyond-cap",
            over.code,
            "over-cap",
            f"agree a higher cap of {over.code} and enter it in Salesforce",
            remedy=[("cap", (over.code, str(over.value)))],
        )
    )


def worked(planting: Planting, deal: Deal, weeks: int) -> Decimal:
    """What the first weeks' time and expenses of a deal come to."""
    sheets = planting.plan.sheets_of(deal.code, range(weeks))
    cents = sum(cost.cents for sheet in sheets for cost in sheet.expenses)
    return sum((worth(sheet, sheet.entries) for sheet in sheets), Decimal(cents) / 100)


def lost_order(planting: Planting) -> None:
    """The ERP's order lost the number that the customer demands; accounting sends no invoice without."""
    plan, deal = planting.plan, planting.billed("NOV-UK")
    plan.add(plan.moment(planting.last - 1, 2, 9, 40), "order_number", deal.code, "")
    planting.add(
        Fault(
            "F39",
            "order-number-lost",
            deal.code,
            "po-missing",
            f"enter the customer's order number on the order of {deal.code} in NetSuite",
            remedy=[("order_number", (deal.code, f"PO-{deal.code[4:]}"))],
        )
    )


def refused_milestones(planting: Planting) -> None:
    """Two customers refuse what is done: one accepts a week later, the other has not yet."""
    plan, last = planting.plan, planting.last
    deal, stone = _milestone(planting, lambda due: due <= plan.moment(last, 4, 0))
    plan.add(_sent_back(planting, stone), "refuse", deal.code, stone.name)
    planting.add(
        Fault(
            "F40",
            "acceptance-refused",
            deal.code,
            "milestone-not-accepted",
            f"have “{stone.name}” of {deal.code} accepted and note it in NetSuite",
            {deal.currency: stone.amount},
            remedy=[("accept", (deal.code, stone.name))],
        )
    )
    deal, stone = _milestone(planting, lambda due: due <= plan.moment(last - 3, 4, 0))
    plan.add(_sent_back(planting, stone), "refuse", deal.code, stone.name)
    plan.add(_sent_back(planting, stone) + timedelta(days=7), "accept", deal.code, stone.name)
    planting.odd("F51", "acceptance-granted", deal.code)


def _milestone(planting: Planting, suits: Callable[[datetime], bool]) -> tuple[Deal, Milestone]:
    """The last milestone that suits, of a free deal; the deal is taken."""
    found = [
        (stone.due, deal.code, stone)
        for deal in planting.plan.deals.values()
        for stone in deal.milestones
        if planting.free(deal) and not deal.lacks and suits(_sent_back(planting, stone))
    ]
    _, code, stone = max(found, key=lambda one: one[:2])
    planting.use(planting.plan.deals[code])
    return planting.plan.deals[code], stone


def _sent_back(planting: Planting, stone: Milestone) -> datetime:
    """An hour after it was done, hours before it is billed."""
    return datetime.combine(stone.due, time(10, 15), planting.plan.start.tzinfo)
