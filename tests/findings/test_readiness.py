"""Ready means that an invoice can be written today; billed means that a valid one was."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from integrations.connectors.kantata.observations import approval
from tests.findings.books import PROJECT, SOLD, entry, firm, found, given, mart, posted
from tests.unit.cases.lakes import NOW, Lake, money

STONE = {
    "milestone_id": "M1",
    "name": "Design",
    "due": "2026-09-01",
    "amount": money("1000.00"),
    "completed_at": "2026-09-12",
}


def states(lake: Lake) -> list[tuple[str, str | None]]:
    return [
        (row["state"], row["blocker"]) for row in mart(lake, "SELECT state, blocker FROM mart_work ORDER BY item_key")
    ]


def invoiced(lake: Lake, status: str = "open", **line: Any) -> None:
    """The entry's posting, put on an invoice of 800.00."""
    posted(lake, invoiced=True, invoice_number="INV-1")
    lines = [{"posting_id": "TE-kantata-1-v1", "amount": money("800.00"), **line}]
    lake.observe(
        "netsuite", "invoice", "INV-1", project_code=PROJECT, status=status, total=money("800.00"), lines=lines
    )


@pytest.mark.finding("F2a")
def test_what_is_billed_is_what_the_invoice_says():
    """In 0.1.0 an entry invoiced with 800.00 and then cut showed the cut amount as billed.

    Wanted: billed is the invoice's line.
    """
    lake = firm()
    entry(lake)
    invoiced(lake)
    entry(lake, at=NOW + timedelta(hours=1), hours="0.25")
    assert mart(lake, "SELECT state, bill_amount FROM mart_work") == [
        {"state": "billed", "bill_amount": Decimal("800.00")}
    ]


@pytest.mark.finding("F2b")
@pytest.mark.req("X17")
def test_a_change_after_invoicing_is_a_case():
    """In 0.1.0 12 invoice lines exceeded the approved work by 5,281.04 and there was no case. Wanted: one."""
    lake = firm()
    entry(lake)
    invoiced(lake)
    entry(lake, at=NOW + timedelta(hours=1), hours="0.25")
    assert "TE-kantata-1" in {finding.subject_key for finding in found(lake)}


@pytest.mark.finding("F3a")
def test_posted_work_on_a_project_that_is_gone_from_the_erp_is_not_ready():
    """In 0.1.0 76,369.03 of posted work on a deleted ERP project stood as ready.

    Wanted: blocked, for no invoice can be written on it.
    """
    lake = firm()
    lake.observe("netsuite", "project", "PRJ-1", name="Another")
    entry(lake)
    posted(lake)
    lake.observe("netsuite", "project", PROJECT, NOW + timedelta(hours=1), present=False)
    assert states(lake) == [("blocked", "project-missing")]


@pytest.mark.finding("F3b")
def test_a_milestone_that_the_customer_has_not_accepted_is_not_ready():
    """In 0.1.0 milestones of 60,818 with accepted = false stood as ready. Wanted: not ready until they are accepted."""
    lake = firm()
    lake.observe(
        "netsuite", "contract", f"CT-{PROJECT}", project_code=PROJECT, milestones=[{**STONE, "accepted": False}]
    )
    assert [state for state, _ in states(lake)] in (["blocked"], ["not_approved"])


@pytest.mark.finding("F3c")
def test_work_over_a_contracts_cap_is_not_ready():
    """0.1.0 read the cap of a contract and never asked it. Wanted: work beyond the cap is not ready."""
    lake = firm()
    lake.observe(
        "netsuite", "contract", f"CT-{PROJECT}", project_code=PROJECT, value=money("500.00"), cap=money("500.00")
    )
    entry(lake)
    posted(lake)
    assert [state for state, _ in states(lake)] != ["ready"], "800.00 are ready under a cap of 500.00"


@pytest.mark.finding("F3f")
@pytest.mark.req("X17")
def test_a_project_that_is_billed_beyond_its_contract_is_a_case():
    """In 0.1.0 four projects were billed 83,221.96 beyond their contracts and nothing said so.

    Wanted: a case on the project.
    """
    lake = firm()
    lake.observe("netsuite", "invoice", "INV-1", project_code=PROJECT, status="open", total=money("60000.00"), lines=[])
    assert PROJECT in {finding.project_key for finding in found(lake)}, (
        "60,000.00 are billed of a contract of 50,000.00"
    )


@pytest.mark.finding("F5b")
@pytest.mark.req("X17")
@pytest.mark.parametrize("system, entity, key", [("salesforce", "project", PROJECT), ("netsuite", "contract", "CT-1")])
def test_a_contract_that_is_cut_below_what_is_billed_is_a_case_of_the_difference(system, entity, key):
    """0.1.0 never compared the two. Wanted: sales cut the value, or finance the cap, after the invoice: a case with
    exactly what lies beyond, and none at what is billed to the cent.
    """
    lake = firm()
    entry(lake)
    invoiced(lake, status="open")

    def agreed(at, amount):
        worth = {"value": money(amount)} if entity == "project" else {"value": money("50000.00"), "cap": money(amount)}
        lake.observe(system, entity, key, at, **{**SOLD, "project_code": PROJECT, **worth})
        return [
            (one.subject_key, one.amount, one.currency) for one in found(lake) if one.cause.cause == "billed-beyond"
        ]

    assert agreed(NOW, "800.00") == []
    assert agreed(NOW + timedelta(hours=1), "749.99") == [(PROJECT, Decimal("50.01"), "EUR")]


@pytest.mark.finding("F8b")
@pytest.mark.req("X8", "X11")
def test_a_deleted_project_holds_the_same_before_and_after_one_of_its_items_waits():
    """In 0.1.0 the case counted the whole contract, two thirds of which were billed, and less once one item waited.

    Wanted: what is not billed of its work, however far the flow is with each piece.
    """
    lake = firm()
    for number in (1, 2, 3):
        entry(lake, number)
    invoiced(lake, status="open")
    posted(lake, 2)
    lake.observe("netsuite", "project", "PRJ-1002", **SOLD)
    lake.observe("netsuite", "project", PROJECT, NOW + timedelta(hours=1), present=False)

    def held():
        missing = [one for one in found(lake) if one.cause.cause == "project-missing"]
        given({one.fingerprint for one in missing} == {f"project-missing|erp|{PROJECT}"}, "not one case")
        return {one.subject_key: one.amount for one in missing}

    before = held()
    assert before == {PROJECT: None, "TE-kantata-2": Decimal(800), "TE-kantata-3": Decimal(800)}
    waits = {"waiting_for": f"project:{PROJECT}", "waiting_owner": "erp", "payload": "{}"}
    lake.run("run-3", "time_entry:TE-kantata-3", "waiting", NOW + timedelta(hours=2), **waits)
    assert held() == before


@pytest.mark.finding("F4a")
def test_the_lines_of_a_voided_invoice_are_not_billed():
    """In 0.1.0 the 17 lines (14,484.40) of a voided invoice stayed billed. Wanted: none of them is."""
    lake = firm()
    entry(lake)
    invoiced(lake, status="void")
    assert "billed" not in [state for state, _ in states(lake)]


@pytest.mark.finding("F4b")
def test_an_entry_flagged_with_an_invoice_that_is_not_there_is_not_billed():
    """In 0.1.0 an entry flagged with the number of no invoice was billed. Wanted: it is not."""
    lake = firm()
    lake.observe("netsuite", "invoice", "INV-1", project_code=PROJECT, status="open", total=money("1.00"), lines=[])
    entry(lake)
    posted(lake, invoiced=True, invoice_number="INV-999")
    assert "billed" not in [state for state, _ in states(lake)]


@pytest.mark.finding("F9c")
def test_a_milestone_whose_date_has_passed_is_not_blocked_the_second_it_is_sold():
    """In 0.1.0 a fixed-price sale with due dates in the past was blocked work the second it was won, and readiness
    fell 12 points.

    Wanted: no blocked money while the set-up has its promised time.
    """
    lake = firm()
    lake.observe("salesforce", "project", "PRJ-5", name="Just won", value=money("1000.00"), closed_at=NOW.isoformat())
    stone = {**STONE, "completed_at": None, "accepted": False}
    lake.record(
        "source_event",
        business_key="project:PRJ-5",
        flow="quote-to-project",
        legal_entity="NOV-DE",
        body={"data": {"project_code": "PRJ-5", "milestones": [stone]}},
    )
    assert "blocked" not in [state for state, _ in states(lake)]


@pytest.mark.finding("F9a")
def test_an_expense_that_was_submitted_waits_for_its_approval():
    """In 0.1.0 all 52 expenses with a time of submission and no submission record were "never submitted".

    Wanted: submitted.
    """
    assert approval({"id": "9", "approved": False, "submitted_at": "2026-09-21T08:00:00Z"}, None) == "submitted"
