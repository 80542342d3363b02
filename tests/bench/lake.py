"""Yardsticks of the lake: how fast this process can insert at all, insert sealed, and verify."""

from __future__ import annotations

import tempfile
import time
from dataclasses import dataclass, replace
from pathlib import Path

import pyarrow as pa

from models.domain.clock import SystemClock
from models.lake.batch import staged
from models.lake.connection import open_lake
from models.lake.publish import columns_of
from models.lake.schema import TABLES
from models.lake.verify import verify
from models.lake.writer import open_writer
from models.settings import Settings


@dataclass(frozen=True, slots=True)
class Rate:
    """Rows that are in the lake afterwards, and the wall and CPU seconds of this process that they took."""

    rows: int
    wall_seconds: float
    cpu_seconds: float

    @property
    def per_second(self) -> float:
        return self.rows / self.wall_seconds

    @property
    def per_cpu_second(self) -> float:
        return self.rows / self.cpu_seconds


class _Watch:
    def __init__(self) -> None:
        self._wall, self._cpu = time.perf_counter(), time.process_time()

    def rate(self, rows: int) -> Rate:
        return Rate(rows, time.perf_counter() - self._wall, time.process_time() - self._cpu)


def raw_insert_rate(rows: pa.Table, table: str = "spans", batch_rows: int = 10_000, threads: int = 2) -> Rate:
    """The limit: DuckLake inserts of the same rows, a commit a batch, with no seal, digest or fsync of files."""
    with tempfile.TemporaryDirectory() as home:
        connection = open_lake(scratch(home), write=True, threads=threads)
        columns = ", ".join(f'"{name}" {kind}' for name, kind in columns_of(table).items())
        connection.execute("CALL lake.set_option('parquet_compression', 'zstd')")
        connection.execute(f"CREATE TABLE lake.main.{table} ({columns})")
        batches = [
            staged(rows.slice(start, batch_rows), TABLES[table], start) for start in range(0, rows.num_rows, batch_rows)
        ]
        watch = _Watch()
        for batch in batches:
            connection.register("incoming", batch)
            connection.execute(f"INSERT INTO lake.main.{table} BY NAME SELECT * FROM incoming")
        rate = watch.rate(rows.num_rows)
        (stored,) = connection.execute(f"SELECT count(*) FROM lake.main.{table}").fetchone() or (0,)
        connection.close()
    return replace(rate, rows=stored)


def sealed_append_rate(rows: pa.Table, table: str = "spans", batch_rows: int = 10_000) -> Rate:
    """The writer's own `append` of the same rows: sealed, digested, durable."""
    with tempfile.TemporaryDirectory() as home:
        writer = open_writer(scratch(home), SystemClock())
        watch, stored = _Watch(), 0
        for number, start in enumerate(range(0, rows.num_rows, batch_rows), 1):
            stored += writer.append({table: rows.slice(start, batch_rows)}, "bench", number).stored
        rate = watch.rate(stored)
        writer.close()
    return rate


def verify_rate(settings: Settings) -> Rate:
    """A whole verification of the lake of `settings`. Raises ValueError for a breach: then its time means nothing."""
    watch = _Watch()
    report = verify(settings)
    if not report.sound:
        raise ValueError(f"the lake has {len(report.breaches)} breaches, the first: {report.breaches[0]}")
    return watch.rate(report.rows)


def scratch(home: str) -> Settings:
    """Settings that name each address, so that none of the environment makes a yardstick write into a real lake."""
    elsewhere = dict.fromkeys(("journal_url", "lake_catalog", "lake_data", "witness"))
    return Settings.model_validate({"home": Path(home), **elsewhere})
