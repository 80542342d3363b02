"""Loss and edits in the ERP become cases, each by its own item."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.findings.books import PROJECT, entry, firm, found, given, mart, posted
from tests.unit.cases.lakes import NOW, hours_ago, money


@pytest.mark.finding("F6a")
def test_a_posting_that_somebody_deleted_is_a_case():
    """In 0.1.0 a deleted posting was "on its way", owned by nobody, and counted as explained. Wanted: a case."""
    lake = firm()
    entry(lake)
    lake.record(
        "source_event",
        hours_ago(190),
        business_key="time_entry:TE-kantata-1",
        flow="time-to-bill",
        system="kantata",
        body={},
    )
    posted(lake)
    given(found(lake) == [], "a case before anything was deleted")
    lake.observe("netsuite", "time_entry", "TE-kantata-1-v1", NOW + timedelta(hours=1), present=False)
    assert "TE-kantata-1" in {finding.subject_key for finding in found(lake)}
    asked = "SELECT explained_reporting, unexplained_reporting FROM mart_reconciliation"
    assert [tuple(row.values()) for row in mart(lake, asked)] == [(0, 800)], "that it is gone explains nothing"


@pytest.mark.finding("F6e")
def test_missing_hours_and_foreign_hours_do_not_show_as_no_difference():
    """In 0.1.0 8 hours missing and 8 foreign hours of one project showed as a difference of 0.00.

    Wanted: a difference, or a case.
    """
    lake = firm()
    entry(lake, 1)
    lake.record("source_event", hours_ago(190), business_key="time_entry:TE-kantata-1", flow="time-to-bill", body={})
    posted(lake, 2, time_entry_id="somebody-typed-this")
    rows = mart(lake, "SELECT difference_hours FROM mart_reconciliation WHERE difference_hours <> 0")
    assert rows or found(lake)


@pytest.mark.finding("F6b")
def test_a_rate_that_somebody_edited_in_the_erp_is_a_case():
    """In 0.1.0 a rate edited in the ERP was one row of the reconciliation and no case. Wanted: a case on the entry."""
    lake = firm()
    entry(lake)
    posted(lake, bill_rate=money("1.00"))
    assert "TE-kantata-1" in {finding.subject_key for finding in found(lake)}


@pytest.mark.finding("F5a")
def test_two_sales_with_one_project_code_are_a_case():
    """In 0.1.0 a second opportunity with the code of a running project overwrote its order and budget, and there
    was no case.

    Wanted: a case on the project.
    """
    lake = firm()
    for number, value in ((1, "50000.00"), (2, "999999.00")):
        lake.record(
            "source_event",
            hours_ago(100 - number),
            business_key=f"project:{PROJECT}",
            flow="quote-to-project",
            system="salesforce",
            body={
                "data": {
                    "ref": {"system": "salesforce", "kind": "opportunity", "id": f"006-{number}"},
                    "project_code": PROJECT,
                    "value": money(value),
                    "milestones": [],
                }
            },
        )
    lake.observe(
        "salesforce",
        "project",
        PROJECT,
        system_id="006-2",
        **{"name": "Another", "currency": "EUR", "value": money("999999.00"), "closed_at": hours_ago(98).isoformat()},
    )
    assert PROJECT in {finding.project_key for finding in found(lake)}
