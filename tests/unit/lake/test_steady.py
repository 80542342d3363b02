"""A read beside a merge: asked again when it was overtaken, and only then."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import nullcontext
from datetime import timedelta
from pathlib import Path

import duckdb
import pytest

from models.lake import maintenance, steady
from models.lake.connection import open_engine, open_lake
from models.lake.steady import Overtaken, StandingFiles, steadily, steady_table
from models.lake.undisturbed import merging, undisturbed
from models.lake.writer import LakeWriter
from tests.unit.lake.samples import filled, settings_at, spans


class Reading:
    """Counts rows of the lake, and lets something happen to the lake in the first reads, before the answer is out."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, meanwhile: Callable[[], object], times: int = 1) -> None:
        self._connection, self._meanwhile, self._left = connection, meanwhile, times
        self.reads = 0

    def __call__(self) -> int:
        self.reads += 1
        (rows,) = self._connection.execute("SELECT count(*) FROM lake.main.spans").fetchone() or (0,)
        if self._left:
            self._left -= 1
            self._meanwhile()
        return int(rows)


def grown_and_merged(writer: LakeWriter, numbers: list[int]) -> int:
    for _ in range(10):
        numbers.append(numbers[-1] + 1)
        writer.append({"spans": spans(1, 10_000 + numbers[-1])}, "otlp", numbers[-1])
    return writer.maintain(timedelta(0), timedelta(0)).merged


@pytest.mark.req("C8")
def test_a_read_that_a_merge_overtook_is_read_again(tmp_path: Path) -> None:
    settings = settings_at(tmp_path)
    writer = filled(settings, batches=10)
    connection = open_lake(settings)
    reading = Reading(connection, lambda: writer.maintain(timedelta(0), timedelta(0)))
    assert steadily(connection, reading) == 500
    assert reading.reads == 2
    connection.close()
    writer.close()


@pytest.mark.req("C8")
def test_a_transaction_that_a_merge_overtook_is_told_so(tmp_path: Path) -> None:
    settings = settings_at(tmp_path)
    writer = filled(settings, batches=10)
    connection = open_lake(settings)
    files = StandingFiles(connection)
    connection.execute("BEGIN")
    reading = Reading(connection, lambda: writer.maintain(timedelta(0), timedelta(0)))
    assert reading() == 500
    assert reading() < 500, "DuckLake hides merged rows from a transaction that is older than the merge"
    with pytest.raises(Overtaken):
        files.check()
    connection.close()
    writer.close()


@pytest.mark.req("C8")
def test_an_append_meanwhile_is_no_reason_to_read_again(tmp_path: Path) -> None:
    settings = settings_at(tmp_path)
    writer = filled(settings, batches=2)
    connection = open_lake(settings)
    reading = Reading(connection, lambda: writer.append({"spans": spans(5, 900)}, "otlp", 3))
    steadily(connection, reading)
    assert reading.reads == 1
    connection.close()
    writer.close()


@pytest.mark.req("C8")
def test_whoever_was_overtaken_once_is_waited_for(tmp_path: Path) -> None:
    settings = settings_at(tmp_path)
    numbers = [10]
    writer = filled(settings, batches=10)
    connection = open_lake(settings)
    merged = list[int]()
    reading = Reading(connection, lambda: merged.append(grown_and_merged(writer, numbers)), times=9)
    steadily(connection, reading)
    assert reading.reads == 2
    assert merged[0] and not merged[1], "the second read lets no merge begin"
    assert grown_and_merged(writer, numbers), "once it has its answer, merges go on"
    connection.close()
    writer.close()


@pytest.mark.req("C8")
def test_who_reads_waits_for_the_merge_under_way(tmp_path: Path) -> None:
    settings = settings_at(tmp_path)
    writer = filled(settings, batches=2)
    writer.maintain(timedelta(0), timedelta(0))
    reader, other = open_lake(settings), open_lake(settings)
    read = list[str]()

    def reading() -> None:
        with undisturbed(reader):
            read.append("read")

    thread = threading.Thread(target=reading)
    with merging(other) as alone:
        assert alone
        thread.start()
        thread.join(0.2)
        read.append("merged")
    thread.join(10)
    assert read == ["merged", "read"]
    reader.close()
    other.close()
    writer.close()


@pytest.mark.req("C8")
def test_merges_that_wait_for_nobody_end_the_read_with_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(steady, "ATTEMPTS", 3)
    monkeypatch.setattr(maintenance, "merging", lambda connection: nullcontext(True))
    settings = settings_at(tmp_path)
    numbers = [10]
    writer = filled(settings, batches=10)
    connection = open_lake(settings)
    reading = Reading(connection, lambda: grown_and_merged(writer, numbers), times=3)
    with pytest.raises(Overtaken, match="read again"):
        steadily(connection, reading)
    assert reading.reads == 3
    connection.close()
    writer.close()


def test_a_file_that_is_gone_without_a_merge_is_an_error(tmp_path: Path) -> None:
    settings = settings_at(tmp_path)
    filled(settings, batches=2).close()
    next((tmp_path / "lake" / "data" / "main" / "spans").rglob("*.parquet")).unlink()
    connection = open_lake(settings)
    with pytest.raises(duckdb.IOException, match="No such file"):
        steady_table(connection, "SELECT * FROM lake.main.spans")
    connection.close()


def test_without_a_lake_there_is_nothing_to_overtake(tmp_path: Path) -> None:
    connection = open_engine(settings_at(tmp_path), memory_mib=64, threads=1)
    assert steady_table(connection, "SELECT $1 AS n", [1]).to_pylist() == [{"n": 1}]
    connection.close()
