"""The public names: one view each over the lake, the marts and the journal, empty where a store is not there yet."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

import duckdb
import pyarrow as pa

from models.lake import journal_views
from models.lake.schema import CHECKPOINTS, SEALS, TABLES
from models.marts.definitions import published
from models.marts.table import Table

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
    taken out, so this needs no kept snapshot and reaches back to the first batch. All in one transaction: each of its
    own would ask the catalogues anew how they stand.
    """
    connection.begin()
    try:
        complete = _published(connection, as_of)
        connection.commit()
    except BaseException:
        with suppress(duckdb.Error):  # a commit that failed has ended it
            connection.rollback()
        raise
    return complete


def describe(connection: duckdb.DuckDBPyConnection) -> None:
    """Say in DuckDB's own catalogue what each published mart and its columns mean: `duckdb_views()` and
    `duckdb_columns()` show it. Takes longer than all of `publish`, so it is for whoever asks them.
    """
    for name, mart in published().items():
        _describe(connection, name, mart)


def _published(connection: duckdb.DuckDBPyConnection, as_of: datetime | None) -> bool:
    tables = _tables(connection)
    last = _last_batch(connection, as_of) if as_of and "seals" in tables.get("lake", ()) else None
    complete = True
    for name in (*TABLES, "seals", "checkpoints"):
        there = name in tables.get("lake", ())
        source = _as_now(name, tables["lake"][name]) if there else _nothing(columns_of(name))
        if as_of and there:
            source += (
                f" WHERE {'last_batch' if name == 'checkpoints' else 'batch_id'} <= {last if last is not None else 0}"
            )
        _view(connection, name, source)
        complete &= there
    marts, known = tables.get("marts", {}), published()
    for name in marts.keys() - known.keys():
        _view(connection, name, f'SELECT * FROM marts.main."{name}"')
    for name, mart in known.items():
        _view(connection, name, _whole(marts[name], mart) if name in marts else _nothing(mart.kinds))
    for name, (table, columns) in journal_views.VIEWS.items():
        found = tables.get("journal", {}).get(table)
        _view(
            connection, name, journal_views.selection(table, found.place, found.kinds) if found else _nothing(columns)
        )
        complete &= found is not None
    return complete and known.keys() <= marts.keys()


def _as_now(name: str, stored: _Stored) -> str:
    """A table of the lake with the columns of this release: those that no writer of it has added yet are empty."""
    missing = {column: kind for column, kind in columns_of(name).items() if column not in stored.kinds}
    return f"SELECT {', '.join(['*', *_nulls(missing)])} FROM lake.main.{name}"


@dataclass(frozen=True, slots=True)
class _Stored:
    """A table of an attached store: where it is, and the SQL type of each of its columns, in order."""

    place: str
    kinds: Mapping[str, str]


def _tables(connection: duckdb.DuckDBPyConnection) -> dict[str, dict[str, _Stored]]:
    """By name by store, all in one look: it opens every table of every store."""
    rows = connection.execute(
        "SELECT database_name, schema_name, table_name, list(column_name ORDER BY column_index), "
        "list(data_type ORDER BY column_index) "
        "FROM duckdb_columns() WHERE database_name IN ('lake', 'marts', 'journal') GROUP BY ALL ORDER BY ALL"
    ).fetchall()
    found: dict[str, dict[str, _Stored]] = {}
    for store, schema, table, columns, kinds in rows:
        place = f'{store}."{schema}"."{table}"'
        found.setdefault(store, {})[table] = _Stored(place, dict(zip(columns, kinds, strict=True)))
    return found


def _whole(stored: _Stored, mart: Table) -> str:
    """A mart as it stands, with what an older release did not derive yet as NULL."""
    missing = {column: kind for column, kind in mart.kinds.items() if column not in stored.kinds}
    return f"SELECT {', '.join(['*', *_nulls(missing)])} FROM {stored.place}"


def _last_batch(connection: duckdb.DuckDBPyConnection, as_of: datetime) -> int | None:
    row = connection.execute("SELECT max(batch_id) FROM lake.main.seals WHERE sealed_at <= $1", [as_of]).fetchone()
    return row[0] if row else None


def _nulls(columns: dict[str, str]) -> list[str]:
    return [f'CAST(NULL AS {kind}) AS "{name}"' for name, kind in columns.items()]


def _nothing(columns: dict[str, str]) -> str:
    return f"SELECT {', '.join(_nulls(columns))} WHERE false"


def _view(connection: duckdb.DuckDBPyConnection, name: str, source: str) -> None:
    connection.execute(f'CREATE OR REPLACE VIEW memory.main."{name}" AS {source}')


def _describe(connection: duckdb.DuckDBPyConnection, name: str, mart: Table) -> None:
    view = f'memory.main."{name}"'
    texts = {f"VIEW {view}": f"{mart.purpose} One row per {', '.join(mart.grain)}."}
    for column in mart.columns:
        unit = f" ({column.unit})" if column.unit else ""
        texts[f'COLUMN {view}."{column.name}"'] = column.meaning + unit
    connection.execute(
        "; ".join(f"COMMENT ON {what} IS '{text.replace(chr(39), chr(39) * 2)}'" for what, text in texts.items())
    )
