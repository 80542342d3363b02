"""An export is the whole lake in plain Parquet, and is proven with nothing but itself (O6, N2)."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from models.domain.clock import SystemClock
from models.domain.errors import Misconfigured
from models.lake import export as module
from models.lake.connection import open_lake
from models.lake.export import SUMS, export
from models.lake.lake_tables import ALL
from models.lake.verify_export import verify_export
from models.lake.writer import open_writer
from tests.unit.lake.samples import filled, settings_at, spans


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An export in several files a table, beside the home it is of."""
    place = tmp_path_factory.mktemp("export")
    filled(settings_at(place / "home"), batches=8, rows=20).close()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "ROWS_AT_ONCE", 50)
        export(settings_at(place / "home"), place / "export", SystemClock())
    return place


@pytest.fixture
def copy(made: Path, tmp_path: Path) -> Path:
    shutil.copytree(made / "export", tmp_path / "export")
    return tmp_path / "export"


def read(folder: Path, table: str) -> pa.Table:
    files = sorted((folder / table).glob("*.parquet"))
    return pa.concat_tables([pq.read_table(file) for file in files])


def test_it_holds_every_row_of_the_lake_in_its_order(made: Path) -> None:
    connection = open_lake(settings_at(made / "home"))
    for table in ("spans", "records", "seals", "checkpoints"):
        order = {"seals": "batch_id, table_name", "checkpoints": "size"}.get(table, "batch_id, n")
        told = connection.execute(f"SELECT * FROM lake.main.{table} ORDER BY {order}").to_arrow_table().to_pylist()
        assert read(made / "export", table).to_pylist() == told and told
    assert len(list((made / "export" / "spans").iterdir())) > 2
    connection.close()


def test_whole_is_whole_without_a_home(made: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("models.lake.extensions._in_wheel", lambda name: pytest.fail(f"{name} was asked for"))
    report = verify_export(made / "export")
    assert report.sound and (report.batches, report.rows, report.checkpoints) == (8, 8 * 27, 2)
    assert "own word" in report.witness
    known = verify_export(made / "export", made / "home" / "witness" / "checkpoints.txt")
    assert known.sound and "2 of 2 checkpoints" in known.witness


def test_any_tool_checks_its_sums_and_it_is_its_owners_alone(made: Path) -> None:
    subprocess.run(["sha256sum", "--strict", "--quiet", "-c", SUMS], cwd=made / "export", check=True)
    kept = [path for path in (made / "export").rglob("*")]
    assert not [path for path in kept if path.stat().st_mode & 0o077]
    text = (made / "export" / "README.md").read_text()
    assert "216 sealed rows in batches 1 to 8" in text and all(f"`{table}/`" in text for table in ALL)


def rewritten(file: Path, change: Callable[[pa.Table], pa.Table]) -> None:
    """The file with other rows, and a sum that says so, as somebody would who wants it unseen."""
    pq.write_table(change(pq.read_table(file)), file)
    listed = file.parent.parent / SUMS
    path = str(file.relative_to(file.parent.parent))
    lines = [line for line in listed.read_text().splitlines() if not line.endswith(f"  {path}")]
    listed.write_text("\n".join([*lines, f"{sha256(file.read_bytes()).hexdigest()}  {path}", ""]))


def renamed(rows: pa.Table) -> pa.Table:
    return rows.set_column(rows.schema.get_field_index("name"), "name", pa.array(["other"] * len(rows)))


def first(folder: Path, table: str) -> Path:
    return min((folder / table).iterdir())


def removed(folder: Path, table: str) -> None:
    file = first(folder, table)
    lines = (folder / SUMS).read_text().splitlines()
    (folder / SUMS).write_text("\n".join([line for line in lines if file.name not in line or table not in line]) + "\n")
    file.unlink()


ALTERED: dict[str, tuple[Callable[[Path], object], str]] = {
    "a row": (lambda folder: rewritten(first(folder, "spans"), renamed), "not the ones that were sealed"),
    "a row less": (lambda folder: rewritten(first(folder, "spans"), lambda t: t.slice(1)), "rows"),
    "a seal less": (lambda folder: rewritten(first(folder, "seals"), lambda t: t.slice(0, 14)), "gone"),
    "a file": (lambda folder: removed(folder, "spans"), "rows are gone"),
    "a byte": (lambda folder: os.truncate(first(folder, "records"), 100), "cannot be read"),
    "a missing file": (lambda folder: first(folder, "records").unlink(), "is missing"),
    "a file more": (lambda folder: shutil.copy(first(folder, "spans"), folder / "spans" / "x.parquet"), "not of this"),
    "the text": (lambda folder: (folder / "README.md").write_text("trust me"), "was changed"),
    "the key": (lambda folder: (folder / "audit.pub").write_text("trust me"), "was changed"),
}


@pytest.mark.parametrize("what", ALTERED)
def test_what_is_altered_is_named(what: str, copy: Path) -> None:
    change, named = ALTERED[what]
    change(copy)
    report = verify_export(copy)
    assert not report.sound and named in " ".join(one.what for one in report.things())


def test_an_export_made_up_whole_fails_by_the_witness(made: Path, tmp_path: Path) -> None:
    filled(settings_at(tmp_path / "other"), batches=8, rows=20).close()
    export(settings_at(tmp_path / "other"), tmp_path / "forged", SystemClock())
    assert verify_export(tmp_path / "forged").sound, "alone it holds, and says whose word that is"
    assert not verify_export(tmp_path / "forged", made / "home" / "witness" / "checkpoints.txt").sound


def test_checkpoints_signed_since_are_not_missed(tmp_path: Path) -> None:
    settings = settings_at(tmp_path / "home")
    writer = open_writer(settings, SystemClock())
    writer.append({"spans": spans(5)}, "otlp", 1)
    writer.checkpoint()
    stated = export(settings, tmp_path / "export", SystemClock())
    writer.append({"spans": spans(5, 5)}, "otlp", 2)
    writer.checkpoint()
    writer.close()
    report = verify_export(tmp_path / "export", tmp_path / "home" / "witness" / "checkpoints.txt")
    assert report.sound and "1 of 2 checkpoints" in report.witness and stated.last_batch == 1


def test_where_nothing_can_be_told_it_says_so(copy: Path, tmp_path: Path) -> None:
    (copy / SUMS).unlink()
    with pytest.raises(Misconfigured, match="no finished export"):
        verify_export(copy)
    with pytest.raises(Misconfigured, match="nothing to export"):
        export(settings_at(tmp_path / "nothing"), tmp_path / "other", SystemClock())
    with pytest.raises(Misconfigured, match="not empty"):
        export(settings_at(tmp_path / "nothing"), copy, SystemClock())


def test_what_it_says_of_itself_is_data(made: Path) -> None:
    said = json.loads((made / "export" / "export.json").read_text())
    assert (said["last_batch"], said["rows"]) == (8, 216)
