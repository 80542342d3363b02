"""One writer at a time: a lock file beside a SQLite catalogue, an advisory lock in a PostgreSQL one."""

from __future__ import annotations

import fcntl
import logging
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import RLock
from typing import Any

from models.action_log import action
from models.domain.errors import Misconfigured, Retriable
from models.lake.places import catalogue
from models.postgres_session import looked_after_address
from models.settings import Settings

_log = logging.getLogger(__name__)
_ADVISORY = 0x7469656F7574  # "tieout"
_LOCK, _UNLOCK = f"SELECT pg_advisory_lock({_ADVISORY})", f"SELECT pg_advisory_unlock({_ADVISORY})"


class FileLock:
    """Held for the life of the process: a SQLite catalogue has one writing process. A kill frees it."""

    shared = False

    def __init__(self, path: Path, patience_seconds: float = 10.0) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = open(path, "a+")  # noqa: SIM115 - lives as long as the lock
        self._threads = RLock()
        deadline = time.monotonic() + patience_seconds
        while not self._taken():
            if time.monotonic() > deadline:
                self._file.seek(0)
                raise Misconfigured(
                    f"process {self._file.read().strip() or 'unknown'} already writes this lake ({path}): stop it "
                    "first, or use a PostgreSQL catalogue (TIEOUT_LAKE_CATALOG=postgres:…), which takes several writers"
                )
            time.sleep(0.05)
        self._file.truncate(0)
        self._file.write(str(os.getpid()))
        self._file.flush()

    @contextmanager
    def held(self) -> Iterator[None]:
        with self._threads:
            yield

    def close(self) -> None:
        self._file.close()

    def _taken(self) -> bool:
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True


class AdvisoryLock:
    """Held for one write at a time, so that writers on several machines take turns.

    The database frees it with its session, whether the session was cut or its machine is gone; so who holds it may have
    lost it already. That keeps nobody's rows out: the commit does, which lands only on what it was made of.
    """

    shared = True

    def __init__(self, address: str) -> None:
        self._address = looked_after_address(address)
        self._connection = self._session()
        self._threads = RLock()

    @contextmanager
    def held(self) -> Iterator[None]:
        """Raises Retriable while the database cannot be reached."""
        with self._threads:
            self._take()
            try:
                yield
            finally:
                self._let_go()

    def close(self) -> None:
        self._connection.close()

    def _session(self) -> Any:
        import psycopg

        return psycopg.connect(self._address, autocommit=True)

    def _take(self) -> None:
        """Take the lock, in a new session where the last one was cut."""
        import psycopg

        try:
            try:
                self._connection.execute(_LOCK)
            except psycopg.OperationalError as error:
                action(_log, logging.WARNING, "lake_lock.session_cut", why=error)
                self._connection.close()
                self._connection = self._session()
                self._connection.execute(_LOCK)
        except psycopg.OperationalError as error:
            raise Retriable(f"the lake's catalogue cannot be reached: {error}") from error

    def _let_go(self) -> None:
        import psycopg

        try:
            self._connection.execute(_UNLOCK)
        except psycopg.OperationalError as error:  # the lock went with the session
            action(_log, logging.WARNING, "lake_lock.session_cut", why=error)


def writers_lock(settings: Settings) -> FileLock | AdvisoryLock:
    """The lock every writer of this lake takes. Raises Misconfigured when another process keeps it."""
    kind, _, address = catalogue(settings.lake_catalog_address).partition(":")
    return AdvisoryLock(address) if kind == "postgres" else FileLock(Path(address).with_suffix(".lock"))
