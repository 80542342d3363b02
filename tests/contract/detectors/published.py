"""The names that a detector's SQL may ask, with their columns, and answers from nothing but an example's rows."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

import duckdb

from collectors.detectors.contract import Example
from collectors.detectors.run import CIRCUITS, levels_of
from models.derivation.refresh import refresh
from models.lake import journal_views
from tests.catalogues import packaged
from tests.unit.cases.lakes import NOW, Lake

Schema = Mapping[str, Sequence[tuple[str, str]]]


class Stopped:
    """The clock of every example."""

    def now(self) -> datetime:
        return NOW


def schema_of_an_empty_lake() -> Schema:
    """Columns of every published name, as a refresh of an empty lake makes them."""
    lake = Lake()
    refresh(lake.connection, "EUR", Stopped())
    views = lake.connection.execute(
        "SELECT table_name, column_name, data_type FROM duckdb_columns() "
        "WHERE database_name = 'memory' AND schema_name = 'main'"
    )
    found: dict[str, list[tuple[str, str]]] = {}
    for name, column, kind in views.fetchall():
        found.setdefault(name, []).append((column, kind))
    found["open_runs"] = found["set_ups"] = found["runs"]
    found["circuits"] = [
        (field.name, "TIMESTAMPTZ" if "timestamp" in str(field.type) else "VARCHAR") for field in CIRCUITS
    ]
    assert set(journal_views.VIEWS) <= set(found)
    return found


def answered(
    schema: Schema, example: Example, service_levels: Mapping[str, float] | None = None
) -> Callable[[str], list[dict[str, Any]]]:
    """Asks SQL of nothing but the example's rows under the published names; flows promise what is packaged."""
    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'UTC'")
    for name, columns in schema.items():
        connection.execute(f'CREATE TABLE "{name}" ({", ".join(f"{column} {kind}" for column, kind in columns)})')
    connection.register("service_levels", levels_of(service_levels or packaged().service_levels))
    for name, rows in example.given.items():
        for row in rows:
            connection.execute(
                f"INSERT INTO {name} ({', '.join(row)}) VALUES ({', '.join('?' * len(row))})", list(row.values())
            )
    return lambda sql: connection.execute(sql).to_arrow_table().to_pylist()
