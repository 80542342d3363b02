"""Maintenance: fewer files, the same rows and proofs, and nothing removed that a reader may still need."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from models.lake import maintenance
from models.lake.connection import open_lake
from models.lake.manifest import Manifest
from models.lake.proof import prove
from models.lake.reader import open_reader
from models.lake.verify import verify
from tests.unit.lake.samples import filled, settings_at, spans


def files(home: Path) -> set[Path]:
    return set((home / "lake" / "data").rglob("*.parquet"))


@pytest.mark.req("C5")
def test_merging_keeps_rows_seals_and_proofs(tmp_path: Path) -> None:
    settings = settings_at(tmp_path)
    writer = filled(settings, batches=20)
    proof = prove(settings, "spans", 7, 11)
    before = len(files(tmp_path))
    done = writer.maintain()
    assert done.merged > done.made > 0
    cached = "SELECT memory_usage_bytes FROM duckdb_memory() WHERE tag = 'EXTERNAL_FILE_CACHE'"
    assert writer._connection.execute(cached).fetchone() == (0,), "120 KB of each merged file stayed in memory"
    report = verify(settings)
    assert (report.breaches, report.batches, report.rows) == ([], 20, 20 * 57)
    assert report.files < before / 5
    assert prove(settings, "spans", 7, 11) == proof
    writer.append({"spans": spans(5)}, "otlp", 21)
    writer.close()
    assert verify(settings).breaches == []


def test_merged_files_stay_for_the_grace_and_go_after_it(tmp_path: Path) -> None:
    settings = settings_at(tmp_path)
    writer = filled(settings, batches=20)
    before = files(tmp_path)
    assert writer.maintain(timedelta(hours=1), timedelta(minutes=10)).removed == 0
    assert before <= files(tmp_path), "the same day is not yet the grace"
    writer.maintain(timedelta(0), timedelta(0))
    writer.close()
    assert before - files(tmp_path)
    assert len(files(tmp_path)) < len(before) / 5


def test_snapshots_younger_than_asked_are_kept(tmp_path: Path) -> None:
    settings = settings_at(tmp_path)
    writer = filled(settings, batches=6)
    writer.maintain(keep=timedelta(hours=1))
    connection = open_lake(settings)
    (kept,) = connection.execute("SELECT count(*) FROM ducklake_snapshots('lake')").fetchone() or (0,)
    connection.close()
    assert kept > 6
    writer.maintain(keep=timedelta(0))
    connection = open_lake(settings)
    assert connection.execute("SELECT count(*) FROM ducklake_snapshots('lake')").fetchone() == (1,)
    connection.close()
    writer.close()


def test_the_manifest_names_the_batches_of_merged_files(tmp_path: Path) -> None:
    settings = settings_at(tmp_path)
    writer = filled(settings, batches=20)
    writer.maintain(timedelta(0), timedelta(0))
    writer.close()
    manifest = Manifest(settings)
    present = {str(file.relative_to(tmp_path / "lake" / "data")) for file in files(tmp_path)}
    spans_ = [entry for path, entry in manifest.entries().items() if path in present and entry.table_name == "spans"]
    manifest.close()
    assert [(entry.first_batch, entry.last_batch) for entry in spans_] == [(1, 20)]


@pytest.mark.req("C8")
def test_a_reader_sees_every_row_through_merge_and_clean_up(tmp_path: Path) -> None:
    settings = settings_at(tmp_path)
    writer = filled(settings, batches=20)
    reader = open_reader(settings)
    counted = "SELECT count(*) AS n, count(DISTINCT span_id) AS ids FROM spans"
    assert reader.rows(counted) == [{"n": 1000, "ids": 1000}]
    writer.maintain(timedelta(0), timedelta(0))
    assert reader.rows(counted) == [{"n": 1000, "ids": 1000}]
    reader.close()
    writer.close()


def test_many_small_files_are_merged_in_steps(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One merge of ten thousand files took 500 MiB; a step takes what makes one file of the next tier, however many
    wait.
    """
    settings = settings_at(tmp_path)
    writer = filled(settings, batches=24)
    spans_size = max(file.stat().st_size for file in (tmp_path / "lake" / "data" / "main" / "spans").rglob("*.parquet"))
    monkeypatch.setattr(maintenance, "TIERS", ((0, 8 * spans_size, 8),))
    steps: list[int] = []
    merged = maintenance._merged

    def told(*given: Any) -> tuple[int, int]:
        steps.append((done := merged(*given))[0])
        return done

    monkeypatch.setattr(maintenance, "_merged", told)
    done = writer.maintain()
    writer.close()
    assert steps[0] + steps[1] > 16 and max(steps[:4]) < 20, f"24 files of a table are not taken at once: {steps}"
    assert sum(steps) == done.merged and verify(settings).sound


def test_an_append_after_a_merge_makes_files_of_the_usual_size(tmp_path: Path) -> None:
    settings = settings_at(tmp_path)
    writer = filled(settings, batches=12)
    assert writer.maintain().merged
    told = "SELECT value FROM ducklake_options('lake') WHERE option_name = 'target_file_size'"
    assert set(writer._connection.execute(told).fetchall()) == {(str(256 << 20),)}
    writer.close()
