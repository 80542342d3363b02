"""Append's promise: all or nothing, once for each (writer, number), in one sequence of batches and one chain per
writer.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path

import pyarrow as pa
import pytest

from models.domain.errors import Misconfigured
from models.lake import merkle
from models.lake.canonical import FIRST, canonical_bytes, seals_from
from models.lake.connection import open_lake
from models.lake.data_files import DataFolder
from models.lake.exclusive import FileLock
from models.lake.manifest import Manifest
from models.lake.schema import TABLES
from models.lake.verify import verify
from models.lake.writer import open_writer
from models.settings import Settings
from tests.unit.lake.samples import START, HandClock, records, settings_at, spans


def rows(settings: Settings, sql: str) -> list[dict]:
    connection = open_lake(settings)
    try:
        return connection.execute(sql).to_arrow_table().to_pylist()
    finally:
        connection.close()


@pytest.mark.req("C5")
def test_rows_of_all_tables_and_their_seals_are_one_batch(tmp_path: Path) -> None:
    settings = settings_at(tmp_path)
    writer = open_writer(settings, HandClock())
    assert writer.last_number("otlp") == 0
    receipt = writer.append({"spans": spans(5), "records": records(3), "logs": pa.table({})}, "otlp", 1)
    assert (receipt.batch_id, receipt.stored, receipt.already_stored, set(receipt.roots)) == (
        1,
        8,
        0,
        {"spans", "records"},
    )
    second = writer.append({"records": records(1)}, "feed", 41)
    assert (second.batch_id, writer.last_number("otlp"), writer.last_number("feed")) == (2, 1, 41)
    writer.close()
    seals = seals_from(rows(settings, "SELECT * FROM lake.main.seals ORDER BY batch_id, table_name"))
    assert [(one.batch_id, one.table_name, one.rows, one.writer, one.number) for one in seals] == [
        (1, "records", 3, "otlp", 1),
        (1, "spans", 5, "otlp", 1),
        (2, "records", 1, "feed", 41),
    ]
    assert [one.previous for one in seals] == [FIRST, seals[0].digest.hex(), FIRST]


@pytest.mark.finding("C10e")
def test_an_append_looks_for_its_files_where_its_days_lie(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """0.1.0 walked all folders of the tables at each commit. Wanted: those of the days alone, and nothing missed."""
    settings = settings_at(tmp_path)
    writer = open_writer(settings, HandClock())

    def walked(folder: DataFolder, tables: Iterable[str]) -> set[str]:
        raise AssertionError(f"all folders of {tables} were walked")

    two_days = pa.concat_tables([spans(5), spans(5, 5, START + timedelta(days=1))])
    with monkeypatch.context() as patch:
        patch.setattr(DataFolder, "files", walked)
        writer.append({"spans": two_days, "records": records(2)}, "otlp", 1)
        writer.append({"spans": spans(5, 10)}, "otlp", 2)
        writer.checkpoint()
    files = {path.relative_to(tmp_path / "lake" / "data") for path in (tmp_path / "lake" / "data").rglob("*.parquet")}
    assert len(files) == 7, "two days of spans, a day of records, seals; spans, seals; a checkpoint"
    assert {entry.path for entry in Manifest(settings).entries().values()} == {str(path) for path in files}
    writer.close()


def test_a_lake_of_another_partitioning_has_its_files_found_too(tmp_path: Path) -> None:
    settings = settings_at(tmp_path)
    open_writer(settings, HandClock()).close()
    connection = open_lake(settings, write=True)
    connection.execute("ALTER TABLE lake.main.spans RESET PARTITIONED BY")
    connection.close()
    writer = open_writer(settings, HandClock())
    writer.append({"spans": spans(5)}, "otlp", 1)
    writer.close()
    assert verify(settings).breaches == []
    assert any(path.startswith("main/spans/ducklake-") for path in Manifest(settings).entries())


def test_a_root_is_the_tree_over_the_rows_canonical_bytes(tmp_path: Path) -> None:
    settings = settings_at(tmp_path)
    writer = open_writer(settings, HandClock())
    receipt = writer.append({"spans": spans(13), "records": records(6)}, "otlp", 1)
    writer.close()
    for table in ("spans", "records"):
        stored = rows(settings, f"SELECT * FROM lake.main.{table} ORDER BY n")
        leaves = [merkle.leaf(canonical_bytes(table, TABLES[table], row)) for row in stored]
        assert merkle.root(leaves).hex() == receipt.roots[table]


@pytest.mark.req("C6")
def test_the_same_number_again_stores_nothing(tmp_path: Path) -> None:
    settings = settings_at(tmp_path)
    writer = open_writer(settings, HandClock())
    first = writer.append({"spans": spans(5)}, "otlp", 7)
    again = writer.append({"spans": spans(5)}, "otlp", 7)
    assert (again.batch_id, again.stored, again.already_stored, again.roots) == (1, 0, 5, first.roots)
    writer.close()
    reopened = open_writer(settings, HandClock())
    assert reopened.last_number("otlp") == 7
    assert reopened.append({"spans": spans(5)}, "otlp", 7).repeated
    assert not reopened.append({"spans": spans(5)}, "otlp", 6).repeated, (
        "a number that never landed is stored, whatever its order"
    )
    assert reopened.append({"spans": spans(5)}, "feed", 7).stored == 5, "numbers belong to their writer"
    reopened.close()
    assert rows(settings, "SELECT count(*) AS n FROM lake.main.spans") == [{"n": 15}]


def test_chain_and_tree_go_on_after_a_restart(tmp_path: Path) -> None:
    settings = settings_at(tmp_path)
    for number in range(1, 6):
        writer = open_writer(settings, HandClock())
        writer.append({"spans": spans(3), "records": records(2)}, "otlp", number)
        if number % 2:
            writer.checkpoint()
        writer.close()
    report = verify(settings)
    assert (report.breaches, report.batches, report.rows, report.checkpoints) == ([], 5, 25, 3)


def test_a_column_that_would_be_lost_is_refused_and_nothing_is_stored(tmp_path: Path) -> None:
    settings = settings_at(tmp_path)
    writer = open_writer(settings, HandClock())
    with pytest.raises(ValueError, match="colour"):
        writer.append({"records": records(1), "spans": pa.table({"colour": ["red"]})}, "otlp", 1)
    assert writer.append({"records": records(1)}, "otlp", 1).batch_id == 1
    writer.close()
    assert verify(settings).breaches == []


def test_columns_in_any_order_and_fewer_of_them_are_the_same_rows(tmp_path: Path) -> None:
    settings = settings_at(tmp_path)
    writer = open_writer(settings, HandClock())
    writer.append({"spans": pa.table({"span_id": ["b"], "trace_id": ["a"]})}, "otlp", 1)
    writer.close()
    stored = rows(settings, "SELECT trace_id, span_id, name FROM lake.main.spans")
    assert stored == [{"trace_id": "a", "span_id": "b", "name": None}]


@pytest.mark.req("C8")
def test_a_second_writer_of_a_sqlite_catalogue_is_told_who_has_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = settings_at(tmp_path)
    writer = open_writer(settings, HandClock())
    with pytest.raises(Misconfigured, match=r"already writes this lake.*PostgreSQL"):
        FileLock(tmp_path / "lake" / "catalog.lock", patience_seconds=0.0)
    writer.close()
    FileLock(tmp_path / "lake" / "catalog.lock", patience_seconds=0.0).close()


def test_a_column_added_later_leaves_old_seals_valid(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = settings_at(tmp_path)
    writer = open_writer(settings, HandClock())
    writer.append({"spans": spans(4)}, "otlp", 1)
    writer.close()
    monkeypatch.setitem(TABLES, "spans", TABLES["spans"].append(pa.field("region", pa.string())))
    writer = open_writer(settings, HandClock())
    writer.append({"spans": pa.table({"span_id": list("abcd"), "region": ["eu"] * 4})}, "otlp", 2)
    writer.close()
    assert verify(settings).breaches == []
    assert rows(settings, "SELECT count(region) AS n FROM lake.main.spans") == [{"n": 4}]
