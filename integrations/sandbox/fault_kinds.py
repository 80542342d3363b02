"""Faults of projects, codes and customers, each a function that plants its own; `ALL` lists every kind in the order of
planting.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

from integrations.sandbox.fault import Fault
from integrations.sandbox.fault_people import back_dated, corrections, late_approvals, missing_rates, rejections
from integrations.sandbox.fault_weather import weather
from integrations.sandbox.faults import Planting, headline
from integrations.sandbox.portfolio import WEEKS, Deal


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
            heal=[("unarchive", (deal.code,))],
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
            heal=[("win", (code,))],
        )
    )
    plan.add(plan.moment(week - 1, 0, 10, 50), "orphan", code)
    plan.deals[code] = replace(sold, won_at=plan.moment(WEEKS + 50, 0, 0))
    for sheet in sorted(plan.sheets_of(twin.code, (week - 1, week)), key=lambda one: one.key):
        moved = [replace(entry, code=f"{code}.010", shown=f"{code}.010") for entry in sheet.entries]
        sheet.deal, sheet.entries, sheet.expenses = plan.deals[code], moved, []
        planting.hit(fault, sheet, moved)


LACKS = (("Service_Line__c", "service_line"), ("Cost_Centre__c", "cost_centre"), ("Tax_Profile__c", "tax_profile"))


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
            heal=[("fill", (deal.code, column))],
            heals=days is not None,
        )
    )


def typo_codes(planting: Planting) -> None:
    """A task in the PSA that was typed by hand, with a letter for a figure."""
    for name, wrong, entity, weeks in (("F12", "l", "NOV-DE", 2), ("F13", "O", "NOV-US", 1)):
        week = planting.last
        deal = planting.busy((week - 1, week), entity)
        right = deal.tasks[0][0]
        shown = f"{deal.code}.0l0" if wrong == "l" else f"{deal.code}.O10"
        _wrong(
            planting,
            Fault(
                name,
                "unknown-charge-code",
                shown,
                "charge-code-not-found",
                f"in Kantata rename the task {shown} to {right}, then replay its entries",
                heal=[("rename", (deal.code, shown, right))],
            ),
            deal,
            right,
            shown,
            weeks,
        )


def foreign_code(planting: Planting) -> None:
    """A task in one project's workspace that carries another project's charge code."""
    week = planting.last
    deal = planting.busy((week,), "NOV-DE")
    other = planting.busy((week,), "NOV-DE")
    right, shown = deal.tasks[1][0], other.tasks[1][0]
    _wrong(
        planting,
        Fault(
            "F14",
            "foreign-charge-code",
            f"{deal.code} on {shown}",
            "charge-code-of-another-project",
            f"in Kantata rename the task {shown} of {deal.code} to {right}",
            heal=[("rename", (deal.code, shown, right))],
        ),
        deal,
        right,
        shown,
        1,
    )


def _wrong(planting: Planting, fault: Fault, deal: Deal, right: str, shown: str, weeks: int) -> None:
    """Let everybody on the deal pick the wrong task for one charge code in the last weeks."""
    plan = planting.plan
    planting.add(fault)
    first = planting.last - weeks + 1
    plan.add(plan.moment(first, 0, 10, 40), "story", deal.code, shown, right)
    for sheet in plan.sheets_of(deal.code, range(first, planting.last + 1)):
        sheet.entries = [replace(entry, shown=shown) if entry.code == right else entry for entry in sheet.entries]
        planting.hit(fault, sheet, [entry for entry in sheet.entries if entry.shown == shown])


def inactive_code(planting: Planting) -> None:
    """Finance switched a charge code off while the team still works on it."""
    plan, week = planting.plan, planting.last
    deal = planting.busy((week - 1, week), "NOV-UK")
    code = deal.tasks[1][0]
    plan.add(plan.moment(week - 1, 4, 17, 35), "switch", code, "off")
    fault = planting.add(
        Fault(
            "F15",
            "inactive-charge-code",
            code,
            "charge-code-inactive",
            f"activate {code} in NetSuite, then replay its entries",
            heal=[("switch", (code, "on"))],
        )
    )
    for sheet in plan.sheets_of(deal.code, (week - 1, week)):
        planting.hit(fault, sheet, [entry for entry in sheet.entries if entry.code == code])


def duplicate_customer(planting: Planting) -> None:
    """A second account for a customer that exists, with the same tax id."""
    plan = planting.plan
    client = plan.clients[6]
    plan.add(plan.moment(0, 1, 14, 50), "duplicate", client.number)
    planting.add(
        Fault(
            "F20",
            "duplicate-customer",
            client.name,
            "duplicate-customer",
            f"merge the second account of {client.name} in Salesforce",
            heal=[("merge", (client.number,))],
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


def moved_customer(planting: Planting) -> None:
    """Accounting hung a subsidiary under another group in the ERP."""
    plan = planting.plan
    child = next(client for client in plan.clients if client.group not in (None, 0))
    plan.add(plan.moment(1, 2, 10, 10), "reparent", child.number, plan.clients[0].number)
    assert child.group is not None
    planting.add(
        Fault(
            "F22",
            "customer-hierarchy",
            child.name,
            "hierarchy-mismatch",
            f"put {child.name} back under {plan.clients[child.group].name} in NetSuite",
            heal=[("reparent", (child.number, plan.clients[child.group].number))],
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
                heal=[("extend", (deal.code,))],
            )
        )


def schema_drift(planting: Planting) -> None:
    """The PSA begins to send a field that nobody knows, for one team's entries."""
    plan = planting.plan
    deal = planting.busy((planting.last,), "NOV-DE")
    planting.add(
        Fault(
            "F26",
            "schema-drift",
            "time_entry.work_location",
            "new-field",
            "map work_location in the Kantata connector, or let it be ignored",
        )
    )
    for sheet in plan.sheets_of(deal.code, (planting.last,)):
        sheet.beyond = {"work_location": "client site"}


ALL: tuple[Callable[[Planting], None], ...] = (
    headline,
    missing_dimensions,
    typo_codes,
    inactive_code,
    orphan,
    foreign_code,
    closed_in_psa,
    missing_in_ppm,
    expired_work,
    back_dated,
    late_approvals,
    rejections,
    missing_rates,
    corrections,
    duplicate_customer,
    moved_customer,
    schema_drift,
    weather,
)
