"""Faults that people make with their time: too late, turned down, changed afterwards, without a rate."""

from __future__ import annotations

from datetime import datetime, timedelta

from integrations.sandbox.faults.planting import Planting
from integrations.sandbox.world.fault import Fault
from integrations.sandbox.world.plan import HEADLINE, Plan, closing
from integrations.sandbox.world.portfolio import WEEKS
from integrations.sandbox.world.timesheets import Entry, Sheet

WAITING = 3
"""Timesheets that are still turned down at the anchor, at least."""

MARGIN = timedelta(days=3)
"""How long before its month closes the last change of an entry comes, so that only planted ones come too late."""


def back_dated(planting: Planting) -> None:
    """Two people hand in weeks whose month the ERP has closed."""
    plan = planting.plan
    week, closes = next(
        (week, _closing(plan, week)) for week in range(1, WEEKS) if _closing(plan, week) > plan.moment(week + 2, 0, 0)
    )
    deal = planting.busy((week,), suits=lambda one: one.billable_time and one.entity.id != "NOV-US")
    month = f"{plan.moment(week, 0, 0):%Y-%m}"
    fault = planting.add(
        Fault(
            "F16",
            "closed-period",
            f"{deal.code} in {month}",
            "closed-period",
            f"reopen {month} in NetSuite for {deal.entity.id}, replay, close it again",
            remedy=[("reopen", (month,))],
        )
    )
    for sheet in sorted(plan.sheets_of(deal.code, (week,)), key=lambda one: one.key)[:3]:
        sheet.submit_at = closes + timedelta(days=4 - (closes.weekday() % 5), hours=1)
        sheet.decide_at = sheet.submit_at + timedelta(days=1)
        inside = [entry for entry in sheet.entries if f"{entry.day:%Y-%m}" == month]
        sheet.entries, sheet.expenses = inside, []
        planting.hit(fault, sheet, inside)


def _closing(plan: Plan, week: int) -> datetime:
    """When the ERP closes the month of a week's Monday."""
    return closing(plan.moment(week, 0, 0))


def late_approvals(planting: Planting) -> None:
    """Managers who leave timesheets lying: some decide days late, some not yet."""
    plan, chance = planting.plan, planting.chance
    fault = planting.add(
        Fault(
            "F17",
            "late-approval",
            "timesheets of three managers",
            "approval-late",
            "approve the open timesheets in Kantata",
            remedy=[("decide_all", ())],
        )
    )
    for sheet in plan.sheets.values():
        if sheet.fault or sheet.decide_at is None or sheet.deal.code == HEADLINE:
            continue
        if sheet.week == planting.last and chance.random() < 0.11:
            sheet.decide_at, sheet.fault = None, fault.id
            fault.entries += len(sheet.entries)
        elif sheet.week < planting.last - 1 and chance.random() < 0.04:
            late = sheet.decide_at + timedelta(days=chance.choice((1, 2, 3)))
            sheet.decide_at = late if late < _closing(plan, sheet.week) - MARGIN else sheet.decide_at


def rejections(planting: Planting) -> None:
    """Timesheets that an approver turned down: most are handed in again, the last ones wait."""
    plan, chance = planting.plan, planting.chance
    fault = planting.add(
        Fault(
            "F18",
            "rejected-time",
            "timesheets turned down",
            "time-rejected",
            "correct the timesheets in Kantata and hand them in again",
            remedy=[("resubmit_all", ())],
        )
    )
    for sheet in list(plan.sheets.values()):
        if (
            sheet.fault
            or sheet.decide_at is None
            or sheet.week < 2
            or sheet.week > planting.last
            or chance.random() > 0.018
            or sheet.deal.code == HEADLINE
        ):
            continue
        again = sheet.decide_at + timedelta(days=1, hours=22)
        if again < plan.anchor - timedelta(days=8) and again < _closing(plan, sheet.week) - MARGIN:
            sheet.verdict = "rejected"
            plan.add(again, "resubmit", sheet.key)
        elif plan.anchor < _closing(plan, sheet.week) - MARGIN or sheet.week == planting.last:
            _turned_down(fault, sheet)
    if not fault.entries:
        for sheet in _decided_last(planting)[:WAITING]:
            _turned_down(fault, sheet)


def _turned_down(fault: Fault, sheet: Sheet) -> None:
    sheet.verdict, sheet.fault = "rejected", fault.id
    fault.entries += len(sheet.entries)


def _decided_last(planting: Planting) -> list[Sheet]:
    """Untouched timesheets of the last decided week."""
    decided = [
        sheet for sheet in planting.plan.sheets.values() if sheet.week == planting.last and sheet.decide_at is not None
    ]
    return sorted(
        (sheet for sheet in decided if not sheet.fault and sheet.deal.code != HEADLINE), key=lambda sheet: sheet.key
    )


def corrections(planting: Planting) -> None:
    """Entries changed or withdrawn after the ERP has them: a reversal and a new posting, or a reversal alone."""
    plan, chance = planting.plan, planting.chance
    sheets = [
        sheet
        for sheet in plan.sheets.values()
        if not sheet.fault
        and sheet.verdict == "approved"
        and 1 <= sheet.week < planting.last
        and sheet.entries
        and sheet.decide_at
    ]
    for sheet in chance.sample(sheets, 74):
        entry: Entry = chance.choice(sheet.entries)
        assert sheet.decide_at is not None
        at = sheet.decide_at + timedelta(days=2, minutes=chance.randint(0, 2))
        if at < _closing(plan, sheet.week) - MARGIN:
            plan.add(
                at,
                *("correct", sheet.key, entry.key, str(entry.minutes - 60))
                if chance.random() < 0.75
                else ("withdraw", sheet.key, entry.key),
            )


def missing_rates(planting: Planting) -> None:
    """Two people whom HR gave no cost rate."""
    plan = planting.plan
    hosts = [
        sheet.worker
        for sheet in plan.sheets.values()
        if sheet.week in (planting.last - 1, planting.last)
        and not sheet.fault
        and sheet.worker.entity.id == "NOV-US"
        and sheet.deal.billable_time
    ]
    number = min(worker.number for worker in hosts)
    plan.add(plan.moment(planting.last - 1, 0, 10, 30), "rate", number, "")
    rate = str(next(worker.cost_rate for worker in plan.people if worker.number == number))
    fault = planting.add(
        Fault(
            "F19",
            "missing-rate",
            number,
            "rate-missing",
            f"give {number} a cost rate in Workday, then replay the entries",
            remedy=[("rate", (number, rate))],
        )
    )
    for sheet in plan.sheets.values():
        if (
            sheet.worker.number == number
            and sheet.week >= planting.last - 1
            and not sheet.fault
            and sheet.verdict == "approved"
        ):
            sheet.unpriced = True
            planting.hit(fault, sheet, sheet.entries)
