"""The one way into the lake inside this process: one transaction at a time, tried again until it lands."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping
from typing import Protocol, TypeVar

import pyarrow as pa

from models.action_log import action
from models.domain.errors import Retriable

_log = logging.getLogger(__name__)
_FIRST_PAUSE, _LONGEST_PAUSE = 0.1, 5.0
STUCK_SECONDS = 12.0
_FAULTS_PER_WRITER = 5  # after so many passing faults in a row the store's connection itself is suspect
T = TypeVar("T")


class Writer(Protocol):
    """What a lake writer does for us; models.lake.writer gives one."""

    def append(self, tables: Mapping[str, pa.Table], writer: str, number: int) -> object: ...
    def last_number(self, writer: str) -> int: ...
    def proven(self, writer: str) -> int: ...
    def checkpoint(self) -> object: ...
    def maintain(self) -> object: ...
    def close(self) -> None: ...


class Commits:
    """Serialises appends and maintenance on one lake writer, which is opened when first needed and again after a fault.

    A locked catalogue or a full disk passes; what is acknowledged waits in the spool meanwhile, so nothing is given up.
    """

    def __init__(self, open_writer: Callable[[], Writer]) -> None:
        self._open_writer = open_writer
        self._writer: Writer | None = None
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._faults = 0
        self._since: float | None = None
        self.fault: str | None = None

    @property
    def stuck(self) -> str | None:
        """What is wrong with a commit that takes longer than any should."""
        since = self._since
        seconds = 0.0 if since is None else time.monotonic() - since
        return f"a commit has been under way for {seconds:.0f} s" if seconds > STUCK_SECONDS else None

    def append(self, tables: Mapping[str, pa.Table], writer: str, number: int) -> bool:
        """Append one batch; True once the lake holds it, False when we are stopping and it would not land."""
        if not tables:
            return True
        return self._until_done(_batch(writer, number), _appending(tables, writer, number)) is not None

    def append_once(self, tables: Mapping[str, pa.Table], writer: str, number: int) -> bool:
        """Append one batch in a single attempt; False when it failed, and then it may have landed all the same."""
        return not tables or self._attempt(_batch(writer, number), _appending(tables, writer, number)) is not None

    def landed(self, writer: str) -> int | None:
        """The highest batch number the lake holds of `writer` (0: none); None when we are stopping."""
        number = self._until_done(f"last batch of {writer}", lambda lake: (max(lake.last_number(writer), 0),))
        return number[0] if number else None

    def proven(self, writer: str) -> int:
        """The highest batch number of `writer` that lies under a signed checkpoint; 0 where none is known to."""
        with self._lock:
            return self._writer.proven(writer) if self._writer else 0

    def once(self, what: str, work: Callable[[Writer], object]) -> None:
        """Do a piece of maintenance now, beside the appends; a fault is logged, for the next turn of its schedule tries
        again.
        """
        try:
            with self._lock:
                writer = self._opened()
            work(writer)
        except Exception as error:  # noqa: BLE001 - nothing is lost, and its schedule must go on
            action(_log, logging.WARNING, "maintenance.failed", what=what, why=error)

    def stop(self) -> None:
        """From now on a fault is final: each waiting append is tried once more."""
        self._stopping.set()

    def close(self, seconds: float = 5.0) -> None:
        """Let go of the lake, unless a commit under way outlasts `seconds`: a kill is as safe as waiting longer."""
        if self._lock.acquire(timeout=seconds):
            try:
                self._forget()
            finally:
                self._lock.release()

    def _until_done(self, what: str, work: Callable[[Writer], T]) -> T | None:
        pause = _FIRST_PAUSE
        while True:
            last = self._stopping.is_set()
            done = self._attempt(what, work)
            if done is not None or last:
                return done
            self._stopping.wait(pause)
            pause = min(pause * 2, _LONGEST_PAUSE)

    def _attempt(self, what: str, work: Callable[[Writer], T]) -> T | None:
        with self._lock:
            try:
                lake = self._opened()  # an old home may migrate for a while, which is no commit
                self._since = time.monotonic()
                done = work(lake)
            except Exception as error:  # noqa: BLE001 - whatever it says, the batch is tried again
                self.fault = f"{what}: {error}"
                self._faults += 1
                action(_log, logging.WARNING, "lake.refused", what=what, faults=self._faults, why=error)
                if not isinstance(error, Retriable) or self._faults % _FAULTS_PER_WRITER == 0:
                    self._forget()
                return None
            finally:
                self._since = None
            self.fault, self._faults = None, 0
            return done

    def _opened(self) -> Writer:
        if self._writer is None:
            self._writer = self._open_writer()
        return self._writer

    def _forget(self) -> None:
        """Let go of the writer: after a fault the store's connection may be unusable, a fresh one is not."""
        writer, self._writer = self._writer, None
        if writer is None:
            return
        try:
            writer.close()
        except Exception as error:  # noqa: BLE001 - a broken connection may fail to close in any way
            _log.debug("closing the lake writer: %s", error)


def _batch(writer: str, number: int) -> str:
    return f"batch {number} of {writer}"


def _appending(tables: Mapping[str, pa.Table], writer: str, number: int) -> Callable[[Writer], object]:
    def append(lake: Writer) -> object:
        stored = lake.append(tables, writer, number)
        rows = {name: table.num_rows for name, table in tables.items()}
        action(_log, logging.INFO, "batch.landed", writer=writer, number=number, **rows)
        return stored

    return append
