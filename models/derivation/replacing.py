"""The few rows of a table in memory, all put anew by one statement: `executemany` plans it again for each of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import duckdb


def replace(connection: duckdb.DuckDBPyConnection, table: str, rows: Sequence[tuple[Any, ...]]) -> None:
    """Nothing but these rows in `table`; for some hundred of them at most."""
    connection.execute(f"DELETE FROM {table}")
    if rows:
        row = f"({', '.join('?' * len(rows[0]))})"
        connection.execute(
            f"INSERT INTO {table} VALUES {', '.join([row] * len(rows))}", [value for row in rows for value in row]
        )
