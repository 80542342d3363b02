"""A hand in the journal's tables loses to the evidence: what detectors find stands again with a next report."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa

from models.domain.record import RecordKind
from models.journal.cases import report
from models.journal.cases.cases import Cases
from models.journal.cases.tables import CONTRADICTED, case_, finding
from tests.unit.cases.test_cases import CASE, RATES, entry

FOUND = [entry(1), entry(2)]


@pytest.fixture
def reported(cases: Cases) -> Cases:
    cases.report("orphaned_project", FOUND, RATES)
    return cases


def meddle(engine: sa.Engine, statement: sa.Update | sa.Delete) -> None:
    with engine.begin() as connection:
        connection.execute(statement)


@pytest.mark.parametrize(
    "values", [{"status": "resolved", "active": 0}, {"active": 0}, {"status": "resolved"}, {"active": 5}]
)
def test_a_status_against_the_evidence_ends_with_any_report_also_one_without_news(
    reported: Cases, engine: sa.Engine, feed: Any, values: dict[str, Any]
) -> None:
    meddle(engine, sa.update(case_).values(**values))
    before = len(feed.records)
    reported.report_all({}, RATES)
    case = reported.get(CASE)
    assert case is not None and (case["status"], case["occurrences"]) == ("open", 2)
    assert reported.page().total == 1
    told = [record.status for record in feed.records[before:] if record.kind is RecordKind.FINDING]
    assert told == (["open"] if "status" in values else [])


@pytest.mark.parametrize(
    "statement",
    [
        sa.update(finding).values(resolved_at=sa.func.coalesce(finding.c.resolved_at, finding.c.first_seen)),
        sa.delete(finding),
        sa.delete(case_),
        sa.update(case_).values(status="resolved", active=0, occurrences=0),
    ],
    ids=["findings closed", "findings deleted", "case deleted", "case closed with its count"],
)
def test_what_only_a_thorough_look_shows_stands_again_within_the_hour(
    reported: Cases, engine: sa.Engine, monkeypatch: pytest.MonkeyPatch, statement: sa.Update | sa.Delete
) -> None:
    meddle(engine, statement)
    monkeypatch.setattr(report, "COMPARED_SECONDS", 0.0)
    reported.report("orphaned_project", FOUND, RATES)
    case = reported.get(CASE)
    assert case is not None and (case["status"], case["active"], case["occurrences"]) == ("open", 1, 2)


def test_what_people_decided_stays(reported: Cases, monkeypatch: pytest.MonkeyPatch) -> None:
    reported.ignore(CASE, "ann", "agreed with the customer")
    monkeypatch.setattr(report, "COMPARED_SECONDS", 0.0)
    reported.report("orphaned_project", FOUND, RATES)
    case = reported.get(CASE)
    assert case is not None and case["status"] == "ignored"


def test_the_look_at_each_report_reads_an_index_that_is_empty(reported: Cases, engine: sa.Engine) -> None:
    """It costs the same however many cases there were."""
    with engine.connect() as connection:
        sql = "EXPLAIN QUERY PLAN SELECT case_id FROM case_ WHERE " + str(CONTRADICTED)
        plan = " ".join(str(row) for row in connection.execute(sa.text(sql)))
    assert "case_contradicted" in plan, plan
