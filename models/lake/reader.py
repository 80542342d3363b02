"""Read-only SQL over every store, for the console, the API, the detectors and the command line."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, TypeVar

import duckdb
import pyarrow as pa

from models.lake.connection import attach_missing, connect
from models.lake.publish import publish
from models.lake.read_only import check
from models.settings import Settings

LOOK_AGAIN_SECONDS = 1.0
Parameters = Mapping[str, Any]
_T = TypeVar("_T")


class LakeReader:
    """Answers one reading statement at a time; usable from many threads at once.

    Stores that appear later are attached by themselves. A query that loses its files to maintenance, or meets a
    store being made, is asked once more in a fresh transaction.
    """

    def __init__(self, settings: Settings, as_of: datetime | None = None, memory_mib: int = 256, threads: int = 2) -> None:
        self._settings, self._as_of = settings, as_of
        self._connection = connect(settings, memory_mib=memory_mib, threads=threads, as_of=as_of)
        self._complete, self._looked = False, 0.0
        self._lock = threading.Lock()

    def rows(self, sql: str, params: Parameters | None = None) -> list[dict[str, Any]]:
        """The answer as dictionaries, times as aware UTC datetimes. `$name` in `sql` is bound from `params`."""
        return self._ask(sql, params, _dictionaries)

    def table(self, sql: str, params: Parameters | None = None) -> pa.Table:
        """The answer as an Arrow table."""
        return self._ask(sql, params, lambda cursor: cursor.to_arrow_table())

    def close(self) -> None:
        """Let go of every store; queries still running end with an error."""
        self._connection.close()

    def _ask(self, sql: str, params: Parameters | None, shape: Callable[[duckdb.DuckDBPyConnection], _T]) -> _T:
        check(sql)
        self._look_again()
        try:
            return self._answer(sql, params, shape)
        except (duckdb.IOException, duckdb.CatalogException, duckdb.BinderException, duckdb.TransactionException, duckdb.HTTPException):
            self._look_again(now=True)
            return self._answer(sql, params, shape)

    def _answer(self, sql: str, params: Parameters | None, shape: Callable[[duckdb.DuckDBPyConnection], _T]) -> _T:
        cursor = self._connection.cursor()
        try:
            return shape(cursor.execute(sql, dict(params)) if params else cursor.execute(sql))
        finally:
            cursor.close()

    def _look_again(self, now: bool = False) -> None:
        """Attach and publish what was not there before; at most once a second while something is still missing."""
        if not now and (self._complete or time.monotonic() - self._looked < LOOK_AGAIN_SECONDS):
            return
        with self._lock:
            attach_missing(self._connection, self._settings)
            self._complete = publish(self._connection, self._as_of)
            self._looked = time.monotonic()


def open_reader(settings: Settings, as_of: datetime | None = None) -> LakeReader:
    """A reader of every published name; with `as_of` the lake's tables show what was sealed by that moment."""
    return LakeReader(settings, as_of)


def _dictionaries(cursor: duckdb.DuckDBPyConnection) -> list[dict[str, Any]]:
    # By way of Arrow: DuckDB's own fetch of a timestamptz needs pytz.
    rows: list[dict[str, Any]] = cursor.to_arrow_table().to_pylist()
    return rows
