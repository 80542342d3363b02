"""Orphans leave by our own manifest, few at a time, for a folder where they stay; a living file never does (A14)."""

from __future__ import annotations

import os
import shutil
import time
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from models.lake import orphans as module
from models.lake.orphans import orphans_of
from models.lake.verify import verify
from models.lake.writer import open_writer
from tests.commands import tieout
from tests.unit.lake.samples import HandClock, filled, settings_at

DAY = 86_400


@pytest.fixture
def home(tmp_path: Path) -> Path:
    filled(settings_at(tmp_path / "home"), batches=4, rows=3).close()
    return tmp_path / "home"


def stray(home: Path, number: int = 0, age: float = 2 * DAY) -> Path:
    """A file as an append leaves it that was killed before its commit."""
    first = min((home / "lake" / "data" / "main" / "spans").rglob("*.parquet"))
    file = first.with_name(f"ducklake-stray-{number}.parquet")
    shutil.copyfile(first, file)
    os.utime(file, (time.time() - age, time.time() - age))
    return file


def test_a_dry_run_names_it_and_moves_nothing(home: Path) -> None:
    file = stray(home)
    found = orphans_of(settings_at(home))
    assert [path.rsplit("/", 1)[1] for path in found.paths] == [file.name] and found.refused is None
    assert file.exists()


def test_an_orphan_leaves_for_the_quarantine_and_the_lake_stays_whole(home: Path) -> None:
    file, young = stray(home), stray(home, 1, age=DAY / 2)
    assert len(orphans_of(settings_at(home), move=True).paths) == 1
    assert not file.exists() and young.exists(), "a young file may be another writer's, not yet committed"
    (kept,) = (home / "lake" / "data" / "orphans").rglob("*.parquet")
    assert kept.name == file.name
    assert verify(settings_at(home)).sound


def test_maintenance_moves_them_and_drops_those_of_last_month(home: Path) -> None:
    stray(home)
    with closing(open_writer(settings_at(home), HandClock())) as writer:
        writer.maintain()
        (kept,) = (home / "lake" / "data" / "orphans").rglob("*.parquet")
        os.utime(kept, (0, 0))
        writer.maintain()
    assert not kept.exists()
    assert verify(settings_at(home)).sound


def test_more_than_one_in_a_hundred_is_refused(home: Path) -> None:
    strays = [stray(home, number) for number in range(module.FEW + 1)]
    found = orphans_of(settings_at(home), move=True)
    assert "more than one in a hundred" in (found.refused or "")
    with closing(open_writer(settings_at(home), HandClock())) as writer:
        writer.maintain()
    assert all(file.exists() for file in strays)


def test_more_than_one_byte_in_a_hundred_is_refused(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "FEW", 0)
    monkeypatch.setattr(module, "SHARE", 0.1)
    large, files = stray(home), list((home / "lake" / "data" / "main").rglob("*.parquet"))
    assert 0.1 * len(files) > 1, "by their number they would leave"
    large.write_bytes(large.read_bytes() * len(files))
    os.utime(large, (time.time() - 2 * DAY,) * 2)
    assert "bytes would leave" in (orphans_of(settings_at(home), move=True).refused or "")
    assert large.exists()


@pytest.mark.finding("A14a")
def test_where_the_catalogues_paths_are_not_the_folders_nothing_is_an_orphan(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """ducklake#1105: paths told in another way make every living file an orphan."""
    monkeypatch.setattr(module, "ORPHANS_AFTER", timedelta(0))
    monkeypatch.setattr(module, "FEW", 10_000)
    told = module.listed_files
    monkeypatch.setattr(module, "listed_files", lambda connection: {f"/{path}" for path in told(connection)})
    found = orphans_of(settings_at(home), move=True)
    assert found.paths and "not where it says" in (found.refused or "")
    monkeypatch.undo()
    assert verify(settings_at(home)).sound


def test_a_missing_file_keeps_its_entry_so_that_verify_names_its_batches(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("models.lake.maintenance.ORPHANS_AFTER", timedelta(0))
    gone = max((home / "lake" / "data" / "main" / "spans").rglob("*.parquet"))
    gone.unlink()
    with closing(open_writer(settings_at(home), HandClock())) as writer:
        writer.maintain()
    (missing,) = [one for one in verify(settings_at(home)).breaches if one.what.endswith("is missing")]
    assert missing.batch_id is not None


def test_the_command_lists_and_refuses_beside_a_running_writer(home: Path) -> None:
    stray(home)
    with closing(open_writer(settings_at(home), HandClock())):
        beside = tieout(home, "orphans", "--move")
    assert beside.returncode == 2 and "already writes this lake" in beside.stderr
    assert "1 of" in tieout(home, "orphans").stdout
