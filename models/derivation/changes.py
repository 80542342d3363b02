"""What became of each table of the state since the last derivation: the rows that it lost, and those that it got.

`derived.gone.<table>` and `derived.come.<table>` hold them until the readers have them; of a table that was made anew
at a size at which comparing costs more than it saves, nothing is known but that it is another. Of one that is derived a
part at a time `derived.now.<table>` holds what stands now under each value of which a row moved.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import duckdb

COMPARED_ROWS = 100_000
"""Up to this many rows a table that was derived whole is held against what it was before."""

_MOVED = re.compile(r"\bderived\.(moved|gone|come)\.(\w+)")
_MADE = """
CREATE SCHEMA IF NOT EXISTS derived.gone;
CREATE SCHEMA IF NOT EXISTS derived.come;
CREATE SCHEMA IF NOT EXISTS derived.now;
CREATE SCHEMA IF NOT EXISTS derived.part;
"""
_LACKING = (
    "CREATE OR REPLACE TABLE derived.{side}.{name} AS "
    "SELECT a.* FROM {these} a ANTI JOIN (SELECT hash(b) AS h FROM {those} b) b ON b.h = hash(a)"
)


def forget(connection: duckdb.DuckDBPyConnection) -> None:
    """Let go of the rows that moved, once the readers have them: during history they are as many as the tables hold."""
    for schema in ("gone", "come", "now", "part"):
        connection.execute(f"DROP SCHEMA IF EXISTS derived.{schema} CASCADE")


class Changes:
    """Of one derivation: `rows` are the tables whose rows are known, `whole` those that are others altogether.

    One that is not `comparing` calls all that it makes another; the first one has nothing to compare with.
    """

    def __init__(self, connection: duckdb.DuckDBPyConnection, first: bool) -> None:
        self._connection = connection
        self.comparing = not first
        self.rows: set[str] = set()
        self.whole: set[str] = set()
        connection.execute(_MADE)

    @property
    def names(self) -> frozenset[str]:
        """The tables that are others than before."""
        return frozenset(self.rows | self.whole)

    def all_of(self, name: str) -> None:
        """Nothing of `name` stands as it was."""
        self.rows.discard(name)
        self.whole.add(name)

    @contextmanager
    def compared(self, names: Iterable[str]) -> Iterator[None]:
        """Hold what stands afterwards in each of these tables against what stood there before."""
        if not self.comparing:
            yield
            for name in names:
                self.all_of(name)
            return
        counted = {name: self.count(name) for name in names}
        few = {name for name, count in counted.items() if count is not None and count <= COMPARED_ROWS}
        for name in few:
            self._connection.execute(f"CREATE OR REPLACE TABLE derived.part.{name} AS FROM derived.state.{name}")
        yield
        for name in names:
            if name not in few or self._other_columns(name):
                self.all_of(name)
            else:
                self._compare(name)
        for name in few:
            self._connection.execute(f"DROP TABLE derived.part.{name}")

    def sides(self, name: str, before: str, after: str) -> bool:
        """Keep the rows that only `before` and only `after` has as what became of `name`; whether there are any."""
        gone = self._kept(_LACKING.format(side="gone", name=name, these=before, those=after))
        come = self._kept(_LACKING.format(side="come", name=name, these=after, those=before))
        if gone or come:
            self.rows.add(name)
        return bool(gone or come)

    def said(self, sql: str) -> str:
        """`sql` with `derived.moved.<table>` as the rows that the table lost and got, of one that stayed as none."""
        return _MOVED.sub(lambda found: self._moved(found[2], found[1]), sql)

    def count(self, name: str) -> int | None:
        """How many rows there are; None where there is no such table."""
        try:
            found = self._connection.execute(f'SELECT count(*) FROM derived.state."{name}"').fetchone()
        except duckdb.CatalogException:
            return None
        return int(found[0]) if found else None

    def _moved(self, name: str, side: str) -> str:
        if name not in self.rows:
            return f"(SELECT * FROM derived.state.{name} WHERE false)"
        if side != "moved":
            return f"derived.{side}.{name}"
        return f"(SELECT * FROM derived.gone.{name} UNION ALL SELECT * FROM derived.come.{name})"

    def _compare(self, name: str) -> None:
        before, after = f"derived.part.{name}", f"derived.state.{name}"
        was, now = self._sum(before), self._sum(after)
        if was == now:
            return
        self.sides(name, before, after)
        gone, come = self._sum(f"derived.gone.{name}"), self._sum(f"derived.come.{name}")
        if any(was[at] - gone[at] + come[at] != now[at] for at in (0, 1)):  # rows that occur twice
            self.all_of(name)

    def _kept(self, sql: str) -> int:
        """How many rows the table has that `sql` makes."""
        found = self._connection.execute(sql).fetchone()
        return int(found[0]) if found else 0

    def _sum(self, table: str) -> tuple[int, int]:
        found = self._connection.execute(f"SELECT count(*), sum(CAST(hash(t) AS HUGEINT)) FROM {table} t").fetchone()
        return (int(found[0]), int(found[1] or 0)) if found else (0, 0)

    def _other_columns(self, name: str) -> bool:
        before, after = (
            self._connection.execute(f"SELECT * FROM derived.{schema}.{name} LIMIT 0").description
            for schema in ("part", "state")
        )
        return [column[:2] for column in before] != [column[:2] for column in after]
