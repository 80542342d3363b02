"""Ready passes every gate, for posted work as for milestones; each amount has the one reason that comes first."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tests.findings.books import PROJECT, SOLD, entry, firm, found, mart, posted
from tests.unit.cases.lakes import NOW, Lake, hours_ago, money

pytestmark = pytest.mark.req("O3", "X5")

LATER = NOW + timedelta(minutes=5)
CODE = {"project_code": PROJECT, "name": "Portal"}


def states(lake: Lake) -> list[tuple[str, str | None]]:
    asked = "SELECT state, blocker FROM mart_work ORDER BY item_key"
    return [(row["state"], row["blocker"]) for row in mart(lake, asked)]


def agreed(lake: Lake, at: Any = NOW, **changed: Any) -> None:
    """The contract in the ERP, of the same value as the sale."""
    lake.observe("netsuite", "contract", f"CT-{PROJECT}", at, **CODE, **{"value": SOLD["value"], **changed})


@pytest.fixture
def lake() -> Lake:
    """One posted entry of 800.00 that passes every gate."""
    made = firm()
    agreed(made, hours_ago(500))
    entry(made)
    posted(made)
    return made


def test_work_that_passes_every_gate_is_ready(lake: Lake) -> None:
    assert states(lake) == [("ready", None)] and not found(lake)


def test_a_project_that_the_erp_closed_writes_no_invoice(lake: Lake) -> None:
    lake.observe("netsuite", "project", PROJECT, LATER, **{**SOLD, "status": "closed"})
    assert states(lake) == [("blocked", "project-closed")]


def test_a_project_that_the_erp_refused_as_unknown_holds_back_its_posted_work_too(lake: Lake) -> None:
    """Its own word is newer than what was read of it; the next full reading may be hours away."""
    entry(lake, 2)
    lake.run("run-1", "time_entry:TE-kantata-2", at=LATER, error_code="project-not-found", system="kantata")
    assert states(lake)[0] == ("ready", None), "what the PSA lacks says nothing of the ERP"
    lake.forget_runs()
    lake.run("run-1", "time_entry:TE-kantata-2", at=LATER, error_code="project-not-found", system="netsuite")
    assert states(lake) == [("blocked", "project-missing"), ("blocked", "project-missing")]
    lake.observe("netsuite", "project", PROJECT, LATER + timedelta(minutes=1), **SOLD)
    assert states(lake) == [("ready", None), ("blocked", "project-missing")], "it is there again, the run is still dead"


@pytest.mark.finding("F3e")
def test_a_sale_that_is_not_won_any_more_owes_nothing(lake: Lake) -> None:
    lake.observe("salesforce", "project", "PRJ-2", name="Another")
    lake.observe("salesforce", "project", PROJECT, LATER, present=False)
    assert states(lake) == [("blocked", "sale-not-won")]


def test_the_erp_bills_by_the_contract_that_was_sold(lake: Lake) -> None:
    agreed(lake, hours_ago(300), value=money("40000.00"))
    assert states(lake) == [("blocked", "contract-version")]
    lake.run("run-1", f"project:{PROJECT}", "running", flow="quote-to-project")
    assert states(lake) == [("ready", None)], "the new version is on its way"


@pytest.mark.finding("F3d")
def test_an_invoice_needs_the_customers_order_where_the_sale_names_one(lake: Lake) -> None:
    lake.observe("salesforce", "project", PROJECT, LATER, **{**SOLD, "purchase_order": "PO-7"})
    assert states(lake) == [("blocked", "po-missing")]
    agreed(lake, LATER, po="PO-7")
    assert states(lake) == [("ready", None)]


@pytest.mark.finding("F3d")
def test_an_invoice_needs_the_tax_profile_of_the_sale(lake: Lake) -> None:
    lake.observe("salesforce", "project", PROJECT, LATER, **{**SOLD, "missing": ["tax_profile"]})
    assert states(lake) == [("blocked", "tax-profile-missing")]


@pytest.mark.req("X17")
def test_a_cap_is_filled_by_what_is_billed_and_then_in_the_order_of_the_work(lake: Lake) -> None:
    bill = {"project_code": PROJECT, "status": "open", "total": money("500.00"), "lines": []}
    lake.observe("netsuite", "invoice", "INV-1", **bill)
    entry(lake, 2, work_date="2026-09-18")
    posted(lake, 2, work_date="2026-09-18")
    agreed(lake, LATER, cap=money("1300.00"))
    assert states(lake) == [("blocked", "over-cap"), ("ready", None)], "the earlier one still fits"
    lake.observe("salesforce", "project", PROJECT, LATER, **{**SOLD, "cap": money("400.00")})
    assert states(lake) == [("blocked", "over-cap"), ("blocked", "over-cap")], "the lower cap of the two counts"
    beyond = [one for one in found(lake) if one.cause.cause == "billed-beyond"]
    assert [(one.subject_key, str(one.amount), one.currency) for one in beyond] == [(PROJECT, "100.00", "EUR")]


@pytest.mark.req("X17")
@pytest.mark.parametrize("approval", ["open", "submitted", "rejected"])
def test_work_that_is_billed_and_no_longer_approved_is_billed_too_much(lake: Lake, approval: str) -> None:
    """Its approval was taken back after the invoice, and its posting reversed: the line bills what nobody agreed to."""
    line = {"line": "1", "posting_id": "TE-kantata-1-v1", "amount": money("800.00")}
    bill = {"project_code": PROJECT, "status": "open", "total": money("800.00"), "issued_on": "2026-09-25"}
    lake.observe("netsuite", "invoice", "INV-1", **bill, lines=[line])
    assert states(lake) == [("billed", None)]
    entry(lake, 1, LATER, approval=approval)
    posted(lake, 1)
    lake.observe(
        "netsuite",
        "time_entry",
        "TE-kantata-1-v1-R",
        LATER,
        time_entry_id="TE-kantata-1",
        project_code=PROJECT,
        work_date="2026-09-20",
        hours="-8.00",
        bill_rate=money("100.00"),
        reversal=True,
    )
    [over] = [one for one in found(lake) if one.cause.cause == "over-billed"]
    assert (over.subject_key, str(over.amount)) == ("TE-kantata-1", "800.00")


@pytest.mark.req("X17")
def test_a_cap_of_another_currency_than_the_work_is_compared_by_rates(lake: Lake) -> None:
    lake.observe(
        "netsuite", "exchange_rate", "EUR-GBP", base="EUR", quote="GBP", rate="1.20", effective_date="2026-01-01"
    )
    entry(lake, 2, work_date="2026-09-21", bill_rate=money("100.00", "GBP"))
    posted(lake, 2, work_date="2026-09-21", bill_rate=money("100.00", "GBP"))
    agreed(lake, LATER, cap=money("1700.00"))
    assert states(lake) == [("ready", None), ("blocked", "over-cap")], "800.00 and 960.00 of 1,700.00"


def test_a_posting_that_was_deleted_or_edited_is_not_ready(lake: Lake) -> None:
    posted(lake, hours="0.50")
    assert states(lake) == [("blocked", "posting-differs")]
    lake.observe("netsuite", "time_entry", "TE-kantata-1-v1", LATER, present=False)
    assert states(lake) == [("blocked", "posting-gone")]
    lake.run("run-1", "time_entry:TE-kantata-1", "ready", payload="{}")
    assert states(lake) == [("moving", "in-flight")], "it is posted again"


def test_what_the_customer_does_not_pay_for_waits_for_no_gate(lake: Lake) -> None:
    agreed(lake, LATER, hold=True)
    entry(lake, billable=False)
    posted(lake, billable=False)
    assert states(lake) == [("ready", None)]


def test_work_whose_invoice_was_deleted_is_not_billed_also_where_it_was_the_only_one(lake: Lake) -> None:
    """An ERP that shows no invoices is believed what it calls invoiced; one that has shown one is not any more."""
    posted(lake, invoiced=True, invoice_number="INV-1")
    assert states(lake) == [("billed", None)]
    for at, present in ((LATER, True), (LATER + timedelta(hours=1), False)):
        lines = [{"posting_id": "TE-kantata-1-v1", "amount": money("800.00")}]
        told = {"status": "open", "issued_on": "2026-09-25", "total": money("800.00"), "lines": lines}
        lake.observe("netsuite", "invoice", "INV-1", at, present=present, **told)
    assert states(lake) == [("blocked", "invoice-unknown")]


def test_a_posting_stands_with_what_reversals_left_of_it(lake: Lake) -> None:
    """The first posting was deleted and its reversal was not; what was posted since stands for the work."""
    posted(lake, present=False, at=LATER)
    posted(lake, version=1, reversal=True, hours="-8.00", at=LATER)
    posted(lake, version=2, at=LATER)
    assert states(lake) == [("ready", None)]


@pytest.mark.parametrize("approval, blocker", [("open", "not-submitted"), ("submitted", "approval-pending")])
def test_work_that_was_taken_back_waits_for_approval_whatever_stands_of_it(
    lake: Lake, approval: str, blocker: str
) -> None:
    """An hour was added in the ERP before the work was taken back as it had been sent: that hour stands, unapproved."""
    posted(lake, hours="9.00", at=LATER)
    posted(lake, reversal=True, hours="-8.00", at=LATER)
    entry(lake, at=LATER, approval=approval)
    assert states(lake) == [("not_approved", blocker)]


def test_the_last_sale_and_the_last_project_that_went_are_missed_as_any_other(lake: Lake) -> None:
    lake.observe("salesforce", "project", PROJECT, LATER, present=False)
    assert states(lake) == [("blocked", "sale-not-won")]
    lake.observe("netsuite", "project", PROJECT, LATER, present=False)
    assert states(lake) == [("blocked", "project-unsold")]


def test_the_last_charge_code_that_went_is_unknown() -> None:
    lake = firm()
    entry(lake)
    lake.observe("netsuite", "charge_code", f"{PROJECT}.010", LATER, present=False)
    lake.observe("netsuite", "project", PROJECT, LATER, **SOLD)
    assert states(lake) == [("blocked", "charge-code-unknown")]
