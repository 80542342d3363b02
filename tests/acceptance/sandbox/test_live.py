"""Life after history: beats bring work, corrections, sales and vendor faults, and a restart goes on."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from integrations.sandbox.clock.live import FALTERING, NEW_SALE, Liveliness
from integrations.sandbox.sandbox import Sandbox
from tests.acceptance.sandbox.clerk import Clerk
from tests.contract.sandbox.house import HandClock

ANCHOR = datetime(2026, 11, 18, 12, 0, tzinfo=UTC)
BEATS = 4 * NEW_SALE


def begun(folder: Path) -> tuple[Sandbox, HandClock]:
    clock = HandClock(ANCHOR)
    return Sandbox(5, clock, folder=folder, anchor=ANCHOR, fault_plan=None), clock


def test_people_keep_working_and_the_truth_keeps_up(tmp_path: Path) -> None:
    sandbox, clock = begun(tmp_path)
    clerk, life = Clerk(sandbox), Liveliness(sandbox)
    for code in [deal.code for deal in sandbox.plan.deals.values() if deal.won_at < ANCHOR]:
        sandbox.do("win", code, at=clock.now())
    clerk.work()
    sandbox.life.live_until(clock.now())
    for month in list(sandbox.vendors.erp.records.periods.rows):
        sandbox.do("reopen", month)
    for number in range(1, BEATS + 1):
        clock.later(12)
        life.beat(number)
        clerk.work()
    entries = [row for row in sandbox.life.delivery.entries if row["key"].startswith("live/")]
    states = {state: sum(row["state"] == state for row in entries) for state in ("open", "approved", "withdrawn")}
    assert states["approved"] > BEATS and states["open"] < states["approved"]
    assert sum(one.kind != "" for one in sandbox.conditions.armed) == BEATS // FALTERING
    sales = {
        row["Project_Code__c"]: row
        for row in sandbox.vendors.crm.tables["Opportunity"]
        if row["Project_Code__c"].startswith("PRJ-20")
    }
    assert set(sales) == {f"PRJ-{2000 + number}" for number in range(1, 5)}
    assert all(row["Cost_Centre__c"] for row in sales.values()), (
        "the one that lacked it was filled a minute and a half later"
    )
    clock.later(600)
    life.beat(BEATS + 1)
    clock.later(600)
    life.beat(BEATS + 2)
    clerk.work()
    clock.later(600)
    assert sandbox.truth.compare(clock.now())["counts"]["unexplained"] == 0


def test_a_restart_knows_the_sales_that_were_made_live(tmp_path: Path) -> None:
    sandbox, clock = begun(tmp_path)
    life = Liveliness(sandbox)
    for number in range(1, NEW_SALE + 1):
        clock.later(12)
        life.beat(number)
    deal = sandbox.plan.deals["PRJ-2001"]
    again, later = begun(tmp_path)
    later.present = clock.present + timedelta(minutes=1)
    second = Liveliness(again)
    assert again.plan.deals["PRJ-2001"] == deal
    second.beat(len(again.ledger.table("world.beats")) + 1)
    assert len(again.ledger.table("world.beats")) == NEW_SALE + 1
    assert again.truth.compare(later.present)
