"""Derives a table a part at a time: of a file with a granule only the values that what moved touches, by the same SQL
that makes the whole.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

import duckdb

from models.derivation.changes import Changes
from models.marts.table import Table

SHARE = 0.3
"""Where more of a table than this is touched, the whole of it is cheaper."""
FEW = 10_000
"""As long as no more than this is touched, a part is derived however small the table is."""

_NAMED = re.compile(r"\bderived\.state\.(\w+)")


class Parts:
    """Of one derivation; `bound` puts the values into a statement."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, changes: Changes, bound: Callable[[str], str]) -> None:
        self._connection, self._changes, self._bound = connection, changes, bound

    def derived(self, table: Table, moved: frozenset[str]) -> bool:
        """Bring `table` in line with what `moved` by the part of it that is touched; False where it needs the whole."""
        if not table.granule or not moved <= self._changes.rows or not moved <= table.follows:
            return False
        touched = self._touched(table)
        if touched is None:
            return False
        if touched:
            self._derive(table, table.granule)
        return True

    def _touched(self, table: Table) -> int | None:
        """How many values are; None for too many."""
        sql = self._bound(self._changes.said(table.touched))
        self._connection.execute(f"CREATE OR REPLACE TABLE derived.part.touched AS SELECT DISTINCT v FROM ({sql}) t(v)")
        found = self._connection.execute("SELECT count(*), bool_or(v = '*') FROM derived.part.touched").fetchone()
        touched, all_of_them = found or (0, False)
        if all_of_them or touched > max(FEW, SHARE * (self._changes.count(table.name) or 0)):
            return None
        return int(touched)

    def _derive(self, table: Table, granule: str) -> None:
        places = {name: f"derived.part.{name}" for name in table.makes}
        for name, column in table.within:
            places[name] = self._part(table, name, _those(f"state.{name}", column, "touched"))
        for sql in table.statements.values():
            self._connection.execute(self._bound(placed(sql, places)))
        for name in sorted(table.makes):
            self._put(name, granule)
        for name, place in places.items():
            if not place.startswith("("):
                self._connection.execute(f"DROP TABLE derived.part.{name}")

    def _part(self, table: Table, name: str, those: str) -> str:
        """Where the part of an input is: of one that is read once nothing is kept, and no more columns are read than
        it takes.
        """
        if sum(_NAMED.findall(sql).count(name) for sql in table.statements.values()) == 1:
            return f"({those})"
        self._connection.execute(f"CREATE OR REPLACE TABLE derived.part.{name} AS {those}")
        return f"derived.part.{name}"

    def _put(self, name: str, granule: str) -> None:
        """The part in the place of what stood there; only values of which a row is another are written."""
        if not self._changes.sides(name, f"({_those(f'state.{name}', granule, 'touched')})", f"derived.part.{name}"):
            return
        self._connection.execute(
            f"CREATE OR REPLACE TABLE derived.part.moved AS SELECT {granule} AS v FROM derived.gone.{name} "
            f"UNION SELECT {granule} FROM derived.come.{name}"
        )
        self._connection.execute(
            f"DELETE FROM derived.state.{name} t USING derived.part.moved p WHERE p.v IS NOT DISTINCT FROM t.{granule}"
        )
        self._connection.execute(f"INSERT INTO derived.state.{name} {_those(f'part.{name}', granule, 'moved')}")


def _those(table: str, column: str, values: str) -> str:
    """The rows of `table` of these values."""
    return f"SELECT t.* FROM derived.{table} t SEMI JOIN derived.part.{values} p ON p.v IS NOT DISTINCT FROM t.{column}"


def placed(sql: str, places: Mapping[str, str]) -> str:
    """`sql` with these tables of the state in other places."""
    return _NAMED.sub(lambda found: places.get(found[1], found[0]), sql)
