"""What it takes to recover from many small files, as a collector leaves them whose maintenance did not run for a day.

python -m tests.bench.small_files 10000
"""

from __future__ import annotations

import os
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pyarrow as pa

from models.domain.clock import SystemClock
from models.lake.batch import staged
from models.lake.connection import open_lake
from models.lake.schema import TABLES
from models.lake.writer import open_writer
from models.settings import Settings
from tests.bench.lake import scratch

_FILES_PER_COMMIT = 100


@dataclass(frozen=True, slots=True)
class Recovery:
    """Files before and after, wall seconds, and MiB that the process held more than with the lake just opened."""

    before: int
    after: int
    seconds: float
    grown_mib: float


def recovery(rows: pa.Table, files: int) -> Recovery:
    """Make so many files of these spans each, then merge and drop as maintenance does."""
    with tempfile.TemporaryDirectory() as home:
        settings = scratch(home)
        open_writer(settings, SystemClock()).close()
        _scatter(settings, rows, files)
        before = _files(home)
        writer = open_writer(settings, SystemClock())
        began = time.perf_counter()
        with _watched() as held:
            writer.maintain(timedelta(0), timedelta(0))
        seconds = time.perf_counter() - began
        writer.close()
        return Recovery(before, _files(home), seconds, max(held) - held[0])


def _scatter(settings: Settings, rows: pa.Table, files: int) -> None:
    connection = open_lake(settings, write=True, threads=1)
    for first in range(0, files, _FILES_PER_COMMIT):
        connection.execute("BEGIN")
        for batch in range(first, min(first + _FILES_PER_COMMIT, files)):
            connection.register("incoming", staged(rows, TABLES["spans"], batch + 1))
            connection.execute("INSERT INTO lake.main.spans BY NAME SELECT * FROM incoming")
            connection.unregister("incoming")
        connection.execute("COMMIT")
    connection.close()


def _files(home: str) -> int:
    return sum(1 for _ in (Path(home) / "lake" / "data").rglob("*.parquet"))


@contextmanager
def _watched() -> Iterator[list[float]]:
    """Resident MiB of this process, again and again until the block ends; the first is of its beginning."""
    held, ended = [_resident_mib()], threading.Event()

    def watch() -> None:
        while not ended.wait(0.02):
            held.append(_resident_mib())

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    try:
        yield held
    finally:
        ended.set()
        thread.join()


def _resident_mib() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


if __name__ == "__main__":
    from tests.unit.lake.samples import spans

    print(recovery(spans(30), int(sys.argv[1]) if len(sys.argv) > 1 else 10_000))
