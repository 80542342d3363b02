"""Reads that a merge cannot spoil.

A SQLite catalogue is read table by table, each in a transaction of its own, even inside one statement. A merge that
commits after a reader chose its snapshot hides the rows it moved: the old files are no longer listed, and the new one
is younger than the snapshot. So a read counts only if every data file that was listed before it is still listed after
it; one that was overtaken is repeated while merges wait.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol, TypeVar

import duckdb
import pyarrow as pa

from models.domain.errors import Retriable
from models.lake.undisturbed import undisturbed

ATTEMPTS = 20

_NEWEST = "SELECT max(data_file_id), count(*) FROM __ducklake_metadata_lake.ducklake_data_file"
_LEFT = "SELECT count(*) FROM __ducklake_metadata_lake.ducklake_data_file WHERE data_file_id <= $1"

Answer = TypeVar("Answer")


class Connection(Protocol):
    """A DuckDB connection or cursor, with the lake attached or not."""

    def execute(self, query: str, parameters: Any = ...) -> Any: ...


class Overtaken(Retriable):
    """A merge replaced files during a read: read again."""

    code = "lake.overtaken"


class StandingFiles:
    """The lake's data files of one moment, by the highest id and their number: ids grow, a merge takes some away."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._newest, self._count = self._listed()

    def check(self) -> None:
        """Raises Overtaken when one of the files was replaced since."""
        if self._newest is None:
            return
        (left,) = self._connection.execute(_LEFT, [self._newest]).fetchone()
        if left != self._count:
            raise Overtaken("maintenance replaced files of the lake during the read: read again")

    def _listed(self) -> tuple[int | None, int]:
        try:
            newest, count = self._connection.execute(_NEWEST).fetchone()
        except (duckdb.CatalogException, duckdb.BinderException):
            return None, 0  # no lake is attached yet, so there is nothing to replace
        return newest, count


def steady_table(connection: Connection, sql: str, params: object = None) -> pa.Table:
    """The whole answer of one reading statement, which is asked again when a merge overtook it."""
    return steadily(
        connection, lambda: (connection.execute(sql, params) if params else connection.execute(sql)).to_arrow_table()
    )


def steadily(connection: Connection, read: Callable[[], Answer]) -> Answer:
    """The answer of `read`, which must be safe to repeat: it is called again, undisturbed, when a merge overtook it.

    Raises what `read` raises unless a merge explains it, and Overtaken where merges that do not wait (those of a
    release that knows nothing of it) overtake it ATTEMPTS times in a row.
    """
    try:
        return _read(connection, read)
    except Overtaken:
        with undisturbed(connection):
            for _ in range(ATTEMPTS - 2):
                try:
                    return _read(connection, read)
                except Overtaken:
                    continue
            return _read(connection, read)


def _read(connection: Connection, read: Callable[[], Answer]) -> Answer:
    files = StandingFiles(connection)
    try:
        answer = read()
    except duckdb.IOException:
        files.check()
        raise
    files.check()
    return answer
