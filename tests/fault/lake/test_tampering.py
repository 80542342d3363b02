"""C5: whatever is altered, removed, reordered, added or hidden, verification names it; and it never cries wolf."""

from __future__ import annotations

import shutil
from datetime import timedelta
from pathlib import Path

import pytest

from models.domain.errors import Misconfigured
from models.lake.data_files import DataFolder
from models.lake.manifest import Manifest
from models.lake.verify import verify
from tests.fault.lake.attacks import ATTACKS, LAST, files, flip, unguarded
from tests.unit.lake.samples import filled, settings_at


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("base") / "home"
    filled(settings_at(home), batches=LAST).close()
    return home


@pytest.mark.req("C5")
@pytest.mark.parametrize("name", ATTACKS)
def test_each_attack_is_named(base: Path, tmp_path: Path, name: str) -> None:
    home, attack = tmp_path / "copy", ATTACKS[name]
    shutil.copytree(base, home)
    attack.do(home)
    breaches = verify(settings_at(home)).breaches
    for batch, table in attack.names:
        hits = [one for one in breaches if one.table == table and batch in (None, one.batch_id)]
        assert hits, f"no breach of {table} names batch {batch}: {breaches}"
    assert attack.says in " ".join(one.what for one in breaches)


@pytest.mark.req("C5")
def test_the_untouched_copy_is_sound_where_it_lies(base: Path, tmp_path: Path) -> None:
    """A copied home is verified by its own files: the copy, not the place it came from."""
    home = tmp_path / "elsewhere"
    shutil.copytree(base, home)
    report = verify(settings_at(home))
    assert (report.breaches, report.batches, report.rows, report.checkpoints) == ([], LAST, LAST * 57, 3)
    flip(files(home, "spans")[0], 70)
    assert not verify(settings_at(home)).sound
    assert verify(settings_at(base)).sound


@pytest.mark.req("C5")
def test_any_byte_of_a_small_merged_lake_counts(tmp_path: Path) -> None:
    """After a merge too: every 97th byte of a merged file, flipped alone, is noticed and named with its batches."""
    settings = settings_at(tmp_path)
    writer = filled(settings, batches=9)
    writer.maintain(timedelta(0), timedelta(0))
    writer.close()
    (merged,) = files(tmp_path, "records")
    manifest = Manifest(settings)
    entry = next(entry for entry in manifest.entries().values() if entry.path.endswith(merged.name))
    manifest.close()
    connectionless = DataFolder(settings, None)  # type: ignore[arg-type]
    for at in range(0, merged.stat().st_size, 97):
        flip(merged, at)
        assert connectionless.digest(entry.path)[0] != entry.sha256
        flip(merged, at)
    flip(merged, merged.stat().st_size // 3)
    breaches = verify(settings).breaches
    assert any(one.table == "records" and one.batch_id == 1 and "batches 1 to 9" in one.what for one in breaches)


@pytest.mark.req("C5")
def test_an_edit_inside_a_merged_file_names_the_very_batch(tmp_path: Path) -> None:
    settings = settings_at(tmp_path)
    writer = filled(settings, batches=9)
    writer.maintain(timedelta(0), timedelta(0))
    writer.close()
    unguarded("UPDATE lake.main.records SET currency = 'USD' WHERE batch_id = 5 AND n = 2")(tmp_path)
    altered = [one for one in verify(settings).breaches if "altered" in one.what]
    assert [(one.batch_id, one.table) for one in altered] == [(5, "records")]


def test_a_witness_kept_elsewhere_sees_a_truncation_the_home_forgot(base: Path, tmp_path: Path) -> None:
    home = tmp_path / "copy"
    shutil.copytree(base, home)
    kept = tmp_path / "kept.txt"
    shutil.move(home / "witness" / "checkpoints.txt", kept)
    ATTACKS["the last batch dropped with its seals"].do(home)
    assert any(one.batch_id == LAST and "gone" in one.what for one in verify(settings_at(home), kept).breaches)


def test_a_witness_that_is_not_there_is_no_silent_yes(base: Path, tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match="keeps no checkpoint"):
        verify(settings_at(base), tmp_path / "mistyped.txt")
