"""Figures of lakes so small that they are counted by hand, each with what another way of counting would make of it."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from models.derivation.refresh import refresh
from tests.findings.books import PROJECT, Stopped, entry, firm, posted
from tests.unit.cases.lakes import NOW, Lake, hours_ago, money

D = Decimal
FLOW = "time-to-bill"


def figures(lake: Lake) -> dict[str, dict[str, Any]]:
    refresh(lake.connection, "EUR", Stopped())
    return {row["name"]: row for row in lake.rows("SELECT * FROM mart_kpi")}


def told(figure: dict[str, Any]) -> tuple[Any, ...]:
    return figure["value"], figure["numerator"], figure["denominator"], figure["n"]


@pytest.fixture(scope="module")
def priced() -> dict[str, dict[str, Any]]:
    """Three entries of which invoices bill 600.00 for 800.00, and 800.00; two hours that nobody pays for, an expense,
    and an entry that the ERP does not have.
    """
    lake = firm()
    for number in (1, 2, 3, 4):
        entry(lake, number)
    entry(lake, 5, hours="2.00", billable=False)
    for number in (1, 2):
        posted(lake, number, invoiced=True, invoice_number="INV-1")
    posted(lake, 3)
    posted(lake, 5, hours="2.00", billable=False)
    lines = [
        {"posting_id": f"TE-kantata-{number}-v1", "amount": money(amount)}
        for number, amount in ((1, "600.00"), (2, "800.00"))
    ]
    bill = {"project_code": PROJECT, "status": "open", "total": money("1400.00"), "lines": lines}
    lake.observe("netsuite", "invoice", "INV-1", issued_on="2026-09-28", **bill)
    spent = {"project_code": PROJECT, "amount": money("50.00"), "billable": True, "currency": "EUR"}
    lake.observe("kantata", "expense", "EX-kantata-1", expense_id="EX-kantata-1", approval="approved", **spent)
    lake.observe("netsuite", "expense", "EX-kantata-1-v1", posting_id="EX-kantata-1-v1", **spent)
    return figures(lake)


@pytest.mark.finding("F16m")
@pytest.mark.req("O4")
def test_an_hour_earns_what_time_bills_over_all_hours_in_the_erp(priced: dict[str, Any]) -> None:
    """Revenue ÷ hours worked: hours that nobody pays for lower it, expenses do not raise it, and what the ERP does not
    have is neither.
    """
    assert told(priced["effective_bill_rate"]) == (D("84.62"), D(2200), D(26), 4)
    assert priced["effective_bill_rate"]["unit"] == "EUR / h"


@pytest.mark.finding("F16e")
@pytest.mark.req("O3", "O4")
def test_what_is_billed_below_its_worth_is_realised_in_part(priced: dict[str, Any]) -> None:
    """Billed ÷ standard value of what is billed: unbilled work is in neither of the two."""
    assert told(priced["billing_realisation"]) == (D("87.50"), D(1400), D(1600), 2)


@pytest.fixture(scope="module")
def run() -> dict[str, dict[str, Any]]:
    """Four runs delivered and one given up this week, one of each before; five failures that are open, of which one was
    replayed and failed again; three acts of two people; and masters of which one is right in each kind.
    """
    lake = Lake()
    for number, (days, status) in enumerate([(1, "settled")] * 4 + [(2, "dead"), (8, "settled"), (9, "dead")]):
        at = NOW - timedelta(days=days)
        lake.record("settlement", at, status=status, flow=FLOW, run_id=f"r{number}", lineage_id=f"r{number}")
    for number, hours in enumerate((0.5, 3, 20, 30, 200)):
        lake.run(f"dead-{number}", f"time_entry:TE-{number}", at=hours_ago(hours), amount="10.00", currency="EUR")
    again = {"replay_of": "first", "lineage_id": "first", "amount": "10.00", "currency": "EUR"}
    lake.run("again", "time_entry:TE-9", at=hours_ago(2), **again)
    lake.record("settlement", hours_ago(100), status="dead", flow=FLOW, run_id="first", lineage_id="first")
    for minutes, who, status in ((0, "ada", "requested"), (4, "ada", "approved"), (4, "bob", "commented")):
        at = NOW - timedelta(minutes=10 - minutes)
        lake.record("operator_action", at, actor=who, entity="case", status=status, business_key="k")
    masters(lake)
    return figures(lake)


def masters(lake: Lake) -> None:
    """Of projects, customers and people one that is right, and one for each way of being wrong."""
    sold = {"name": "Portal", "currency": "EUR", "customer_key": "C-1", "missing": []}
    for system in ("salesforce", "netsuite"):
        lake.observe(system, "project", "PRJ-1", **sold)
        lake.observe(system, "project", "PRJ-3", **{**sold, "currency": "EUR" if system == "netsuite" else "GBP"})
    lake.observe("salesforce", "project", "PRJ-2", **{**sold, "missing": ["customer"]})
    for identity in ("006A", "006B"):
        lake.observe("salesforce", "project", "PRJ-4", system_id=identity, **sold)
    known = {"name": "Halden", "country": "DE", "active": True}
    for system, country in (("salesforce", "DE"), ("netsuite", "AT")):
        lake.observe(system, "customer", "C-1", **known, tax_id="DE-1")
        lake.observe(system, "customer", "C-3", **{**known, "country": country})
    lake.observe("salesforce", "customer", "C-2", name="Nowhere", active=True)
    for number in ("C-4", "C-5"):
        lake.observe("salesforce", "customer", number, **known, tax_id="DE-45")
    paid = {"cost_rate": money("60.00"), "active": True}
    for system, rate in (("workday", "60.00"), ("netsuite", "65.00")):
        lake.observe(system, "resource", "E-1", **paid)
        lake.observe(system, "resource", "E-2", **{**paid, "cost_rate": money(rate)})
    lake.observe("workday", "resource", "E-3", active=True)
    lake.observe("workday", "resource", "E-4", active=False)


@pytest.mark.finding("F16o")
@pytest.mark.req("O5")
def test_the_failure_rate_is_of_the_runs_that_ended_within_a_week(run: dict[str, Any]) -> None:
    """Given up ÷ ended: neither the failures that are open nor those of the week before count."""
    assert told(run["failure_rate"]) == (D("33.33"), D(2), D(6), 6)


@pytest.mark.req("O5")
def test_open_failures_age_from_the_first_of_their_lineage(run: dict[str, Any]) -> None:
    """Six are open, three for more than a day: the replay that failed two hours ago first failed four days ago."""
    assert (run["failed_transaction_ageing"]["value"], run["failed_transaction_ageing"]["n"]) == (D(3), 6)


@pytest.mark.finding("F16j")
@pytest.mark.req("O5")
def test_peoples_effort_is_per_thousand_runs_that_were_delivered(run: dict[str, Any]) -> None:
    """Three acts in six minutes: the four minutes between two acts of one person, and one for the first of each."""
    assert told(run["manual_reconciliation_effort"]) == (D(600), D(3), D(5), 5)
    assert told(run["manual_reconciliation_minutes"]) == (D(1200), D(6), D(5), 5)


@pytest.mark.finding("F16n")
@pytest.mark.req("O5")
def test_master_data_is_right_where_nothing_owned_is_missing_in_conflict_or_held_twice(run: dict[str, Any]) -> None:
    """Of four projects, five customers and three people who work here one each is right; who has left is not asked."""
    assert told(run["master_data_quality"]) == (D(25), D(3), D(12), 12)
