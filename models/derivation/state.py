"""The latest observation of each object, parsed into typed tables in memory and kept up to date by what is new in the
lake.

An object is what a system's own id names. Its key, which joins systems, is a column: an object that gets another key
leaves nothing under the old one, and two objects of one system may have one key (a job and its copy).

The audit lake keeps every change; the marts ask what holds now. Of observations only the batches that came since the
last refresh are read, of the journal's runs those that are open, dead or a replay, by the journal's own indexes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from models.lake.journal_views import followed_runs
from models.marts.definitions import states
from models.marts.table import Table
from models.sql_statements import statements

STATE = Path(__file__).with_suffix(".sql")
"""How what is new is found; what becomes of it is in `models/marts/sql/state/`, one file per table."""

_PLACES = {"since", "fresh", "called", "place", "newplace", "left_key", "former_key"}

OVERLAP = 8
"""Batches read again each time: on a PostgreSQL catalogue a lower number may commit a moment after a higher one."""


def rows(connection: duckdb.DuckDBPyConnection, sql: str, values: dict[str, Any] | None = None) -> list[dict[str, Any]]:
    """The answer as dictionaries with aware times; by way of Arrow, since DuckDB's own fetch of a timestamptz needs
    pytz.
    """
    answer = connection.execute(sql, values) if values else connection.execute(sql)
    found: list[dict[str, Any]] = answer.to_arrow_table().to_pylist()
    return found


def make(connection: duckdb.DuckDBPyConnection) -> None:
    """Make the state's tables where they are missing."""
    for name, sql in statements(STATE).items():
        if name.startswith("make_"):
            connection.execute(sql)
    for table in states():
        connection.execute(f"CREATE TABLE IF NOT EXISTS memory.state.{table.name} ({table.schema})")


@dataclass(frozen=True, slots=True)
class CaughtUp:
    """The batch that was read from, the newest one, and the tables of the state that are others now."""

    mark: int
    top: int
    moved: frozenset[str]


def catch_up(connection: duckdb.DuckDBPyConnection) -> CaughtUp:
    """Bring the state up to the newest batch of the lake.

    Inside the caller's transaction. Until `keep` is called, the next call reads the same batches again.
    """
    sql = statements(STATE)
    last = connection.execute("SELECT max(batch_id) FROM memory.state.mark").fetchone()
    mark = max((last[0] if last and last[0] else 0) - OVERLAP, 0)
    top = connection.execute(
        "SELECT greatest((SELECT max(batch_id) FROM observations), (SELECT max(batch_id) FROM records))"
    ).fetchone()
    for name in ("since", "fresh", "called", "placed", "left_key"):
        connection.execute(sql[name].replace("{mark}", str(mark)))
    changed = {entity for (entity,) in connection.execute(sql["entities"]).fetchall()}
    if changed:
        for name in ("unplace", "place", "unleave", "leave"):
            connection.execute(sql[name])
    moved = set(_PLACES) if changed else set()
    for table in states():
        if not table.observed or changed & set(table.observed):
            before = "" if table.observed else digest(connection, table.name)
            for statement in _renewed(table):
                connection.execute(statement.replace("{mark}", str(mark)))
            if table.observed or digest(connection, table.name) != before:
                moved |= table.makes
    return CaughtUp(mark, top[0] if top and top[0] else 0, frozenset(moved))


def read_runs(connection: duckdb.DuckDBPyConnection) -> frozenset[str]:
    """Bring the state up to the journal's runs; its tables that are others now. Inside the caller's transaction."""
    sql, before = statements(STATE), digest(connection, "journal_run")
    connection.execute(sql["journal_run"].replace("{runs}", followed_runs(connection)))
    if digest(connection, "journal_run") == before:
        return frozenset()
    for name in ("open_run", "replay_run"):
        connection.execute(sql[name])
    return frozenset({"journal_run", "open_run", "replay_run"})


def digest(connection: duckdb.DuckDBPyConnection, table: str) -> str:
    """Of the columns and rows of a table of the state, whatever their order; empty while it is not there."""
    name = f'memory.state."{table}"'
    try:
        # Not duckdb_columns(): it opens every table of every attached store.
        columns = connection.execute(f"SELECT * FROM {name} LIMIT 0").description
    except duckdb.CatalogException:
        return ""
    row = connection.execute(f"SELECT count(*), sum(CAST(hash(t) AS HUGEINT)) FROM {name} t").fetchone()
    return f"{row}{[(column[0], str(column[1])) for column in columns]}"


def keep(connection: duckdb.DuckDBPyConnection, batch: int) -> None:
    """Everything up to `batch` has reached the marts."""
    connection.execute("DELETE FROM memory.state.mark")
    connection.execute("INSERT INTO memory.state.mark (batch_id) VALUES (?)", [batch])


def _renewed(table: Table) -> Iterator[str]:
    """The table's own statements, and before them, unless one of them does, what lets go of objects that changed."""
    if "forget" not in table.statements:
        kinds = ", ".join(f"'{entity}'" for entity in table.observed)
        yield (
            f"DELETE FROM memory.state.{table.name} t USING memory.state.fresh f "
            f"WHERE t.system = f.system AND t.system_id = f.system_id AND f.entity IN ({kinds})"
        )
    yield from table.statements.values()
