"""Up to when each kind of object of each system was read, and what that lets anybody say (X18)."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from models.derivation.refresh import refresh
from models.journal.metadata import micros
from tests.findings.books import Stopped, entry, firm, found, posted
from tests.unit.cases import lakes
from tests.unit.cases.lakes import NOW, Lake, hours_ago, money

LONG_AGO = "2026-09-22T08:00:00Z"

LATER = timedelta(minutes=1)
"""What a reading showed is in the lake by then."""


def extracted(lake: Lake, system: str, entity: str, at: datetime | None) -> None:
    taken = None if at is None else micros(at)
    lake._insert("journal.main.extract", {"system": system, "entity": entity, "version": 1, "taken_at": taken})


def until(lake: Lake) -> dict[tuple[str, str], datetime | None]:
    refresh(lake.connection, "EUR", Stopped())
    rows = lake.rows("SELECT system, entity, read_until FROM mart_source")
    return {(row["system"], row["entity"]): row["read_until"] for row in rows}


def apart(lake: Lake, key: str) -> dict[str, Any]:
    refresh(lake.connection, "EUR", Stopped())
    (row,) = lake.rows(f"SELECT place, in_time FROM mart_tieout WHERE item_key = '{key}'")
    return row


@pytest.mark.finding("F10a")
@pytest.mark.req("X18")
def test_each_kind_of_object_has_its_own_moment() -> None:
    """Invoices fail since yesterday: time that was read a minute ago makes them no younger, and no figure either."""
    lake = firm()
    entry(lake, 1, hours_ago(40))
    posted(lake)
    lake.observe("netsuite", "invoice", "INV-1", hours_ago(30), status="open", lines=[])
    extracted(lake, "netsuite", "time_entry", NOW)
    extracted(lake, "netsuite", "invoice", hours_ago(24))
    extracted(lake, "netsuite", "payment", None)
    found = until(lake)
    assert found["netsuite", "time_entry"] == NOW - LATER and found["netsuite", "payment"] is None
    assert found["netsuite", "invoice"] == hours_ago(24) - LATER
    assert found["kantata", "time_entry"] == hours_ago(40), "whose extracts nobody notes: when it was seen last"
    (kpi,) = lake.rows("SELECT as_of FROM mart_kpi WHERE name = 'billing_realisation'")
    assert kpi["as_of"] == hours_ago(40), "the oldest of the sources that it rests on"
    (kpi,) = lake.rows("SELECT as_of FROM mart_kpi WHERE name = 'billing_accuracy'")
    assert kpi["as_of"] == hours_ago(24) - LATER


@pytest.mark.req("X18")
def test_what_a_reading_that_goes_on_showed_last_says_nothing_of_the_rest() -> None:
    lake = firm()
    lake.observe("netsuite", "invoice", "INV-1", NOW, status="open", lines=[])
    extracted(lake, "netsuite", "invoice", hours_ago(24))
    assert until(lake)["netsuite", "invoice"] == hours_ago(24) - LATER


@pytest.mark.req("X17", "X18")
def test_while_invoices_are_read_for_the_first_time_nothing_flagged_is_on_an_unknown_one() -> None:
    """Its page may be yet to come; and the figures are as of what was seen, not as of now."""
    lake = firm()
    entry(lake, 1, hours_ago(40))
    posted(lake, 1, hours_ago(1), invoiced=True, invoice_number="INV-2")
    lake.observe("netsuite", "invoice", "INV-1", NOW - LATER, status="open", issued_on="2026-09-28", lines=[])
    extracted(lake, "netsuite", "invoice", None)
    refresh(lake.connection, "EUR", Stopped())
    assert [row["blocker"] for row in lake.rows("SELECT blocker FROM mart_work")] == ["in-flight"]
    (kpi,) = lake.rows("SELECT as_of FROM mart_kpi WHERE name = 'billing_accuracy'")
    assert kpi["as_of"] == NOW - LATER


@pytest.mark.req("X18")
def test_an_erp_that_was_never_read_has_nothing_late_however_far_another_was(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(lakes.ROLES, "sap", "erp")
    lake = firm()
    long_ago = {"approved_at": hours_ago(41).isoformat(), "changed_at": hours_ago(41).isoformat()}
    known, nobodys = (
        entry(lake, 1, hours_ago(40), **long_ago),
        entry(lake, 2, hours_ago(40), legal_entity="NOV-FR", **long_ago),
    )
    extracted(lake, "kantata", "time_entry", NOW)
    extracted(lake, "netsuite", "time_entry", NOW)
    extracted(lake, "sap", "time_entry", None)
    lake.observe("netsuite", "customer", "C-1", NOW)
    lake.observe("sap", "time_entry", "TE-7-v1", NOW, time_entry_id="TE-7", hours="1.00", project_code="PRJ-9")
    assert apart(lake, nobodys)["in_time"], "of a company whose books nobody knows"
    assert not apart(lake, known)["in_time"], "netsuite has its company's books, and was read"


@pytest.mark.finding("F10b")
@pytest.mark.req("X18")
def test_two_systems_are_compared_as_of_a_moment_up_to_which_both_were_read() -> None:
    """The ERP's customers are read all the time; its postings were not since the entry was approved."""
    lake = firm()
    key = entry(lake, 1, hours_ago(40), approved_at=hours_ago(41).isoformat(), changed_at=hours_ago(41).isoformat())
    extracted(lake, "netsuite", "customer", NOW)
    extracted(lake, "netsuite", "time_entry", hours_ago(42))
    lake.observe("netsuite", "customer", "C-1", NOW)
    assert apart(lake, key) == {"place": "on_its_way", "in_time": True}
    lake.connection.execute("UPDATE journal.main.extract SET taken_at = ?", [micros(NOW)])
    lake.observe("netsuite", "customer", "C-2", NOW)
    assert apart(lake, key) == {"place": "unexplained", "in_time": False}


@pytest.mark.req("X18")
def test_what_was_never_posted_may_be_work_that_is_no_more_until_its_source_was_read_again() -> None:
    """Somebody deleted the hours and the flow undid its posting: the PSA's next sweep tells, the ERP's was earlier."""
    lake = firm()
    key = entry(lake, 1, hours_ago(40), approved_at=hours_ago(41).isoformat(), changed_at=hours_ago(41).isoformat())
    lake.observe("netsuite", "customer", "C-1", NOW)
    extracted(lake, "netsuite", "time_entry", NOW)
    extracted(lake, "kantata", "time_entry", hours_ago(39))
    assert apart(lake, key) == {"place": "on_its_way", "in_time": True}
    lake.connection.execute("UPDATE journal.main.extract SET taken_at = ?", [micros(NOW)])
    lake.observe("netsuite", "customer", "C-2", NOW)
    assert apart(lake, key) == {"place": "unexplained", "in_time": False}


@pytest.mark.req("X18")
def test_a_list_that_was_never_read_says_nothing() -> None:
    lake = firm()
    key = entry(lake, 1, hours_ago(40), approved_at=hours_ago(41).isoformat(), changed_at=hours_ago(41).isoformat())
    extracted(lake, "netsuite", "time_entry", None)
    extracted(lake, "netsuite", "expense", NOW)
    lake.observe("netsuite", "customer", "C-1", NOW)
    assert apart(lake, key)["in_time"]


@pytest.mark.req("X18")
def test_what_is_compared_is_judged_by_its_own_lists_whatever_else_of_its_system_is_late() -> None:
    """Expenses of the ERP are not read since yesterday: that says nothing of time, which is late as it was."""
    lake = firm()
    key = entry(lake, 1, hours_ago(40), approved_at=hours_ago(41).isoformat(), changed_at=hours_ago(41).isoformat())
    extracted(lake, "netsuite", "time_entry", NOW)
    extracted(lake, "netsuite", "expense", hours_ago(42))
    extracted(lake, "kantata", "time_entry", NOW)
    extracted(lake, "kantata", "expense", None)
    lake.observe("netsuite", "customer", "C-1", NOW)
    assert apart(lake, key) == {"place": "unexplained", "in_time": False}


def worth(lake: Lake) -> dict[str, tuple[Any, ...]]:
    """Of each billed item whether its source is yet to tell of it, and what it is worth today."""
    refresh(lake.connection, "EUR", Stopped())
    rows = lake.rows("SELECT item_key, untold, work_amount, work_hours, work_reporting FROM mart_work")
    return {row.pop("item_key"): tuple(row.values()) for row in rows}


def accuracy(lake: Lake) -> Decimal:
    (kpi,) = lake.rows("SELECT value FROM mart_kpi WHERE name = 'billing_accuracy'")
    return Decimal(kpi["value"])


BILLED, NOTHING = (True, Decimal(800), Decimal(8), Decimal(800)), (False, Decimal(0), Decimal(0), Decimal(0))


@pytest.mark.req("X17", "X18")
def test_what_a_source_told_before_the_posting_says_nothing_of_what_was_posted_and_billed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Two PSAs: one was read since, the other's hours were unapproved, and others not there, when it was read last."""
    monkeypatch.setitem(lakes.ROLES, "replicon", "psa")
    lake = firm()
    for system, number in (("kantata", 1), ("replicon", 2), ("replicon", 3), ("kantata", 4)):
        key, fields = f"TE-{system}-{number}", {"project_code": "PRJ-1001", "work_date": "2026-09-20", "hours": "8.00"}
        worked = {**fields, "time_entry_id": key, "bill_rate": money("100.00")}
        if number < 3:
            lake.observe(system, "time_entry", key, hours_ago(40), **worked, approval="submitted")
        lake.observe("netsuite", "time_entry", f"{key}-v1", hours_ago(4), **worked, created_at=hours_ago(5).isoformat())
        bill = {"status": "open", "issued_on": "2026-09-28", "total": money("800.00")}
        line = {"posting_id": f"{key}-v1", "amount": money("800.00")}
        lake.observe("netsuite", "invoice", f"INV-{number}", hours_ago(4), **bill, lines=[line])
    extracted(lake, "kantata", "time_entry", NOW)
    extracted(lake, "replicon", "time_entry", hours_ago(6))
    extracted(lake, "replicon", "expense", NOW)
    assert worth(lake) == {
        "TE-kantata-1": NOTHING,
        "TE-kantata-4": NOTHING,
        "TE-replicon-2": BILLED,
        "TE-replicon-3": BILLED,
    }
    assert {one.subject_key for one in found(lake) if one.cause.cause == "over-billed"} == {
        "TE-kantata-1",
        "TE-kantata-4",
    }
    assert accuracy(lake) == 50, "of an invoice of which its source has told nothing yet nothing is wrong"
    lake.connection.execute("UPDATE journal.main.extract SET taken_at = ?", [micros(NOW)])
    lake.observe("netsuite", "customer", "C-2", NOW)
    assert set(worth(lake).values()) == {NOTHING}
    assert len([one for one in found(lake) if one.cause.cause == "over-billed"]) == 4
    assert accuracy(lake) == 0


@pytest.mark.req("X12", "X18")
def test_a_billed_milestone_is_judged_by_the_orders_of_the_erp() -> None:
    """Its order may have been raised since orders were read, though invoices are read all the time."""
    lake = firm()
    stone = {"milestone_id": "M1", "name": "Go live", "amount": money("1000.00"), "due": "2026-09-20"}
    done = {**stone, "completed_at": "2026-09-20", "accepted": True}
    lake.observe("netsuite", "contract", "CT-PRJ-1001", hours_ago(101), project_code="PRJ-1001", milestones=[done])
    line = {"milestone_id": "M1", "amount": money("1200.00")}
    lake.observe(
        "netsuite", "invoice", "INV-1", project_code="PRJ-1001", status="open", issued_on="2026-09-28", lines=[line]
    )
    for entity in ("time_entry", "expense", "invoice", "credit_memo"):
        extracted(lake, "netsuite", entity, NOW)
    extracted(lake, "netsuite", "contract", hours_ago(100))
    refresh(lake.connection, "EUR", Stopped())
    (row,) = lake.rows("SELECT reason, in_time FROM mart_tieout WHERE entity = 'invoice_line' AND reason IS NOT NULL")
    assert row == {"reason": "over-billed", "in_time": True}
