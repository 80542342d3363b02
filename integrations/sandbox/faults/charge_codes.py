"""Faults of charge codes: mistyped, of another project, switched off while a team still works on them."""

from __future__ import annotations

from dataclasses import replace

from integrations.sandbox.faults.planting import Planting
from integrations.sandbox.world.fault import Fault
from integrations.sandbox.world.portfolio import WEEKS, Deal


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
                remedy=[("rename", (deal.code, shown, right))],
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
            remedy=[("rename", (deal.code, shown, right))],
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
        planting.foreseen(fault, sheet, [entry for entry in sheet.entries if entry.shown == shown])


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
            remedy=[("switch", (code, "on"))],
        )
    )
    for sheet in plan.sheets_of(deal.code, (week - 1, week)):
        planting.foreseen(fault, sheet, [entry for entry in sheet.entries if entry.code == code])
    for sheet in plan.sheets_of(deal.code, range(week + 1, WEEKS + 1)):
        planting.underway(fault, sheet, [entry for entry in sheet.entries if entry.code == code])
