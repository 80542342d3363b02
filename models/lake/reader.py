"""Read-only SQL over every store, for the console, the API and the command line."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping
from concurrent.futures import Future
from datetime import datetime
from itertools import count
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import pyarrow as pa

from models.domain.errors import TieoutError
from models.lake.fault import Fault
from models.lake.read_only import check
from models.settings import Settings

Parameters = Mapping[str, Any]
_PROJECT = Path(__file__).parents[2]


class ReaderStopped(TieoutError):
    """The process that answers queries ended; ask again, a fresh one is started."""

    code = "reader.stopped"


class ReadTooLong(TieoutError):
    """A statement took longer than a reader waits, so its process was ended; narrow it, or raise the limit."""

    code = "reader.too-long"


class LakeReader:
    """Answers one reading statement at a time; usable from many threads at once, and started on first use.

    Stores that appear later are attached by themselves, and a query that loses its files to maintenance is asked once
    more. SQL runs in a process beside this one (`answering.py`), which is started again should it die, and ended when a
    statement outlasts `settings.read_limit_seconds`; `fault` says so until the next answer.
    """

    def __init__(
        self, settings: Settings, as_of: datetime | None = None, memory_mib: int = 256, threads: int = 2
    ) -> None:
        self._opening = (settings, as_of, memory_mib, threads)
        self._lock = threading.Lock()
        self._process: _Process | None = None
        self.fault: str | None = None

    def rows(self, sql: str, params: Parameters | None = None) -> list[dict[str, Any]]:
        """The answer as dictionaries, times as aware UTC datetimes. `$name` in `sql` is bound from `params`.

        Raises NotReadOnly for anything but a read, ReadTooLong, DuckDB's own errors for faults in the statement, and
        AnswerFailed for faults of the process that answers.
        """
        rows: list[dict[str, Any]] = self.table(sql, params).to_pylist()
        return rows

    def table(self, sql: str, params: Parameters | None = None) -> pa.Table:
        """The answer as an Arrow table."""
        check(sql)
        try:
            table = self._asked_again(sql, params)
        except ReadTooLong as error:
            self.fault = str(error)
            raise
        self.fault = None
        return table

    def _asked_again(self, sql: str, params: Parameters | None) -> pa.Table:
        """The answer, also where the process ended because of another statement."""
        try:
            return self._running().ask(sql, params)
        except ReaderStopped:
            return self._running().ask(sql, params)

    def close(self) -> None:
        """End the process beside; queries still running end with ReaderStopped."""
        with self._lock:
            if self._process is not None:
                self._process.end()
            self._process = None

    def _running(self) -> _Process:
        with self._lock:
            if self._process is None or self._process.ended:
                self._process = _Process(self._opening)
            return self._process


class _Process:
    """One answering process and the questions that wait for it."""

    def __init__(self, opening: tuple[Any, ...]) -> None:
        ours, theirs = socket.socketpair()
        # The child is killed, so what it copies of a home that cannot be written is cleared away by us.
        self._scratch = tempfile.TemporaryDirectory(prefix="tieout-", ignore_cleanup_errors=True)
        with theirs:
            self._child = start_answering(theirs.fileno(), _environment(self._scratch.name))
        self._pipe = Connection(ours.detach())
        self._sending = threading.Lock()
        self._waiting: dict[int, Future[bytes]] = {}
        self._numbers = count()
        self.ended = False
        self._limit: float = opening[0].read_limit_seconds
        self._pipe.send(opening)
        threading.Thread(target=self._receive, name="lake-reader", daemon=True).start()

    def ask(self, sql: str, params: Parameters | None) -> pa.Table:
        answer: Future[bytes] = Future()
        with self._sending:
            number = next(self._numbers)
            self._waiting[number] = answer
            self._send((number, sql, dict(params) if params else None))
        with pa.ipc.open_stream(self._answer(answer)) as stream:
            return stream.read_all()

    def _answer(self, answer: Future[bytes]) -> bytes:
        try:
            return answer.result(self._limit)
        except TimeoutError as error:
            if answer.done():
                return answer.result()  # just in time, or the statement's own error
            self.end()
            raise ReadTooLong(
                f"the statement took longer than {self._limit:g} s and was ended: narrow it, or raise "
                "TIEOUT_READ_LIMIT_SECONDS"
            ) from error

    def end(self) -> None:
        """End the child; it holds nothing that a kill could harm, and one that hangs obeys nothing else."""
        self.ended = True
        self._child.kill()
        self._child.wait()
        self._scratch.cleanup()

    def _send(self, question: tuple[int, str, Any]) -> None:
        try:
            if self.ended:
                raise OSError("ended")
            self._pipe.send(question)
        except OSError as error:
            self.ended = True
            self._waiting.pop(question[0], None)
            raise ReaderStopped("the process that answers queries has ended: ask again") from error

    def _receive(self) -> None:
        try:
            while True:
                number, content = self._pipe.recv()
                answer = self._waiting.pop(number)
                if isinstance(content, Fault):
                    answer.set_exception(content.error())
                else:
                    answer.set_result(content)
        except Exception:  # noqa: BLE001 - the pipe's end, or what was no answer: whoever waits asks again
            self.end()
            self._give_up()

    def _give_up(self) -> None:
        with self._sending:
            self.ended = True
            waiting, self._waiting = self._waiting, {}
            self._pipe.close()
        for answer in waiting.values():
            answer.set_exception(ReaderStopped("the process that answers queries ended before its answer: ask again"))
        self._child.wait()


def start_answering(pipe: int, environment: Mapping[str, str]) -> subprocess.Popen[bytes]:
    """The process that answers over this end of a pipe."""
    command = [sys.executable, "-m", "models.lake.answering", str(pipe)]
    return subprocess.Popen(command, pass_fds=[pipe], stdin=subprocess.DEVNULL, env=environment)


def _environment(scratch: str) -> dict[str, str]:
    paths = [str(_PROJECT), *filter(None, [os.environ.get("PYTHONPATH")])]
    return {**os.environ, "TMPDIR": scratch, "PYTHONPATH": os.pathsep.join(paths)}


def open_reader(settings: Settings, as_of: datetime | None = None) -> LakeReader:
    """A reader of every published name; with `as_of` the lake's tables show what was sealed by that moment."""
    return LakeReader(settings, as_of)
