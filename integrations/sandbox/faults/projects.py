"""Faults of projects: deleted, closed or missing in one system, sold without a dimension, beyond their contract."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

from integrations.sandbox.faults.planting import Planting
from integrations.sandbox.world.fault import Fault
from integrations.sandbox.world.plan import HEADLINE
from integrations.sandbox.world.portfolio import WEEKS, Deal, Milestone

TARGET = Decimal(184_200)
"""EUR that the deleted project should hold back: two weeks of a team of eleven and two milestones."""

LACKS = (("Service_Line__c", "service_line"), ("Cost_Centre__c", "cost_centre"), ("Tax_Profile__c", "tax_profile"))


def headline(planting: Planting) -> None:
    """The ERP project deleted on a Friday at 17:40: 214 approved entries and two milestones wait for it."""
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


def closed_in_psa(planting: Planting) -> None:
    """The PSA closed a project that the ERP still has open."""
    plan, week = planting.plan, planting.last
    deal = planting.busy(range(week - 6, week - 2), "NOV-UK")
    plan.add(plan.moment(week, 2, 10, 20), "archive", deal.code)
    planting.add(
        Fault(
            "F02",
            "project-closed-in-psa",
            deal.code,
            "status-mismatch",
            f"reopen {deal.code} in Kantata, or close it in NetSuite",
            remedy=[("unarchive", (deal.code,))],
        )
    )
    for sheet in plan.sheets_of(deal.code, range(week, WEEKS + 3)):
        del plan.sheets[sheet.key]


def orphan(planting: Planting) -> None:
    """A workspace in the PSA that nobody sold, with people's approved time on it."""
    plan, week = planting.plan, planting.last
    twin = planting.busy((week - 1, week), "NOV-UK")
    code = "PRJ-1900"
    sold = replace(
        twin,
        code=code,
        name="Proof of concept for Quillon Leasing",
        tasks=((f"{code}.010", "Proof of concept", True),),
        milestones=(),
        lacks={},
    )
    fault = planting.add(
        Fault(
            "F03",
            "orphan-in-psa",
            code,
            "project-not-found",
            f"win an opportunity for {code} in Salesforce, or move its time",
            remedy=[("win", (code,))],
        )
    )
    plan.add(plan.moment(week - 1, 0, 10, 50), "orphan", code)
    plan.deals[code] = replace(sold, won_at=plan.moment(WEEKS + 50, 0, 0))
    for sheet in sorted(plan.sheets_of(twin.code, (week - 1, week)), key=lambda one: one.key):
        moved = [replace(entry, code=f"{code}.010", shown=f"{code}.010") for entry in sheet.entries]
        sheet.deal, sheet.entries, sheet.expenses = plan.deals[code], moved, []
        planting.hit(fault, sheet, moved)


def missing_dimensions(planting: Planting) -> None:
    """Won without a mandatory dimension: some are filled after days, three wait still."""
    plan = planting.plan
    waiting = [
        deal
        for deal in plan.deals.values()
        if planting.last - 2 <= deal.first <= planting.last + 1
        and deal.won_at < plan.anchor - timedelta(hours=30)
        and planting.free(deal)
    ]
    healed = [deal for deal in plan.deals.values() if 3 <= deal.first <= planting.last - 4 and planting.free(deal)]
    for place, deal in enumerate(waiting[-3:]):
        _lacking(planting, f"F{4 + place:02d}", deal, LACKS[place], None)
    for place, deal in enumerate(healed[::4][:5]):
        _lacking(planting, f"F{7 + place:02d}", deal, LACKS[place % 3], 2 + place)
    begun = [deal for deal in plan.deals.values() if deal.first == 0 and planting.free(deal)]
    for place, deal in enumerate(sorted(begun, key=lambda one: (len(plan.sheets_of(one.code, (0, 1))), one.code))[:4]):
        _lacking(planting, f"F{27 + place}", deal, LACKS[place % 3], 9 + place)


def _lacking(planting: Planting, name: str, deal: Deal, lack: tuple[str, str], days: int | None) -> None:
    column, words = lack
    filled = None if days is None else deal.won_at + timedelta(days=days, hours=1)
    planting.use(deal)
    planting.plan.deals[deal.code] = changed = replace(deal, lacks={column: filled})
    for sheet in planting.plan.sheets.values():
        if sheet.deal.code == deal.code:
            sheet.deal = changed
    planting.add(
        Fault(
            name,
            "missing-dimension",
            deal.code,
            f"missing-{words.replace('_', '-')}",
            f"fill {column} of {deal.code} in Salesforce",
            {deal.currency: deal.value},
            remedy=[("fill", (deal.code, column))],
            heals=days is not None,
        )
    )


def missing_in_ppm(planting: Planting) -> None:
    """The portfolio office deleted a project that runs everywhere else."""
    plan = planting.plan
    deal = planting.busy((0,), "NOV-US")
    plan.add(plan.moment(0, 2, 10, 20), "drop_ppm", deal.code)
    planting.add(
        Fault(
            "F21",
            "project-missing-in-ppm",
            deal.code,
            "project-missing",
            f"replay quote-to-project for {deal.code}",
        )
    )


def expired_work(planting: Planting) -> None:
    """Two teams work on beyond the end of their statement of work."""
    plan = planting.plan
    for place in range(2):
        deal = planting.busy((planting.last,), ("NOV-DE", "NOV-US")[place])
        ended = plan.moment(planting.last - 1, 2, 0).date()
        plan.deals[deal.code] = changed = replace(deal, sow_expires=ended)
        for sheet in plan.sheets.values():
            if sheet.deal.code == deal.code:
                sheet.deal = changed
        planting.add(
            Fault(
                f"F{23 + place}",
                "expired-sow",
                deal.code,
                "sow-expired",
                f"extend the statement of work of {deal.code} in Salesforce",
                remedy=[("extend", (deal.code,))],
            )
        )
