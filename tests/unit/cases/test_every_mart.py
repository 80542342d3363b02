"""All marts at once, of a lake with nothing in it and of one with nonsense."""

from __future__ import annotations

from models.derivation.refresh import refresh
from models.marts.definitions import published
from tests.unit.cases.lakes import Lake
from tests.unit.cases.test_marts import entry, lake, work  # noqa: F401


def test_an_empty_lake_makes_every_mart_and_broken_fields_break_nothing(lake):  # noqa: F811
    empty = Lake()
    refresh(empty.connection, "EUR")
    assert {
        row["table_name"] for row in empty.rows("SELECT table_name FROM duckdb_tables() WHERE database_name = 'marts'")
    } == {*published()}
    entry(lake, 1, hours="many", bill_rate={"amount": "x", "currency": "EUR"}, work_date="soon", approved_at=17)
    lake.observe("netsuite", "contract", "CT-1", project_code="PRJ-1001", milestones="none", value=[])
    assert work(lake) == {"TE-kantata-1": ("moving", "in-flight")}
