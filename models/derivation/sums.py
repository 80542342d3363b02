"""Brings a table of sums up to date by what its source lost and got, without a look at what stayed."""

from __future__ import annotations

from collections.abc import Callable

import duckdb

from models.derivation.changes import Changes
from models.derivation.parts import placed
from models.marts.table import Table


class Sums:
    """Of one derivation; `bound` puts the values into a statement."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, changes: Changes, bound: Callable[[str], str]) -> None:
        self._connection, self._changes, self._bound = connection, changes, bound

    def derived(self, table: Table, moved: frozenset[str]) -> bool:
        """Add what came to `table` and take off what went; False where more than its source moved."""
        if not table.added or moved != {table.added} or table.added not in self._changes.rows:
            return False
        for side in ("gone", "come"):
            self._summed(table, side)
        keys = " AND ".join(f"k.{column} IS NOT DISTINCT FROM t.{column}" for column in table.grain)
        grain = ", ".join(table.grain)
        self._connection.execute(
            f"CREATE OR REPLACE TABLE derived.part.keys AS "
            f"SELECT {grain} FROM derived.part.gone UNION SELECT {grain} FROM derived.part.come"
        )
        stood = f"(SELECT t.* FROM derived.state.{table.name} t SEMI JOIN derived.part.keys k ON {keys})"
        self._connection.execute(f"CREATE OR REPLACE TABLE derived.part.{table.name} AS {_sum(table, stood)}")
        if self._changes.sides(table.name, stood, f"derived.part.{table.name}"):
            self._connection.execute(f"DELETE FROM derived.state.{table.name} t USING derived.part.keys k WHERE {keys}")
            self._connection.execute(f"INSERT INTO derived.state.{table.name} FROM derived.part.{table.name}")
        self._connection.execute(f"DROP TABLE derived.part.{table.name}")
        return True

    def _summed(self, table: Table, side: str) -> None:
        """What the rows of one side come to, by the same SQL that sums all of them."""
        (sql,) = table.statements.values()
        ours = {str(table.added): f"derived.{side}.{table.added}", table.name: f"derived.part.{side}"}
        self._connection.execute(self._bound(placed(sql, ours)))


def _sum(table: Table, stood: str) -> str:
    """What stood and what came, less what went; groups of no rows are no more."""
    columns = [
        name if name in table.grain else f"CAST(sum(sign * {name}) AS {kind}) AS {name}"
        for name, kind in table.kinds.items()
    ]
    sides = (
        f"SELECT *, 1 AS sign FROM {stood} UNION ALL SELECT *, 1 FROM derived.part.come "
        "UNION ALL SELECT *, -1 FROM derived.part.gone"
    )
    return (
        f"SELECT {', '.join(columns)} FROM ({sides}) GROUP BY {', '.join(table.grain)} "
        f"HAVING sum(sign * {table.counted}) <> 0"
    )
