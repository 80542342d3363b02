"""What grows with history and must not: counted, never timed."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import sqlalchemy as sa

from models.derivation import refresh as refreshing
from models.domain.fingerprint import fingerprint
from models.journal.cases.cases import Cases
from models.marts.definitions import FOLDER
from models.sql_statements import statements
from tests.unit.cases.conftest import cases, clock, engine, feed  # noqa: F401
from tests.unit.cases.lakes import NOW, Lake
from tests.unit.cases.test_cases import RATES, entry


class Stopped:
    def now(self) -> Any:
        return NOW


@pytest.mark.finding("C10c")
def test_the_hours_of_flows_are_joined_by_hash() -> None:
    """0.1.0 compares every record with every begun run: 1.5 s of CPU at 146,000 records, 600 at 2.6 million.
    Wanted: a hash join.
    """
    lake = Lake()
    for run in ("a", "b"):
        lake.record("source_event", flow="time-to-bill", run_id=run, lineage_id=run)
        lake.record("settlement", flow="time-to-bill", run_id=run, lineage_id=run, status="settled")
    refreshing.refresh(lake.connection, "EUR", Stopped())
    lake.connection.execute(
        "CREATE OR REPLACE TABLE derived.state.hour AS "
        "SELECT DISTINCT date_trunc('hour', occurred_at) AS hour FROM records"
    )
    plan = str(
        lake.connection.execute(f"EXPLAIN {statements(FOLDER / 'mart_flow_hour.sql')['mart_flow_hour']}").fetchall()
    )
    looped = "BLOCKWISE_NL_JOIN" in plan  # the one row of `bounds` may be looped over, the runs may not
    assert "HASH_JOIN" in plan and not looped, "every record is held against every begun run"


def _statements(cases: Cases, engine: sa.Engine, findings: int) -> int:  # noqa: F811
    """Statements of a report that changes nothing, beside this many open findings, each a case of its own."""
    found = [
        replace(entry(number), fingerprint=fingerprint("project-missing", "erp", f"PRJ-{number}"))
        for number in range(findings)
    ]
    cases.report("orphaned_project", found, RATES)
    told: list[str] = []
    count = lambda *given: told.append(given[2])  # noqa: E731
    sa.event.listen(engine, "before_cursor_execute", count)
    cases.report("orphaned_project", found, RATES)
    sa.event.remove(engine, "before_cursor_execute", count)
    return len(told)


@pytest.mark.finding("C10d")
def test_a_report_without_news_costs_the_same_for_many_cases(cases: Cases, engine: sa.Engine) -> None:  # noqa: F811
    """0.1.0 reads every open finding and case in its write transaction: 0.44 s of CPU at 10,000, 4.1 s at 100,000.
    Wanted: as many statements beside 2,000 as beside 100.
    """
    few = _statements(cases, engine, 100)
    many = _statements(cases, engine, 2000)
    assert 0 < many <= few, f"{few} statements beside 100 cases, {many} beside 2,000"
