"""The latest observation of each object, parsed into typed tables in memory and kept up to date by what is new in the
lake.

The audit lake keeps every change; the marts ask what holds now. Of observations only the batches that came since the
last refresh are read. Some figures do grow with what is kept: lags (`answer`, `mart_pair_lag`) and the day a project
became usable (`mart_project`) look through all records, run times of an hour (`mart_flow_hour`) through the records
before it, touches by people (`mart_kpi`) through all records of operators, and `journal_run` through all runs of the
journal.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb

from models.sql_statements import statements

FOLDER = Path(__file__).parent / "sql"
"""One file per mart, and `state.sql`."""

OVERLAP = 8
"""Batches read again each time: on a PostgreSQL catalogue a lower number may commit a moment after a higher one."""

_TABLE_OF = {
    "project": "project",
    "charge_code": "charge_code",
    "customer": "customer",
    "resource": "resource",
    "time_entry": "item",
    "expense": "item",
    "contract": "contract",
    "invoice": "invoice",
    "exchange_rate": "rate",
    "budget": "budget",
}


def rows(connection: duckdb.DuckDBPyConnection, sql: str, values: dict[str, Any] | None = None) -> list[dict[str, Any]]:
    """The answer as dictionaries with aware times; by way of Arrow, since DuckDB's own fetch of a timestamptz needs
    pytz.
    """
    answer = connection.execute(sql, values) if values else connection.execute(sql)
    found: list[dict[str, Any]] = answer.to_arrow_table().to_pylist()
    return found


def make(connection: duckdb.DuckDBPyConnection) -> None:
    """Make the state's tables where they are missing."""
    for name, sql in statements(FOLDER / "state.sql").items():
        if name.startswith("make_"):
            connection.execute(sql)


def catch_up(connection: duckdb.DuckDBPyConnection) -> tuple[int, int]:
    """Bring the state up to the newest batch of the lake: the batch read from, and the newest one.

    Inside the caller's transaction. Until `keep` is told, the next call reads the same batches again.
    """
    sql = statements(FOLDER / "state.sql")
    last = connection.execute("SELECT max(batch_id) FROM memory.state.mark").fetchone()
    mark = max((last[0] if last and last[0] else 0) - OVERLAP, 0)
    top = connection.execute(
        "SELECT greatest((SELECT max(batch_id) FROM observations), (SELECT max(batch_id) FROM records))"
    ).fetchone()
    for name in ("fresh", "placed"):
        connection.execute(sql[name].format(mark=mark))
    changed = {entity for (entity,) in connection.execute(sql["entities"]).fetchall()}
    if changed:
        for name in ("unplace", "place"):
            connection.execute(sql[name])
        for table in {_TABLE_OF[entity] for entity in changed & set(_TABLE_OF)}:
            connection.execute(_forget(table))
            connection.execute(sql[f"put_{table}"])
    for name in ("sold", "unsell", "sell"):
        connection.execute(sql[name].format(mark=mark))
    for name in ("journal_run", "open_run", "replay_run"):
        connection.execute(sql[name])
    return mark, (top[0] if top and top[0] else 0)


def keep(connection: duckdb.DuckDBPyConnection, batch: int) -> None:
    """Everything up to `batch` has reached the marts."""
    connection.execute("DELETE FROM memory.state.mark")
    connection.execute("INSERT INTO memory.state.mark (batch_id) VALUES (?)", [batch])


def _forget(table: str) -> str:
    """Deletes what is about to be parsed anew, and what is gone."""
    kinds = {"item": "f.entity = CASE t.kind WHEN 'time' THEN 'time_entry' ELSE 'expense' END"}
    entity = next(name for name, owner in _TABLE_OF.items() if owner == table)
    same = kinds.get(table, f"f.entity = '{entity}'")
    return f"DELETE FROM memory.state.{table} t USING memory.state.fresh f WHERE t.system = f.system AND t.key = f.key AND {same}"
