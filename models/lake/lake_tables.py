"""Making and migrating the lake's tables: options, partitions, columns added at the end, guards."""

from __future__ import annotations

from pathlib import Path

import duckdb

from models.lake import guards
from models.lake.places import catalogue, quoted
from models.lake.publish import columns_of
from models.lake.schema import TABLES
from models.settings import Settings

SEALED = tuple(sorted(TABLES))
ALL = (*SEALED, "seals", "checkpoints")
# Row groups of a quarter of DuckDB's size: a merge holds one per thread in memory, and a proof reads one.
_OPTIONS = {"parquet_compression": "zstd", "target_file_size": "256MiB", "parquet_row_group_size": "30720"}


def prepare(connection: duckdb.DuckDBPyConnection, settings: Settings) -> None:
    """Bring an attached lake to the present schema, all or nothing, and see that its guards are on."""
    options = {row[0] for row in connection.execute("SELECT option_name FROM ducklake_options('lake')").fetchall()}
    for name, value in _OPTIONS.items():
        if name not in options:
            connection.execute(f"CALL lake.set_option('{name}', '{value}')")
    have = _columns(connection)
    if lacking := [table for table in ALL if not columns_of(table).keys() <= have.get(table, set())]:
        # In one transaction: a commit and a look at what is there are most of the cost of a table.
        connection.execute("BEGIN")
        for table in lacking:
            _bring(connection, table, have.get(table))
        connection.execute("COMMIT")
    _guards(connection, settings)


def _columns(connection: duckdb.DuckDBPyConnection) -> dict[str, set[str]]:
    """What each table of the lake has; looking opens all of them."""
    found: dict[str, set[str]] = {}
    rows = connection.execute("SELECT table_name, column_name FROM duckdb_columns() WHERE database_name = 'lake'")
    for table, column in rows.fetchall():
        found.setdefault(table, set()).add(column)
    return found


def _bring(connection: duckdb.DuckDBPyConnection, table: str, have: set[str] | None) -> None:
    """Make a table that is not there, or add at its end what it lacks."""
    wanted = columns_of(table)
    if have is None:
        columns = ", ".join(f'"{name}" {kind}' for name, kind in wanted.items())
        connection.execute(f"CREATE TABLE lake.main.{table} ({columns})")
        if "recorded_at" in wanted:
            days = "year(recorded_at), month(recorded_at), day(recorded_at)"
            connection.execute(f"ALTER TABLE lake.main.{table} SET PARTITIONED BY ({days})")
        return
    for name, kind in wanted.items():
        if name not in have:
            connection.execute(f'ALTER TABLE lake.main.{table} ADD COLUMN "{name}" {kind}')


def _guards(connection: duckdb.DuckDBPyConnection, settings: Settings) -> None:
    kind, _, address = catalogue(settings.lake_catalog_address).partition(":")
    if kind == "postgres":
        guards.install_postgres(address)
    elif missing_guards(connection, address):
        guards.install_sqlite(Path(address))


def missing_guards(connection: duckdb.DuckDBPyConnection, catalogue_path: str) -> set[str]:
    """Guards that a SQLite catalogue lacks."""
    rows = connection.execute(
        f"SELECT name FROM sqlite_scan({quoted(catalogue_path)}, 'sqlite_master') WHERE type = 'trigger'"
    ).fetchall()
    return set(guards.GUARDS) - {name for (name,) in rows}
