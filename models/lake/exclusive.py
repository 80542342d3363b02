"""One writer at a time: a lock file beside a SQLite catalogue, an advisory lock in a PostgreSQL one."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import RLock

from models.domain.errors import Misconfigured
from models.lake.places import catalogue
from models.settings import Settings

_ADVISORY = 0x7469656F7574  # "tieout"


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
    """Held for one write at a time, so that writers on several machines take turns. A lost connection frees it."""

    shared = True

    def __init__(self, address: str) -> None:
        import psycopg

        self._connection = psycopg.connect(address, autocommit=True)
        self._threads = RLock()

    @contextmanager
    def held(self) -> Iterator[None]:
        with self._threads:
            self._connection.execute("SELECT pg_advisory_lock(%s)", [_ADVISORY])
            try:
                yield
            finally:
                self._connection.execute("SELECT pg_advisory_unlock(%s)", [_ADVISORY])

    def close(self) -> None:
        self._connection.close()


def writers_lock(settings: Settings) -> FileLock | AdvisoryLock:
    """The lock every writer of this lake takes. Raises Misconfigured when another process keeps it."""
    kind, _, address = catalogue(settings.lake_catalog_address).partition(":")
    return AdvisoryLock(address) if kind == "postgres" else FileLock(Path(address).with_suffix(".lock"))
