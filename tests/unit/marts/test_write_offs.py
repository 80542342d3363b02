"""What two people wrote off waits for nobody, is earned by nobody, and is lost wherever loss is told (X12, X13)."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from models.derivation.refresh import refresh
from models.journal.metadata import micros
from tests.findings.books import entry, firm, posted
from tests.unit.cases.lakes import NOW, Lake, hours_ago, money
from tests.unit.marts.test_tieout import LEVELS, LONG_AGO, Stopped, owned

D = Decimal
EARLY = {"work_date": "2026-07-20", "changed_at": LONG_AGO}
"""Work that should have been billed by now."""


def agreed(lake: Lake, key: str, amount: str, flow: str = "time-to-bill", entity: str = "time_entry") -> None:
    told = {"flow": flow, "entity": entity, "item_key": key, "amount": amount, "currency": "EUR"}
    two = {"asked_by": "ada", "approved_by": "ben", "approved_at": micros(hours_ago(30))}
    lake._insert("journal.main.write_off", {"write_off_id": f"w-{key}-{flow}", **told, **two})


def derived(lake: Lake) -> Lake:
    refresh(lake.connection, "EUR", Stopped(), LEVELS)
    return lake


def one(lake: Lake, sql: str) -> dict[str, Any]:
    (row,) = lake.rows(sql)
    return row


def worked() -> Lake:
    """Two entries of 800, the first written off, of a project that was sold at 100 an hour that costs 60."""
    lake = firm()
    for number in (1, 2):
        entry(lake, number, cost_rate=money("60.00"), **EARLY)
    agreed(lake, "TE-kantata-1", "800.00")
    sold = {"value": money("5000.00"), "cost": money("3000.00"), "hours": "50", "target_margin": "0.4"}
    lake.observe("planview", "budget", "PRJ-1001", project_code="PRJ-1001", **sold)
    days = {"baseline_starts_on": "2026-07-06", "baseline_ends_on": "2026-10-30", "forecast_ends_on": "2026-10-30"}
    left = {"hours_to_complete": "34", "cost_to_complete": money("2040.00"), "complete": "32"}
    lake.observe("planview", "forecast", "PRJ-1001", project_code="PRJ-1001", **days, **left)
    return derived(lake)


@pytest.mark.req("X12")
def test_the_bridge_of_a_margin_shows_a_write_off_as_one() -> None:
    row = one(worked(), "SELECT * FROM mart_forecast")
    assert row["erosion_written_off"] == row["erosion"] == D("800.00")
    assert row["erosion_rate"] == row["erosion_unexplained"] == row["erosion_hours"] == 0
    assert row["revenue_at_completion"] == D("4200.00")


@pytest.mark.finding("F16d")
@pytest.mark.req("X12")
def test_a_write_off_is_leakage_and_no_work_in_progress_and_the_reconciliation_accounts_for_it() -> None:
    lake = worked()
    kpi = {row["name"]: row for row in lake.rows("SELECT * FROM mart_kpi")}
    assert kpi["unbilled_work_in_progress"]["value"] == D("800.00")
    assert kpi["revenue_leakage"]["value"] == 100 and kpi["revenue_leakage"]["numerator"] == D("1600.00")
    standard = one(lake, "SELECT standard FROM derived.state.figure_sum WHERE world = 'reported'")["standard"]
    assert standard == D("800.00"), "realisation is of what was worth something, also when nothing of it was billed"
    row = one(lake, "SELECT * FROM mart_reconciliation WHERE project_key = 'PRJ-1001'")
    assert (row["explained_reporting"], row["unexplained_reporting"]) == (D("1600.00"), 0)
    days = {row["day"].isoformat(): row["unbilled"] for row in lake.rows("SELECT * FROM derived.state.work_event")}
    assert days == {"2026-07-20": D("1600.00"), "2026-09-29": D("-800.00")}


@pytest.mark.req("X12")
def test_a_write_off_is_of_one_record_and_a_second_of_the_same_amount_stands_beside_it() -> None:
    lake = firm()
    entry(lake, **EARLY)
    posted(lake, work_date="2026-07-20")
    agreed(lake, "TE-kantata-1", "800.00", "billing", "invoice_line")
    posted(lake, version=2, work_date="2026-07-20", created_at="2026-09-25T10:00:00Z")
    told = derived(lake).rows("SELECT place, source_amount FROM mart_tieout WHERE flow = 'billing'")
    assert sorted(row["place"] == "written_off" for row in told) == [False, True], told


@pytest.mark.req("X12")
def test_what_is_taken_back_from_approval_is_not_written_off_until_it_is_agreed_to_again() -> None:
    lake, asked = firm(), "SELECT state, blocker FROM mart_work"
    entry(lake, **EARLY)
    posted(lake, work_date="2026-07-20")
    agreed(lake, "TE-kantata-1", "800.00", "billing", "invoice_line")
    assert one(derived(lake), asked) == {"state": "written_off", "blocker": None}
    entry(lake, 1, NOW, approval="rejected", **{**EARLY, "changed_at": hours_ago(1).isoformat()})
    assert one(derived(lake), asked) == {"state": "not_approved", "blocker": "rejected"}
    entry(lake, 1, NOW + timedelta(hours=1), work_date="2026-07-20", changed_at=NOW.isoformat())
    assert one(derived(lake), asked) == {"state": "written_off", "blocker": None}


@pytest.mark.req("X12")
def test_work_that_is_worth_something_else_by_now_is_not_what_was_written_off() -> None:
    """25 hours instead of the 8 that two people agreed to lose: their correction waits as any other."""
    lake = firm()
    entry(lake, **EARLY)
    posted(lake, work_date="2026-07-20")
    agreed(lake, "TE-kantata-1", "800.00", "billing", "invoice_line")
    entry(lake, 1, NOW, hours="25.00", work_date="2026-07-20", changed_at=hours_ago(1).isoformat())
    told = one(derived(lake), "SELECT state, bill_amount FROM mart_work")
    assert (told["state"] != "written_off", told["bill_amount"]) == (True, D("2500.00"))
    entry(lake, 1, NOW + timedelta(hours=1), billable=False, work_date="2026-07-20", changed_at=NOW.isoformat())
    told = one(derived(lake), "SELECT state, bill_amount FROM mart_work")
    assert (told["state"] != "written_off", told["bill_amount"]) == (True, 0), "nor is what nobody pays for"


@pytest.mark.req("X13")
def test_no_case_moves_what_was_written_off() -> None:
    lake = firm()
    for number in (1, 2):
        entry(lake, number, **EARLY)
        owned(lake, f"TE-kantata-{number}")
    lake.connection.execute("UPDATE journal.main.finding SET subject_entity = 'time_entry'")
    agreed(lake, "TE-kantata-1", "800.00")
    doubts = derived(lake).rows("SELECT * FROM mart_doubt WHERE item_key = 'TE-kantata-1'")
    assert len(doubts) == 3
    assert {row[what] for row in doubts for what in ("revenue", "ready", "blocked", "unbilled", "lost")} == {0}
    unbilled = one(lake, "SELECT value, low, high FROM mart_kpi WHERE name = 'unbilled_work_in_progress'")
    assert unbilled == {"value": D("800.00"), "low": 0, "high": D("800.00")}


@pytest.mark.req("X12")
@pytest.mark.parametrize(("hours", "amount"), [("8.00", "800.00"), ("6.00", "600.00")])
def test_what_is_written_off_at_the_billing_joint_is_written_off_work_where_the_work_is_worth_as_much(
    hours: str, amount: str
) -> None:
    """The ERP holds 6 hours, and 600 was agreed to be lost: of 6 hours that is all, of 8 a correction is owed yet."""
    lake = firm()
    key = entry(lake, changed_at=LONG_AGO, hours=hours)
    posted(lake, hours="6.00", created_at="2026-09-22T10:00:00Z")
    agreed(lake, key, "600.00", "billing", "invoice_line")
    place = one(derived(lake), "SELECT place FROM mart_tieout WHERE entity = 'invoice_line'")["place"]
    work = one(lake, "SELECT state, bill_amount, written_off_on FROM mart_work")
    whole = hours == "6.00"
    assert place == "written_off"
    assert (work["state"] == "written_off", work["bill_amount"], work["written_off_on"] is not None) == (
        whole,
        D(amount),
        whole,
    )


@pytest.mark.req("X12")
def test_another_amount_than_stands_at_the_billing_joint_is_not_written_off() -> None:
    lake = firm()
    key = entry(lake, changed_at=LONG_AGO)
    posted(lake, hours="6.00", created_at="2026-09-22T10:00:00Z")
    agreed(lake, key, "800.00", "billing", "invoice_line")
    assert one(derived(lake), "SELECT place FROM mart_tieout WHERE entity = 'invoice_line'")["place"] != "written_off"
    assert one(lake, "SELECT state FROM mart_work")["state"] != "written_off"
