"""The whole history, with a faultless clerk in the engine's place: truth adds up and every planted fault bites."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from integrations.sandbox.sandbox import Sandbox
from integrations.sandbox.world.plan import HEADLINE
from tests.acceptance.sandbox.clerk import Clerk
from tests.contract.sandbox.house import HandClock

ANCHOR = datetime(2026, 11, 20, 9, 55, tzinfo=UTC)


def lived(fault_plan: str | None) -> tuple[Sandbox, Clerk, HandClock]:
    clock = HandClock()
    sandbox = Sandbox(2026, clock, anchor=ANCHOR, fault_plan=fault_plan)
    clerk = Clerk(sandbox)
    for moment in sandbox.plan.ticks():
        clock.present = moment
        sandbox.life.live_until(moment)
        clerk.work()
    clock.present += timedelta(minutes=10)
    return sandbox, clerk, clock


@pytest.fixture(scope="module")
def history() -> Iterator[tuple[Sandbox, Clerk, HandClock]]:
    yield lived("standard")


def test_in_a_quiet_world_every_system_agrees_with_the_truth() -> None:
    sandbox, clerk, clock = lived(None)
    assert set(sandbox.truth.compare(clock.now())["counts"].values()) == {0}
    assert clerk.refused == {}


@pytest.mark.finding("F15")
@pytest.mark.req("X12")
def test_every_difference_from_the_truth_is_a_planted_fault(history: tuple[Sandbox, Clerk, HandClock]) -> None:
    sandbox, _, clock = history
    found = sandbox.truth.compare(clock.now())
    assert found["counts"]["unexplained"] == 0, found["unexplained"][:5]
    assert found["counts"]["explained"] >= 300
    assert found["by_fault"]["F01"] >= 214


def test_each_kind_of_fault_bites(history: tuple[Sandbox, Clerk, HandClock]) -> None:
    """What the ERP refuses, and why, is what the plan said: as many entries for each fault as were decided on."""
    sandbox, clerk, _ = history
    kinds = {fault.id: fault for fault in sandbox.plan.faults}
    refused: Counter[str] = Counter()
    for fact in clerk.refused:
        refused[str(sandbox.life.delivery.entries.rows[fact.rsplit("-", 1)[1]]["fault"])] += 1
    blocking = {
        name: fault.entries - fault.undecided
        for name, fault in kinds.items()
        if fault.entries and fault.kind not in ("late-approval", "rejected-time")
    }
    assert dict(refused) == blocking
    words = Counter(text.split(":")[0] for text in clerk.refused.values())
    assert set(words) == {"customer", "caseTaskEvent", "tranDate", "None"}


def test_faults_outside_the_ledger_are_there_too(history: tuple[Sandbox, Clerk, HandClock]) -> None:
    sandbox, _, _ = history
    kinds = {fault.kind: fault for fault in sandbox.plan.faults}
    crm, psa, ppm = sandbox.vendors.crm.tables, sandbox.vendors.psa, sandbox.vendors.ppm
    tax_ids = Counter(row["Tax_Id__c"] for row in crm["Account"] if not row["IsDeleted"])
    assert [count for count in tax_ids.values() if count > 1] == [2]
    assert (
        sum(
            1
            for row in crm["Opportunity"]
            if row["IsWon"] and not all(row[name] for name in ("Service_Line__c", "Cost_Centre__c", "Tax_Profile__c"))
        )
        == 3
    )
    assert psa.tables["workspaces"].rows[str(psa.workspace(kinds["project-closed-in-psa"].subject))]["archived"] is True
    assert any("drop_ppm" in key for key in sandbox.ledger.table("world.done").rows)
    assert ppm.tables["projects"].rows
    statuses = Counter(row["status"] for row in psa.tables["timesheet_submissions"])
    assert statuses["rejected"] > 10 and statuses["new"] > 10
    assert any("work_location" in row for row in psa.tables["time_entries"])
    assert sandbox.conditions.armed, "the clerk asks no vendor over the wire, so every condition is still armed"
    assert {one.kind for one in sandbox.conditions.armed} >= {
        "throttled",
        "dropped",
        "unavailable",
        "expired",
        "quota",
        "fault",
    }


def test_billing_runs_leave_billed_ready_and_blocked_work(history: tuple[Sandbox, Clerk, HandClock]) -> None:
    sandbox, _, _ = history
    bills = list(sandbox.vendors.erp.records.tables["timebill"])
    invoices = list(sandbox.vendors.erp.records.tables["invoice"])
    milestones = [line for row in sandbox.vendors.erp.records.tables["salesorder"] for line in row["item"]["items"]]
    assert {row["status"] for row in invoices} == {"open", "paid"} and len({row["tranId"] for row in invoices}) == len(
        invoices
    )
    assert any(line.get("custcol_accepted") and line.get("custcol_invoice") for line in milestones)
    assert any(line.get("custcol_accepted") and not line.get("custcol_invoice") for line in milestones), (
        "the headline's milestones wait"
    )
    assert len(bills) > 9_000


def test_mending_faults_and_posting_again_leaves_nothing(history: tuple[Sandbox, Clerk, HandClock]) -> None:
    """X8: what a person would do at the vendors makes the differences go; this comes last, it changes the world."""
    sandbox, clerk, clock = history
    for fault in sandbox.plan.faults:
        assert sandbox.mend(fault.id), fault.id
    clock.present += timedelta(hours=1)
    mended = sandbox.truth.compare(clock.present)
    assert mended["counts"]["explained"] == 0 and mended["counts"]["to_replay"] >= 300
    clock.present += timedelta(minutes=5)
    clerk.work()
    clerk.again(
        HEADLINE, next(fault.subject for fault in sandbox.plan.faults if fault.kind == "project-missing-in-ppm")
    )
    clock.present += timedelta(minutes=5)
    assert clerk.refused == {}
    left = sandbox.truth.compare(clock.present)
    assert set(left["counts"].values()) == {0}, [left[place][:3] for place in left["counts"]]
    with pytest.raises(KeyError):
        sandbox.mend("F99")
