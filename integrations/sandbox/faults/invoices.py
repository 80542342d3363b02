"""Faults and lawful oddities of invoices: credited, in parts, twice, to the wrong customer, and work changed after."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, time, timedelta

from integrations.sandbox.faults.planting import Planting
from integrations.sandbox.world.fault import Fault
from integrations.sandbox.world.plan import closing
from integrations.sandbox.world.portfolio import Deal
from integrations.sandbox.world.timesheets import Entry, Sheet

PLANNED = (
    ("F31", "credited-invoice", "invoice-void", "NOV-DE", "credit", "release", "release what {0} was credited for"),
    ("F32", "partly-credited", "under-billed", "NOV-UK", "credit_part", "settle", "bill {0} the credited rest again"),
    ("F33", "partly-invoiced", "under-billed", "NOV-US", "bill_part", "settle", "bill {0} the rest"),
    ("F34", "billed-twice", "billed-twice", "NOV-DE", "bill_twice", "settle", "credit what {0} was billed twice"),
)
"""Id, kind, cause, company, what accounting does the morning after its billing run, and what makes it good."""

Billed = tuple[Sheet, Entry, datetime]
"""An entry on an invoice, its timesheet, and when somebody changes it."""

LAWFUL = (
    ("F45", "allowance", (("allow", 2, 4, ("150.00",)),)),
    ("F46", "discounted-invoice", (("discount", 1, 4, ()),)),
    ("F47", "prepayment", (("prepay", 3, 0, ("5000.00",)), ("draw", 0, 4, ("5000.00",)))),
)
"""Id, kind, and what accounting does, how many weeks before the last one and on which day of the week."""


def invoices_by_hand(planting: Planting) -> None:
    """What accounting does to invoices and should not have done, or not left so."""
    plan, week = planting.plan, planting.last - 1
    for name, kind, cause, company, change, remedy, words in PLANNED:
        deal = planting.billed(company)
        plan.add(plan.moment(week, 3, 16) if change == "bill_part" else plan.moment(week, 4, 9), change, deal.code)
        how = f"in NetSuite {words.format(deal.code)}"
        planting.add(Fault(name, kind, deal.code, cause, how, remedy=[(remedy, (deal.code,))]))


def wrong_customer(planting: Planting) -> None:
    """An invoice that went to another customer than its project's."""
    plan = planting.plan
    deal = planting.billed("NOV-UK")
    family = {deal.client, plan.clients[deal.client].group}
    other = next(
        client for place, client in enumerate(plan.clients) if place not in family and client.group not in family
    )
    plan.add(plan.moment(planting.last - 1, 4, 9, 5), "readdress", deal.code, other.number)
    planting.add(
        Fault(
            "F35",
            "wrong-customer",
            deal.code,
            "billed-to-another",
            f"in NetSuite send the invoice of {deal.code} to its own customer",
            remedy=[("address", (deal.code,))],
        )
    )


def changed_after_invoice(planting: Planting) -> None:
    """Hours that were raised, and some that were taken away, when the invoice was out; others come by themselves."""
    plan = planting.plan
    planting.add(
        Fault(
            "F36",
            "cut-after-invoice",
            "work corrected after its invoice",
            "over-billed",
            "in NetSuite credit what is billed too much",
            remedy=[("settle_all", ())],
        )
    )
    deal, (sheet, entry, at), (second, other, later) = billed_entries(planting, "NOV-DE", open_month=True)
    plan.add(at, "withdraw", sheet.key, entry.key)
    plan.add(later, "correct", second.key, other.key, str(other.minutes + 90))
    planting.add(
        Fault(
            "F37",
            "raised-after-invoice",
            deal.code,
            "under-billed",
            f"in NetSuite bill the hours of {deal.code} that came later",
            remedy=[("settle", (deal.code,))],
        )
    )


def billed_entries(planting: Planting, entity: str, open_month: bool) -> tuple[Deal, Billed, Billed]:
    """A deal with two entries that a billing run has taken, and a morning after it for each; their month is still open
    then, or closed already.
    """
    deal = planting.billed(entity, lambda one: len(list(_billed(planting, one, open_month))) > 1)
    first, second, *_ = _billed(planting, deal, open_month)
    return deal, first, second


def _billed(planting: Planting, deal: Deal, open_month: bool) -> Iterator[Billed]:
    plan = planting.plan
    for week in range(planting.last - 2, 0, -1):
        for sheet in sorted(plan.sheets_of(deal.code, (week,)), key=lambda one: one.key):
            late = sheet.decide_at is None or sheet.decide_at > plan.moment(week + 2, 0, 0)
            for entry in () if late or sheet.fault or sheet.verdict != "approved" else sheet.entries:
                at, billed = _changed_at(planting, entry, open_month), plan.moment(week + 2, 4, 10)
                if at is not None and at >= billed and entry.minutes > 120 and not planting.touched(entry.key):
                    yield sheet, entry, at


def _changed_at(planting: Planting, entry: Entry, open_month: bool) -> datetime | None:
    """When somebody changes an entry after its invoice; none where the month would be in the wrong state then."""
    plan = planting.plan
    day = datetime.combine(entry.day, time(), plan.start.tzinfo)
    at, shut = plan.moment((day - plan.start).days // 7 + 2, 4, 10), closing(day)
    if open_month:
        return at if at + timedelta(days=1) < shut else None
    late = max(at, shut + timedelta(hours=16))
    return late if late <= plan.moment(planting.last, 4, 10) else None


def odd_invoices(planting: Planting) -> None:
    """What accounting may do to invoices: none of it is wrong."""
    plan, deal = planting.plan, planting.billed("NOV-UK")
    for name, kind, changes in LAWFUL:
        for change, weeks, day, words in changes:
            plan.add(plan.moment(planting.last - weeks, day, 9, 10), change, deal.code, *words)
        planting.odd(name, kind, deal.code)


def copies_in_psa(planting: Planting) -> None:
    """What people of delivery do to invoices in the PSA, which only shows what the ERP sends."""
    plan, week = planting.plan, planting.last - 1
    deal, other = planting.billed("NOV-DE"), planting.billed("NOV-UK")
    plan.add(plan.moment(week, 4, 11), "cancel_copy", deal.code)
    planting.add(
        Fault(
            "F55",
            "copy-cancelled-in-psa",
            deal.code,
            "invoice-differs",
            f"in NetSuite save the open invoices of {deal.code} again",
            remedy=[("send_again", (deal.code,))],
        )
    )
    plan.add(plan.moment(week, 2, 15), "type_invoice", other.code, "2400.00")
    planting.add(
        Fault(
            "F56",
            "invoice-typed-in-psa",
            other.code,
            "invoice-foreign",
            f"in Kantata cancel the invoice of {other.code} that the ERP never sent",
            remedy=[("cancel_typed", (other.code,))],
        )
    )
