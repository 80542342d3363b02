"""The kinds of faults in the plan, each a function that plants its own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

from integrations.sandbox.fault import Fault
from integrations.sandbox.faults import Planting, headline
from integrations.sandbox.plan import HEADLINE, Plan, closing
from integrations.sandbox.portfolio import WEEKS, Deal
from integrations.sandbox.timesheets import Entry

MARGIN = timedelta(days=3)
"""How long before its month closes the last change of an entry comes, so that only planted ones come too late."""


def closed_in_psa(planting: Planting) -> None:
    """The PSA closed a project that the ERP still has open."""
    plan, week = planting.plan, planting.last
    deal = planting.busy(range(week - 6, week - 2), "NOV-UK")
    plan.add(plan.moment(week, 2, 10, 20), "archive", deal.code)
    planting.add(Fault("F02", "project-closed-in-psa", deal.code, "status-mismatch", f"reopen {deal.code} in Kantata, or close it in NetSuite",
                       heal=[("unarchive", (deal.code,))]))  # fmt: skip
    for sheet in plan.sheets_of(deal.code, range(week, WEEKS + 3)):
        del plan.sheets[sheet.key]


def orphan(planting: Planting) -> None:
    """A workspace in the PSA that nobody sold, with people's approved time on it."""
    plan, week = planting.plan, planting.last
    twin = planting.busy((week - 1, week), "NOV-UK")
    code = "PRJ-1900"
    sold = replace(twin, code=code, name="Proof of concept for Quillon Leasing", tasks=((f"{code}.010", "Proof of concept", True),), milestones=(), lacks={})
    fault = planting.add(Fault("F03", "orphan-in-psa", code, "project-not-found", f"win an opportunity for {code} in Salesforce, or move its time",
                               heal=[("win", (code,))]))  # fmt: skip
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
    waiting = [deal for deal in plan.deals.values() if planting.last - 2 <= deal.first <= planting.last + 1 and deal.won_at < plan.anchor - timedelta(hours=30) and planting.free(deal)]
    healed = [deal for deal in plan.deals.values() if 3 <= deal.first <= planting.last - 4 and planting.free(deal)]
    for place, deal in enumerate(waiting[-3:]):
        _lacking(planting, f"F{4 + place:02d}", deal, LACKS[place], None)
    for place, deal in enumerate(healed[::4][:5]):
        _lacking(planting, f"F{7 + place:02d}", deal, LACKS[place % 3], 2 + place)


def _lacking(planting: Planting, name: str, deal: Deal, lack: tuple[str, str], days: int | None) -> None:
    column, words = lack
    filled = None if days is None else deal.won_at + timedelta(days=days, hours=1)
    planting.use(deal)
    planting.plan.deals[deal.code] = changed = replace(deal, lacks={column: filled})
    for sheet in planting.plan.sheets.values():
        if sheet.deal.code == deal.code:
            sheet.deal = changed
    planting.add(Fault(name, "missing-dimension", deal.code, f"missing-{words.replace('_', '-')}", f"fill {column} of {deal.code} in Salesforce",
                       {deal.currency: deal.value}, heal=[("fill", (deal.code, column))], heals=days is not None))  # fmt: skip


def typo_codes(planting: Planting) -> None:
    """A task in the PSA that was typed by hand, with a letter for a figure."""
    for name, wrong, entity, weeks in (("F12", "l", "NOV-DE", 2), ("F13", "O", "NOV-US", 1)):
        week = planting.last
        deal = planting.busy((week - 1, week), entity)
        right = deal.tasks[0][0]
        shown = f"{deal.code}.0l0" if wrong == "l" else f"{deal.code}.O10"
        _wrong(planting, Fault(name, "unknown-charge-code", shown, "charge-code-not-found", f"in Kantata rename the task {shown} to {right}, then replay its entries",
                               heal=[("rename", (deal.code, shown, right))]), deal, right, shown, weeks)  # fmt: skip


def foreign_code(planting: Planting) -> None:
    """A task in one project's workspace that carries another project's charge code."""
    week = planting.last
    deal = planting.busy((week,), "NOV-DE")
    other = planting.busy((week,), "NOV-DE")
    right, shown = deal.tasks[1][0], other.tasks[1][0]
    _wrong(planting, Fault("F14", "foreign-charge-code", f"{deal.code} on {shown}", "charge-code-of-another-project", f"in Kantata rename the task {shown} of {deal.code} to {right}",
                           heal=[("rename", (deal.code, shown, right))]), deal, right, shown, 1)  # fmt: skip


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
    fault = planting.add(Fault("F15", "inactive-charge-code", code, "charge-code-inactive", f"activate {code} in NetSuite, then replay its entries",
                               heal=[("switch", (code, "on"))]))  # fmt: skip
    for sheet in plan.sheets_of(deal.code, (week - 1, week)):
        planting.hit(fault, sheet, [entry for entry in sheet.entries if entry.code == code])


def back_dated(planting: Planting) -> None:
    """Two people hand in weeks whose month the ERP has closed."""
    plan = planting.plan
    week, closes = next((week, _closing(plan, week)) for week in range(1, WEEKS) if _closing(plan, week) > plan.moment(week + 2, 0, 0))
    deal = planting.busy((week,), suits=lambda one: one.billable_time and one.entity.id != "NOV-US")
    month = f"{plan.moment(week, 0, 0):%Y-%m}"
    fault = planting.add(Fault("F16", "closed-period", f"{deal.code} in {month}", "closed-period", f"reopen {month} in NetSuite for {deal.entity.id}, replay, close it again",
                               heal=[("reopen", (month,))]))  # fmt: skip
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
    fault = planting.add(Fault("F17", "late-approval", "timesheets of three managers", "approval-late", "approve the open timesheets in Kantata",
                               heal=[("decide_all", ())]))  # fmt: skip
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
    fault = planting.add(Fault("F18", "rejected-time", "timesheets turned down", "time-rejected", "correct the timesheets in Kantata and hand them in again",
                               heal=[("resubmit_all", ())]))  # fmt: skip
    for sheet in list(plan.sheets.values()):
        if sheet.fault or sheet.decide_at is None or sheet.week < 2 or sheet.week > planting.last or chance.random() > 0.018 or sheet.deal.code == HEADLINE:
            continue
        again = sheet.decide_at + timedelta(days=1, hours=22)
        if again < plan.anchor - timedelta(days=8) and again < _closing(plan, sheet.week) - MARGIN:
            sheet.verdict = "rejected"
            plan.add(again, "resubmit", sheet.key)
        elif plan.anchor < _closing(plan, sheet.week) - MARGIN or sheet.week == planting.last:
            sheet.verdict, sheet.fault = "rejected", fault.id
            fault.entries += len(sheet.entries)


def corrections(planting: Planting) -> None:
    """Entries that people change or withdraw after the ERP has them: a reversal and a new posting, or a reversal alone."""
    plan, chance = planting.plan, planting.chance
    sheets = [sheet for sheet in plan.sheets.values() if not sheet.fault and sheet.verdict == "approved" and 1 <= sheet.week < planting.last and sheet.entries and sheet.decide_at]
    for sheet in chance.sample(sheets, 74):
        entry: Entry = chance.choice(sheet.entries)
        assert sheet.decide_at is not None
        at = sheet.decide_at + timedelta(days=2, minutes=chance.randint(0, 2))
        if at < _closing(plan, sheet.week) - MARGIN:
            plan.add(at, *("correct", sheet.key, entry.key, str(entry.minutes - 60)) if chance.random() < 0.75 else ("withdraw", sheet.key, entry.key))


def missing_rates(planting: Planting) -> None:
    """Two people whom HR gave no cost rate."""
    plan = planting.plan
    hosts = [sheet.worker for sheet in plan.sheets.values() if sheet.week in (planting.last - 1, planting.last) and not sheet.fault and sheet.worker.entity.id == "NOV-US" and sheet.deal.billable_time]
    number = min(worker.number for worker in hosts)
    plan.add(plan.moment(planting.last - 1, 0, 10, 30), "rate", number, "")
    rate = str(next(worker.cost_rate for worker in plan.people if worker.number == number))
    fault = planting.add(Fault("F19", "missing-rate", number, "rate-missing", f"give {number} a cost rate in Workday, then replay the entries",
                               heal=[("rate", (number, rate))]))  # fmt: skip
    for sheet in plan.sheets.values():
        if sheet.worker.number == number and sheet.week >= planting.last - 1 and not sheet.fault and sheet.verdict == "approved":
            sheet.unpriced = True
            planting.hit(fault, sheet, sheet.entries)


def duplicate_customer(planting: Planting) -> None:
    """A second account for a customer that exists, with the same tax id."""
    plan = planting.plan
    client = plan.clients[6]
    plan.add(plan.moment(7, 1, 14, 50), "duplicate", client.number)
    planting.add(Fault("F20", "duplicate-customer", client.name, "duplicate-customer", f"merge the second account of {client.name} in Salesforce",
                       heal=[("merge", (client.number,))]))  # fmt: skip


def missing_in_ppm(planting: Planting) -> None:
    """The portfolio office deleted a project that runs everywhere else."""
    plan = planting.plan
    deal = planting.busy((planting.last,), "NOV-US")
    plan.add(plan.moment(planting.last, 1, 14, 40), "drop_ppm", deal.code)
    planting.add(Fault("F21", "project-missing-in-ppm", deal.code, "project-missing", f"replay quote-to-project for {deal.code}", {deal.currency: deal.value}))


def moved_customer(planting: Planting) -> None:
    """Accounting hung a subsidiary under another group in the ERP."""
    plan = planting.plan
    child = next(client for client in plan.clients if client.group not in (None, 0))
    plan.add(plan.moment(8, 2, 10, 10), "reparent", child.number, plan.clients[0].number)
    assert child.group is not None
    planting.add(Fault("F22", "customer-hierarchy", child.name, "hierarchy-mismatch", f"put {child.name} back under {plan.clients[child.group].name} in NetSuite",
                       heal=[("reparent", (child.number, plan.clients[child.group].number))]))  # fmt: skip


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
        planting.add(Fault(f"F{23 + place}", "expired-sow", deal.code, "sow-expired", f"extend the statement of work of {deal.code} in Salesforce",
                           heal=[("extend", (deal.code,))]))  # fmt: skip


def schema_drift(planting: Planting) -> None:
    """The PSA begins to send a field that nobody knows, for one team's entries."""
    plan = planting.plan
    deal = planting.busy((planting.last,), "NOV-DE")
    planting.add(Fault("F26", "schema-drift", "time_entry.work_location", "new-field", "map work_location in the Kantata connector, or let it be ignored"))
    for sheet in plan.sheets_of(deal.code, (planting.last,)):
        sheet.beyond = {"work_location": "client site"}


WEATHER = (
    (1, 0, 10, 58, "netsuite", "throttled", 6, ""), (2, 1, 14, 58, "kantata", "throttled", 5, ""), (3, 0, 10, 58, "netsuite", "dropped", 2, "record/v1/timeBill"),
    (3, 2, 10, 28, "kantata", "dropped", 1, "/workspaces"), (4, 0, 10, 58, "salesforce", "expired", 1, "query"), (4, 1, 14, 58, "netsuite", "unavailable", 5, ""),
    (4, 2, 10, 28, "ppm", "throttled", 3, ""), (5, 0, 10, 58, "workday", "fault", 2, ""), (5, 1, 14, 58, "netsuite", "dropped", 1, "record/v1/job"),
    (6, 0, 10, 58, "salesforce", "throttled", 2, "query"), (6, 1, 14, 58, "kantata", "unavailable", 6, ""), (7, 2, 10, 28, "ppm", "dropped", 1, "/projects"),
    (7, 0, 10, 58, "salesforce", "quota", 1, "query"), (8, 0, 10, 58, "netsuite", "throttled", 9, ""), (8, 1, 14, 58, "kantata", "dropped", 3, "external_references"),
    (9, 0, 10, 58, "netsuite", "dropped", 2, "record/v1/timeBill"), (9, 1, 14, 58, "workday", "throttled", 1, ""), (10, 1, 14, 58, "ppm", "unavailable", 2, ""),
)  # fmt: skip
OUTAGE = (6, 2, 10, 28)


def weather(planting: Planting) -> None:
    """The vendors' bad days: throttling, quotas, 5xx, lost answers, an ended session, SOAP faults, and one outage of six hours."""
    plan = planting.plan
    for week, day, hour, minute, vendor, kind, count, path in WEATHER:
        plan.add(plan.moment(week, day, hour, minute), "weather", vendor, kind, str(count), path)
    plan.add(plan.moment(*OUTAGE), "outage", "netsuite", "6")
    plan.stops += [plan.moment(*OUTAGE) + timedelta(hours=6, minutes=9), plan.moment(7, 0, 12, 4)]
    planting.add(Fault("F25", "weather", "all vendors", "transient", "nothing: the engine waits, asks and goes on", heals=True))


ALL: tuple[Callable[[Planting], None], ...] = (
    headline, missing_dimensions, typo_codes, inactive_code, orphan, foreign_code, closed_in_psa, missing_in_ppm, expired_work, back_dated,
    late_approvals, rejections, missing_rates, corrections, duplicate_customer, moved_customer, schema_drift, weather,
)  # fmt: skip
