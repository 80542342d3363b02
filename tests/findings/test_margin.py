"""Margin keeps the signs of the books."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.findings.books import PROJECT, firm, mart
from tests.unit.cases.lakes import money


@pytest.mark.finding("F7")
@pytest.mark.req("M6")
def test_a_credited_expense_lowers_revenue_and_cost():
    """In 0.1.0 an expense of -500.00, a credit, counted as +500.00 of revenue and of cost. Wanted: -500.00 of both."""
    lake = firm()
    fields = {
        "expense_id": "EX-kantata-1",
        "project_code": PROJECT,
        "charge_code": f"{PROJECT}.010",
        "spent_on": "2026-09-20",
        "amount": money("-500.00"),
        "billable": True,
        "approval": "approved",
    }
    lake.observe("kantata", "expense", "EX-kantata-1", **fields)
    lake.observe("netsuite", "expense", "EX-kantata-1-v1", **fields, posting_id="EX-kantata-1-v1")
    (row,) = mart(lake, "SELECT revenue_reporting, cost_reporting FROM mart_margin")
    assert row == {"revenue_reporting": Decimal("-500.00"), "cost_reporting": Decimal("-500.00")}
