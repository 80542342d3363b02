"""The rows of a table under the values at hand, each looked for once in a derivation: most of what a turn costs is
looking through a large table for a few of its rows.
"""

from __future__ import annotations

from collections import defaultdict

import duckdb

_FOUND = (
    "CREATE OR REPLACE TABLE derived.part.found AS "
    "SELECT t.rowid AS at FROM derived.state.{name} t "
    "SEMI JOIN derived.part.{values} p ON p.v IS NOT DISTINCT FROM t.{column}"
)
ROWS = "FROM derived.state.{name} t SEMI JOIN derived.part.found f ON f.at = t.rowid"
"""The rows of a table whose places were found: a place tells in which part of the table to look for the rest of it."""


class Cuts:
    """Of one derivation; those of a table hold once it is what it will be."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._connection = connection
        self._places: dict[tuple[str, str], dict[str, str]] = defaultdict(dict)
        self._within: dict[tuple[str, str], bool] = {}
        self._made = 0

    def of(self, name: str, column: str, values: str) -> str:
        """Where the rows of `name` lie of which `column` is one of these values, a table of `derived.part`."""
        places = self._places[name, column]
        if values in places:
            return places[values]
        self._made += 1
        place = f"derived.part.cut_{self._made}"
        for wider, rows in places.items():
            if self._holds(wider, values):
                self._connection.execute(f"CREATE OR REPLACE TABLE {place} AS {those(rows, column, values)}")
                break
        else:
            self.find(name, column, values)
            self._connection.execute(f"CREATE OR REPLACE TABLE {place} AS SELECT t.* {ROWS.format(name=name)}")
        places[values] = place
        return place

    def find(self, name: str, column: str, values: str) -> None:
        """Where in `name` those rows are, as the `at` of `derived.part.found`."""
        self._connection.execute(_FOUND.format(name=name, column=column, values=values))

    def know(self, name: str, column: str, values: str, place: str) -> None:
        """The rows of `name` of these values lie in `place`."""
        self._places[name, column][values] = place

    def clear(self) -> None:
        """Let go of all of them."""
        for place in {place for places in self._places.values() for place in places.values()}:
            self._connection.execute(f"DROP TABLE {place}")
        self._places.clear()

    def _holds(self, wider: str, values: str) -> bool:
        if (wider, values) not in self._within:
            found = self._connection.execute(
                f"SELECT count(*) FROM derived.part.{values} v "
                f"ANTI JOIN derived.part.{wider} w ON w.v IS NOT DISTINCT FROM v.v"
            ).fetchone()
            self._within[wider, values] = bool(found and not found[0])
        return self._within[wider, values]


def those(table: str, column: str, values: str) -> str:
    """The rows of `table` of these values."""
    return f"SELECT t.* FROM {table} t SEMI JOIN derived.part.{values} p ON p.v IS NOT DISTINCT FROM t.{column}"
