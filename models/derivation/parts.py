"""Derives a table a part at a time: of a file with a granule only the values that what moved touches, by the same SQL
that makes the whole.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import cache

import duckdb

from models.derivation.changes import Changes
from models.derivation.cuts import ROWS, Cuts, those
from models.marts.definitions import marts
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
        self._cuts, self._asked = Cuts(connection), 0
        self._exchanged: set[str] = set()

    @property
    def exchanged(self) -> frozenset[str]:
        """The tables of which `derived.now` holds what stands under the values that moved."""
        return frozenset(self._exchanged)

    def derived(self, table: Table, moved: frozenset[str]) -> bool:
        """Bring `table` in line with what `moved` by the part of it that is touched; False where it needs the whole."""
        if not table.granule or not moved <= self._changes.rows or not moved <= table.follows:
            return False
        self._asked += 1
        values = f"touched_{self._asked}"
        touched = self._touched(table, values)
        if touched is None:
            return False
        if touched:
            self._derive(table, table.granule, values)
        if touched > FEW:  # much of a large table is kept no longer than it is needed
            self._cuts.clear()
        return True

    def _touched(self, table: Table, values: str) -> int | None:
        """How many values are; None for too many."""
        sql = self._bound(self._changes.said(table.touched))
        self._connection.execute(
            f"CREATE OR REPLACE TABLE derived.part.{values} AS SELECT DISTINCT v FROM ({sql}) t(v)"
        )
        found = self._connection.execute(f"SELECT count(*), bool_or(v = '*') FROM derived.part.{values}").fetchone()
        touched, all_of_them = found or (0, False)
        if all_of_them or touched > max(FEW, SHARE * (self._changes.count(table.name) or 0)):
            return None
        return int(touched)

    def _derive(self, table: Table, granule: str, values: str) -> None:
        places = {name: f"derived.part.{name}" for name in table.makes}
        places |= {name: self._part(table, name, column, values) for name, column in table.within}
        for sql in table.statements.values():
            self._connection.execute(self._bound(placed(sql, places)))
        for name in sorted(table.makes):
            self._put(name, granule, values)
            self._cuts.know(name, granule, values, places[name])

    def _part(self, table: Table, name: str, column: str, values: str) -> str:
        """Where the part of an input is. Of one that is derived by another value much may be of these: where it is read
        once nothing is kept, and no more columns are read than it takes.
        """
        once = sum(_NAMED.findall(sql).count(name) for sql in table.statements.values()) == 1
        if once and _granules().get(name, column) != column:
            return f"({those(f'derived.state.{name}', column, values)})"
        return self._cuts.of(name, column, values)

    def _put(self, name: str, granule: str, values: str) -> None:
        """The part in the place of what stood there; only values of which a row is another are written."""
        self._cuts.find(name, granule, values)
        self._connection.execute(
            f"CREATE OR REPLACE TABLE derived.part.stood AS SELECT t.*, t.rowid AS stood_at {ROWS.format(name=name)}"
        )
        stood = "(SELECT * EXCLUDE (stood_at) FROM derived.part.stood)"
        if not self._changes.sides(name, stood, f"derived.part.{name}"):
            return
        self._connection.execute(
            f"CREATE OR REPLACE TABLE derived.part.moved AS SELECT {granule} AS v FROM derived.gone.{name} "
            f"UNION SELECT {granule} FROM derived.come.{name}"
        )
        self._connection.execute(
            f"DELETE FROM derived.state.{name} t USING ({those('derived.part.stood', granule, 'moved')}) s "
            f"WHERE s.stood_at = t.rowid"
        )
        self._connection.execute(
            f"CREATE OR REPLACE TABLE derived.now.{name} AS {those(f'derived.part.{name}', granule, 'moved')}"
        )
        self._connection.execute(f"INSERT INTO derived.state.{name} FROM derived.now.{name}")
        self._exchanged.add(name)


@cache
def _granules() -> dict[str, str]:
    """By which value each table is derived, of those that are derived a part at a time."""
    return {name: one.granule for one in marts() if one.granule for name in one.makes}


def placed(sql: str, places: Mapping[str, str]) -> str:
    """`sql` with these tables of the state in other places."""
    return _NAMED.sub(lambda found: places.get(found[1], found[0]), sql)
