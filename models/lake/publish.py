"""The public names: one view each over the lake, the marts and the journal, empty where a store is not there yet."""

from __future__ import annotations

from datetime import datetime

import duckdb
import pyarrow as pa

from models.lake import journal_views, mart_views
from models.lake.schema import CHECKPOINTS, SEALS, TABLES

_SQL_TYPES = {
    pa.string(): "VARCHAR",
    pa.int8(): "TINYINT",
    pa.int32(): "INTEGER",
    pa.int64(): "BIGINT",
    pa.bool_(): "BOOLEAN",
    pa.timestamp("us", tz="UTC"): "TIMESTAMPTZ",
    pa.decimal128(18, 2): "DECIMAL(18,2)",
}


def columns_of(name: str) -> dict[str, str]:
    """Columns and SQL types of a lake table, `batch_id` and `n` in front."""
    schema = {**TABLES, "seals": SEALS, "checkpoints": CHECKPOINTS}[name]
    place = (
        {"batch_id": "BIGINT", "n": "INTEGER"} if name in TABLES else {"batch_id": "BIGINT"} if name == "seals" else {}
    )
    return {**place, **{field.name: _SQL_TYPES[field.type] for field in schema}}


def publish(connection: duckdb.DuckDBPyConnection, as_of: datetime | None = None) -> bool:
    """Make every public name a view in the connection's own schema; whether all stores stood behind them.

    `as_of` shows the lake as it was sealed at that moment. Batches are one growing sequence and nothing is ever
    taken out, so this needs no kept snapshot and reaches back to the first batch.
    """
    tables = _tables(connection)
    last = _last_batch(connection, as_of) if as_of and "seals" in tables.get("lake", ()) else None
    complete = True
    for name in (*TABLES, "seals", "checkpoints"):
        there = name in tables.get("lake", ())
        source = f"SELECT * FROM lake.main.{name}" if there else _nothing(columns_of(name))
        if as_of and there:
            source += (
                f" WHERE {'last_batch' if name == 'checkpoints' else 'batch_id'} <= {last if last is not None else 0}"
            )
        _view(connection, name, source)
        complete &= there
    marts = tables.get("marts", [])
    for name in marts:
        _view(connection, name, f'SELECT * FROM marts.main."{name}"')
    for name in mart_views.MARTS.keys() - marts:
        _view(connection, name, _nothing(mart_views.MARTS[name]))
    for name, (table, columns) in journal_views.VIEWS.items():
        there = table in tables.get("journal", ())
        _view(connection, name, journal_views.selection(connection, table) if there else _nothing(columns))
        complete &= there
    return complete and mart_views.MARTS.keys() <= set(marts)


def _tables(connection: duckdb.DuckDBPyConnection) -> dict[str, list[str]]:
    rows = connection.execute(
        "SELECT database_name, table_name FROM duckdb_tables() WHERE database_name IN ('lake', 'marts', 'journal') ORDER BY ALL"
    ).fetchall()
    found: dict[str, list[str]] = {}
    for database, table in rows:
        found.setdefault(database, []).append(table)
    return found


def _last_batch(connection: duckdb.DuckDBPyConnection, as_of: datetime) -> int | None:
    row = connection.execute("SELECT max(batch_id) FROM lake.main.seals WHERE sealed_at <= $1", [as_of]).fetchone()
    return row[0] if row else None


def _nothing(columns: dict[str, str]) -> str:
    fields = ", ".join(f'CAST(NULL AS {kind}) AS "{name}"' for name, kind in columns.items())
    return f"SELECT {fields} WHERE false"


def _view(connection: duckdb.DuckDBPyConnection, name: str, source: str) -> None:
    connection.execute(f'CREATE OR REPLACE VIEW memory.main."{name}" AS {source}')
