"""A failure of a flow that others run is a case with its owner and the money of the work it was about, and closes by
itself once a later run about the same is done (C9, X8).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from models.derivation.refresh import refresh
from models.journal import Journal
from tests.detecting import reported
from tests.findings.books import entry, firm
from tests.foreign import ForeignLake, Stopped
from tests.unit.catalogue.test_catalogue import loaded

pytestmark = pytest.mark.req("C9", "X8")
RULES = """
[[rule]]
name = "n8n-billing"
preset = "n8n"
"""
FLOWS = """
[[flow]]
name = "n8n-billing/Post time"
title = "Post time"
owner = "finance-operations"
service_level_minutes = 60
runbook = "https://wiki.example/post-time"
"""


def run(lake: ForeignLake, number: int, end: float, error: str | None = None) -> None:
    more = {
        "n8n.workflow.name": "Post time",
        "n8n.execution.id": str(number),
        "n8n.workflow.custom.business_key": "time_entry:TE-kantata-1",
    }
    lake.span("workflow.execute", str(number), trace=f"{number:032x}", begin=end - 1, end=end, error=error, more=more)


def looked_at(lake: ForeignLake, journal: Journal, money: dict[str, list[str]]) -> list[dict[str, Any]]:
    """The cases of this cause after a turn of marts and detectors that find this money of the entry."""
    refresh(lake.connection, "EUR", Stopped(), elsewhere=lake.elsewhere)
    found = reported(lake.connection, journal, Stopped())
    assert found.failed == {}
    of_entry = {
        name: [str(one.amount) for one in all_ if one.subject_key == "TE-kantata-1"]
        for name, all_ in found.findings.items()
        if name in ("foreign_run", "lag_breach")
    }
    assert {name: amounts for name, amounts in of_entry.items() if amounts} == money
    with journal.engine.connect() as connection:
        rows = connection.exec_driver_sql("SELECT * FROM case_ WHERE cause = 'foreign-failed'").mappings().all()
    return [dict(row) for row in rows]


def test_it_is_owned_about_its_work_and_closes_by_itself(tmp_path: Path, journal: Journal) -> None:
    lake = ForeignLake(loaded(tmp_path, rules=RULES, flows=FLOWS).elsewhere)
    entry(firm(lake))
    run(lake, 1, -30, "Request failed with status code 422")
    [case] = looked_at(lake, journal, {"foreign_run": ["800.00"]})
    assert (case["status"], case["owner"], case["flow"]) == ("open", "finance-operations", "n8n-billing/Post time")
    assert case["title"] == "n8n-billing/Post time fails: 422 Request failed with status code *"
    assert "Follow https://wiki.example/post-time" in case["next_action"]
    assert (case["subject_entity"], case["subject_key"]) == ("time_entry", "TE-kantata-1")
    unmended = "SELECT runs, failures FROM mart_foreign_flow"
    assert lake.rows(unmended) == [{"runs": 1, "failures": 1}]
    run(lake, 2, -10)
    [case] = looked_at(lake, journal, {"lag_breach": ["800.00"]})
    assert case["status"] == "resolved", "and that the entry is still nowhere is told again"
    assert lake.rows(unmended) == [{"runs": 2, "failures": 0}]
