"""Evidence wins: over a hand in the journal, over a lake that was emptied, over a name that was mistyped."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import sqlalchemy as sa

from app.cli.output import Format
from app.cli.verify import verify as prove
from models.domain.errors import Misconfigured, TieoutError
from models.journal.cases.cases import Cases
from models.journal.cases.tables import case_
from models.lake.verify import verify
from tests.commands import tieout
from tests.unit.cases.conftest import cases, clock, engine, feed  # noqa: F401
from tests.unit.cases.test_cases import CASE, RATES, entry
from tests.unit.lake.samples import filled, settings_at


@pytest.mark.finding("A5a")
def test_a_case_closed_by_hand_opens_with_the_next_report(cases: Cases, engine: sa.Engine) -> None:  # noqa: F811
    """In 0.1.0 a case with 217 open findings, closed by an UPDATE, stayed closed.
    Wanted: what detectors find opens it again.
    """
    cases.report("orphaned_project", [entry(1), entry(2)], RATES)
    with engine.begin() as connection:
        connection.execute(sa.update(case_).values(status="resolved", active=0))
    cases.report("orphaned_project", [entry(1), entry(2)], RATES)
    case = cases.get(CASE)
    assert case is not None and case["status"] == "open"


@pytest.mark.finding("A8c")
def test_a_lake_deleted_with_its_keys_is_not_whole(tmp_path: Path) -> None:
    """0.1.0 says "whole: 0 rows" where lake, witness and keys were deleted.
    Wanted: a breach, or an error that says there is no lake.
    """
    settings = settings_at(tmp_path / "home")
    filled(settings, batches=4, rows=3).close()
    for path in settings.home.iterdir():
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    (settings.home / "journal.sqlite").touch()
    try:
        report = verify(settings)
    except TieoutError:
        return
    assert report.breaches, f"whole: {report.rows} rows"


@pytest.mark.finding("A15")
def test_rebuild_makes_no_installation(tmp_path: Path) -> None:
    """With a mistyped TIEOUT_HOME 0.1.0 makes a lake and says done. Wanted: status 2 and nothing made."""
    done = tieout(tmp_path / "mistyped", "rebuild")
    assert done.returncode == 2 and not (tmp_path / "mistyped").exists(), done.stdout


@pytest.mark.finding("A14b")
def test_an_address_of_the_lake_that_cannot_work_is_refused(tmp_path: Path) -> None:
    """With TIEOUT_LAKE_DATA=file:///… every append of 0.1.0 fails as if it could be repeated.
    Wanted: it works, or is refused as misconfigured.
    """
    settings = settings_at(tmp_path / "home", lake_data=f"file://{tmp_path}/data")
    try:
        filled(settings, batches=1, rows=3).close()
    except Misconfigured:
        return
    except TieoutError as error:
        raise AssertionError(f"{type(error).__name__}: {error}") from error


@pytest.mark.finding("A8d")
def test_whole_says_that_no_witness_out_of_reach_was_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """With a forged key, or tail and witness cut together, 0.1.0 says "whole" and no more.

    Wanted: beside the verdict a word that the witness lies in reach of whoever changed the lake.
    """
    filled(settings_at(tmp_path / "home"), batches=4, rows=3).close()
    monkeypatch.setenv("TIEOUT_HOME", str(tmp_path / "home"))
    assert prove(None, None, Format.table) == 0
    assert "witness" in capsys.readouterr().out


@pytest.mark.finding("A8e")
def test_one_edited_file_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """One edited file made 65 lines in 0.1.0, one for each of its batches. Wanted: a line for the file, few more."""
    writer = filled(settings_at(tmp_path / "home"), batches=24, rows=3)
    writer.maintain()
    writer.close()
    largest = max((tmp_path / "home").rglob("*.parquet"), key=lambda file: file.stat().st_size)
    held = bytearray(largest.read_bytes())
    held[len(held) // 2] ^= 0xFF
    largest.chmod(0o644)
    largest.write_bytes(held)
    monkeypatch.setenv("TIEOUT_HOME", str(tmp_path / "home"))
    assert prove(None, None, Format.table) == 1
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) <= 5, lines[:10]
