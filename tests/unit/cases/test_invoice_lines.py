"""Billed is what the lines of invoices that stand say, through whatever became of the invoice and of the work."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from models.journal.metadata import micros
from tests.findings.books import PROJECT, entry, firm, mart, posted
from tests.unit.cases.lakes import NOW, Lake, money
from tests.unit.marts.test_sources import extracted

pytestmark = pytest.mark.req("X17")

LATER = NOW + timedelta(hours=1)
SURE_AFTER = timedelta(minutes=1)
"""What a reading saw is in the lake by then."""


def bill(lake: Lake, number: str, *lines: dict[str, Any], status: str = "open", total: str = "800.00") -> None:
    fields = {"project_code": PROJECT, "status": status, "total": money(total), "lines": lines}
    lake.observe("netsuite", "invoice", number, issued_on="2026-09-28", **fields)


def credit(lake: Lake, number: str, invoice: str, *lines: dict[str, Any], total: str) -> None:
    fields = {"credits": invoice, "status": "open", "total": money(total), "lines": lines}
    lake.observe("netsuite", "credit_memo", number, issued_on="2026-09-29", **fields)


def line(number: int = 1, amount: str = "800.00", currency: str = "EUR") -> dict[str, Any]:
    return {"posting_id": f"TE-kantata-{number}-v1", "amount": money(amount, currency)}


def work(lake: Lake) -> dict[str, tuple[Any, ...]]:
    rows = mart(lake, "SELECT item_key, state, blocker, bill_amount, invoice_key FROM mart_work")
    return {row.pop("item_key"): tuple(row.values()) for row in rows}


@pytest.fixture
def lake() -> Lake:
    made = firm()
    for number in (1, 2):
        entry(made, number)
        posted(made, number, invoiced=True, invoice_number="INV-1")
    return made


@pytest.mark.finding("F2a")
def test_work_that_is_gone_keeps_what_was_billed_for_it(lake: Lake) -> None:
    bill(lake, "INV-1", line(1), line(2), total="1600.00")
    lake.observe("kantata", "time_entry", "TE-kantata-1", LATER, present=False)
    entry(lake, 2, LATER + timedelta(minutes=1), hours="12.00")
    asked = "SELECT item_key, state, bill_amount, hours, work_amount, work_hours, gone, resource_key FROM mart_work"
    assert [tuple(row.values()) for row in mart(lake, asked + " ORDER BY item_key")] == [
        ("TE-kantata-1", "billed", Decimal(800), Decimal(8), Decimal(0), Decimal(0), True, None),
        ("TE-kantata-2", "billed", Decimal(800), Decimal(8), Decimal(1200), Decimal(12), False, "E-7"),
    ]


def test_work_that_was_withdrawn_after_its_invoice_is_billed_and_worth_nothing_today(lake: Lake) -> None:
    bill(lake, "INV-1", line(1), line(2), total="1600.00")
    entry(lake, 1, LATER, approval="reversed")
    (row,) = mart(lake, "SELECT state, bill_amount, work_amount FROM mart_work WHERE item_key = 'TE-kantata-1'")
    assert tuple(row.values()) == ("billed", Decimal(800), Decimal(0))


def test_a_draft_a_void_and_a_wholly_credited_invoice_bill_nothing(lake: Lake) -> None:
    lines = line(1), line(2)
    bill(lake, "INV-1", *lines, status="draft", total="1600.00")
    assert {row[:2] for row in work(lake).values()} == {("ready", None)}, "on a draft it waits to be sent"
    bill(lake, "INV-1", *lines, status="void", total="1600.00")
    assert {row[:2] for row in work(lake).values()} == {("blocked", "invoice-void")}
    bill(lake, "INV-1", *lines, total="1600.00")
    assert {row[0] for row in work(lake).values()} == {"billed"}
    credit(lake, "CM-1", "INV-1", total="1600.00")
    assert {row[:2] for row in work(lake).values()} == {("blocked", "invoice-void")}
    assert mart(lake, "SELECT count(*) AS n FROM mart_invoice_line WHERE stands") == [{"n": 0}]


def test_work_that_is_credited_twice_is_billed_below_nothing(lake: Lake) -> None:
    """The customer got 800 too many: an invoice that fell with its memos would say nothing of it."""
    bill(lake, "INV-1", line(1), line(2), total="1600.00")
    for memo in ("CM-1", "CM-2"):
        credit(lake, memo, "INV-1", line(1), total="800.00")
    assert work(lake) == {
        "TE-kantata-1": ("billed", None, Decimal(-800), "INV-1"),
        "TE-kantata-2": ("billed", None, Decimal(800), "INV-1"),
    }


def test_a_line_that_was_billed_twice_and_credited_once_is_billed_once(lake: Lake) -> None:
    """The head still says 800, and the memo takes back as much: the lines say that 800 stand."""
    bill(lake, "INV-1", line(1), line(1), total="800.00")
    credit(lake, "CM-1", "INV-1", line(1), total="800.00")
    assert work(lake)["TE-kantata-1"] == ("billed", None, Decimal(800), "INV-1")


def test_a_memo_that_takes_back_a_negative_line_gives(lake: Lake) -> None:
    """A correction of -100 was billed and credited: nothing is left of it, and not -200."""
    bill(lake, "INV-1", line(1), line(2, "-100.00"), total="700.00")
    credit(lake, "CM-1", "INV-1", line(2, "-100.00"), total="-100.00")
    assert {key: row[:3] for key, row in work(lake).items()} == {
        "TE-kantata-1": ("billed", None, Decimal(800)),
        "TE-kantata-2": ("blocked", "invoice-void", Decimal(800)),
    }


def test_a_memo_that_names_a_posting_takes_back_that_line_alone(lake: Lake) -> None:
    bill(lake, "INV-1", line(1), line(2), total="1600.00")
    credit(lake, "CM-1", "INV-1", line(1), total="800.00")
    credit(lake, "CM-2", "INV-1", line(2, "300.00"), total="300.00")
    assert work(lake) == {
        "TE-kantata-1": ("blocked", "invoice-void", Decimal(800), None),
        "TE-kantata-2": ("billed", None, Decimal(500), "INV-1"),
    }
    asked = "SELECT invoice_key, kind, amount, stands, credits FROM mart_invoice_line ORDER BY ALL"
    assert [tuple(row.values()) for row in mart(lake, asked)] == [
        ("CM-1", "credit", Decimal(-800), False, "INV-1"),
        ("CM-2", "credit", Decimal(-300), True, "INV-1"),
        ("INV-1", "time", Decimal(800), False, None),
        ("INV-1", "time", Decimal(800), True, None),
    ]


def test_work_that_was_credited_is_billed_again_by_another_invoice(lake: Lake) -> None:
    bill(lake, "INV-1", line(1), line(2), total="1600.00")
    credit(lake, "CM-1", "INV-1", total="1600.00")
    bill(lake, "INV-2", line(1, "760.00"), total="760.00")
    assert work(lake)["TE-kantata-1"] == ("billed", None, Decimal(760), "INV-2")


def test_lines_that_bill_no_item_are_kept_by_kind(lake: Lake) -> None:
    extra = [
        {"kind": "discount", "amount": money("-80.00")},
        {"kind": "tax", "amount": money("136.80")},
        {"amount": money("0.01")},
        {"milestone_id": "M9", "amount": money("10.00")},
    ]
    bill(lake, "INV-1", line(1), line(2), *extra, total="1666.81")
    asked = "SELECT line, kind, item_key, amount, project_key FROM mart_invoice_line WHERE line > 2 ORDER BY line"
    assert [tuple(row.values()) for row in mart(lake, asked)] == [
        (3, "discount", None, Decimal("-80.00"), PROJECT),
        (4, "tax", None, Decimal("136.80"), PROJECT),
        (5, "adjustment", None, Decimal("0.01"), PROJECT),
        (6, "milestone", f"MS-{PROJECT}-M9", Decimal("10.00"), PROJECT),
    ]
    gone = mart(lake, "SELECT state, bill_amount, gone FROM mart_work WHERE kind = 'milestone'")
    assert gone == [{"state": "billed", "bill_amount": Decimal(10), "gone": True}], "billed, and on no order"


def test_an_entry_on_two_invoices_is_billed_at_both(lake: Lake) -> None:
    bill(lake, "INV-1", line(1), line(2), total="1600.00")
    bill(lake, "INV-2", line(1, "100.00"), total="100.00")
    assert work(lake)["TE-kantata-1"] == ("billed", None, Decimal(900), "INV-1")


def test_where_no_invoice_is_ever_seen_the_flag_of_the_posting_says_billed(lake: Lake) -> None:
    assert {row[:3] for row in work(lake).values()} == {("billed", None, Decimal(800))}


@pytest.mark.parametrize("minutes, stands", [(0, ("moving", "in-flight")), (20, ("blocked", "invoice-unknown"))])
def test_where_the_list_of_invoices_was_read_and_is_empty_a_flag_bills_nothing(
    minutes: int, stands: tuple[str, str]
) -> None:
    """An invoice that was made and deleted between two readings was never seen: what is flagged is on none. The first
    of all invoices may be seen a moment after its flag.
    """
    lake, flagged = firm(), NOW - timedelta(minutes=minutes)
    entry(lake, 1)
    posted(lake, 1, flagged, invoiced=True, invoice_number="INV-1")
    extracted(lake, "netsuite", "invoice", NOW)
    for entity in ("project", "charge_code", "time_entry"):
        extracted(lake, "netsuite", entity, NOW)
    assert [row[:2] for row in work(lake).values()] == [stands]


def test_a_flag_that_was_seen_since_invoices_were_read_waits_for_the_next_reading(lake: Lake) -> None:
    """However long that takes: an hour between two readings is no lost invoice."""
    lake = firm()
    entry(lake, 1)
    posted(lake, 1, NOW - timedelta(minutes=40), invoiced=True, invoice_number="INV-1")
    for entity, minutes in (("project", 0), ("charge_code", 0), ("time_entry", 0), ("invoice", 50)):
        extracted(lake, "netsuite", entity, NOW - timedelta(minutes=minutes))
    assert [row[:2] for row in work(lake).values()] == [("moving", "in-flight")]


def test_a_flag_seen_in_the_very_moment_of_a_reading_of_invoices_waits_for_the_next() -> None:
    lake = firm()
    entry(lake, 1)
    posted(lake, 1, NOW, invoiced=True, invoice_number="INV-1")
    for entity in ("project", "charge_code", "time_entry", "invoice"):
        extracted(lake, "netsuite", entity, NOW + SURE_AFTER)
    assert [row[:2] for row in work(lake).values()] == [("moving", "in-flight")]
    lake.connection.execute("UPDATE journal.main.extract SET taken_at = ?", [micros(LATER)])
    lake.observe("netsuite", "customer", "C-2", LATER, name="News")
    assert [row[:2] for row in work(lake).values()] == [("blocked", "invoice-unknown")]


def test_a_posting_flagged_a_moment_before_its_invoice_is_seen_is_on_its_way(lake: Lake) -> None:
    lake.observe("netsuite", "invoice", "INV-0", NOW - timedelta(hours=2), status="open", total=money("1.00"), lines=[])
    assert {row[:2] for row in work(lake).values()} == {("moving", "in-flight")}
