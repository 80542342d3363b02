"""The process beside a reader: it has the stores open in DuckDB and answers reading statements over a pipe.

`python -m models.lake.answering <file descriptor>`; it ends when the pipe does, so it never outlives its reader.
A process of its own because of SQLite's locks (`connection.py`): the reader's process writes to the journal.
"""

from __future__ import annotations

import re
import signal
import sys
import threading
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from multiprocessing.connection import Connection
from typing import Any

import duckdb
import pyarrow as pa

from models.lake.confinement import confine
from models.lake.connection import attach_missing, attached, open_engine
from models.lake.fault import Fault, fault_of
from models.lake.places import attachable
from models.lake.publish import describe, publish
from models.lake.read_only import only_read
from models.lake.steady import steady_table
from models.settings import Settings

LOOK_AGAIN_SECONDS = 1.0
Parameters = Mapping[str, Any]
AT_ONCE = 8
_ASKS_WHAT_IT_MEANS = re.compile(r"\b(?:duckdb_(?:views|columns)|information_schema|pg_description)\b", re.IGNORECASE)


class Answers:
    """Answers one reading statement at a time; usable from many threads at once.

    Stores that appear later are attached by themselves. A query that loses its files to maintenance, or meets a
    store being made, is asked once more in a fresh transaction.
    """

    def __init__(
        self, settings: Settings, as_of: datetime | None = None, memory_mib: int = 256, threads: int = 2
    ) -> None:
        self._settings, self._as_of = settings, as_of
        self._memory_mib, self._threads = memory_mib, threads
        self._lock, self._described = threading.Lock(), False
        self._connection = self._opened()

    def table(self, sql: str, params: Parameters | None = None) -> pa.Table:
        """The answer to one checked statement; `$name` in `sql` is bound from `params`."""
        only_read(sql)
        self._look_again()
        try:
            if _ASKS_WHAT_IT_MEANS.search(sql):
                self._describe()
            return self._answer(sql, params)
        except (
            duckdb.IOException,
            duckdb.CatalogException,
            duckdb.BinderException,
            duckdb.TransactionException,
            duckdb.HTTPException,
        ):
            self._look_again(now=True)
            return self._answer(sql, params)

    def close(self) -> None:
        """Let go of every store; queries still running end with an error."""
        self._connection.close()

    def _opened(self) -> duckdb.DuckDBPyConnection:
        connection = open_engine(self._settings, memory_mib=self._memory_mib, threads=self._threads)
        attach_missing(connection, self._settings)
        self._publish(connection)
        confine(connection, self._settings)
        return connection

    def _publish(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._complete, self._looked = publish(connection, self._as_of), time.monotonic()
        if self._described:
            describe(connection)

    def _describe(self) -> None:
        with self._lock:
            if not self._described:
                describe(self._connection)
                self._described = True

    def _answer(self, sql: str, params: Parameters | None) -> pa.Table:
        cursor = self._connection.cursor()
        try:
            return steady_table(cursor, sql, dict(params or {}))
        finally:
            cursor.close()

    def _look_again(self, now: bool = False) -> None:
        """Attach and publish what was not there before; at most once a second while something is still missing."""
        if not now and (self._complete or time.monotonic() - self._looked < LOOK_AGAIN_SECONDS):
            return
        with self._lock:
            if attachable(self._settings) - attached(self._connection):
                # A confined connection attaches nothing. Queries that still run hold the old one open until they end.
                self._connection = self._opened()
            else:
                self._publish(self._connection)


def answer(descriptor: int) -> None:
    """Answer (number, sql, params) with (number, Arrow stream or Fault) until the pipe ends; settings come first."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; the reader's end of the pipe decides
    pipe, sending = Connection(descriptor), threading.Lock()
    try:
        settings, as_of, memory_mib, threads = pipe.recv()
        try:
            answers = Answers(settings, as_of, memory_mib, threads)
        except Exception as error:  # noqa: BLE001 - told to whoever asks first, as what a statement raises
            pipe.send((pipe.recv()[0], fault_of(error)))
            return
        with ThreadPoolExecutor(AT_ONCE) as pool:
            while True:
                number, sql, params = pipe.recv()
                pool.submit(_reply, pipe, sending, number, answers, sql, params)
    except (EOFError, OSError):
        return


def _reply(
    pipe: Connection, sending: threading.Lock, number: int, answers: Answers, sql: str, params: Parameters | None
) -> None:
    content: bytes | Fault
    try:
        content = _stream(answers.table(sql, params))
    except Exception as error:  # noqa: BLE001 - raised again in the reader's process, where the question was asked
        content = fault_of(error)
    with sending:
        pipe.send((number, content))


def _stream(table: pa.Table) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as stream:
        stream.write_table(table)
    content: bytes = sink.getvalue().to_pybytes()
    return content


if __name__ == "__main__":
    answer(int(sys.argv[1]))
