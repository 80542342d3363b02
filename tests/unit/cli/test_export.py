"""`tieout export`: for the home's owner, who says why; kept in the audit lake; `tieout verify FOLDER` proves it."""

from __future__ import annotations

import json
import zlib
from contextlib import closing
from pathlib import Path

import pytest
import sqlalchemy as sa

from app.readings.clear import NotCleared
from app.readings.stores import Stores
from app.readings.viewer import Viewer
from app.readings.whole_lake import handed_out
from models.domain.errors import Misconfigured
from models.journal import open_journal
from tests.commands import tieout
from tests.unit.lake.samples import HandClock, filled, settings_at

OWNER = Viewer("Ada", frozenset({"finance", "administrator"}))


@pytest.fixture
def home(tmp_path: Path) -> Path:
    settings = settings_at(tmp_path / "home")
    filled(settings, batches=2, rows=3).close()
    open_journal(settings.journal_address, HandClock()).close()
    return tmp_path / "home"


def kept(home: Path) -> list[str]:
    engine = sa.create_engine(f"sqlite:///{home / 'journal.sqlite'}")
    with engine.connect() as connection:
        rows = connection.exec_driver_sql("SELECT records FROM feed").scalars().all()
    engine.dispose()
    return [json.dumps(record) for row in rows for record in json.loads(zlib.decompress(row))]


def test_it_is_written_kept_and_proven(home: Path, tmp_path: Path) -> None:
    folder = tmp_path / "export"
    done = tieout(home, "export", str(folder), "--reason", "the auditors of 2026 ask")
    assert done.returncode == 0 and "whole: " in done.stdout, done.stdout + done.stderr
    (record,) = [one for one in kept(home) if "lake_export_began" in one]
    assert "the auditors of 2026 ask" in record and str(folder) in record
    assert tieout(tmp_path / "no home", "verify", str(folder)).returncode == 0
    min((folder / "spans").iterdir()).unlink()
    assert tieout(tmp_path / "no home", "verify", str(folder)).returncode == 1
    (folder / "SHA256SUMS").unlink()
    assert tieout(tmp_path / "no home", "verify", str(folder)).returncode == 2


@pytest.mark.parametrize(
    "viewer",
    [
        Viewer("Ada", frozenset({"auditor"})),
        Viewer("Ada", frozenset({"administrator"})),
        Viewer("Ada", frozenset({"finance", "administrator"}), ("DE01",)),
    ],
    ids=["an auditor", "an administrator", "limited to one company"],
)
def test_who_may_not_see_all_of_it_gets_none(home: Path, viewer: Viewer, tmp_path: Path) -> None:
    with closing(Stores(settings_at(home))) as stores:
        with pytest.raises(NotCleared):
            handed_out(stores, viewer, tmp_path / "export", "why")
        with pytest.raises(Misconfigured, match="--reason"):
            handed_out(stores, OWNER, tmp_path / "export", " ")
    assert not kept(home)


def test_another_account_is_not_the_owner(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.geteuid", lambda: home.stat().st_uid + 1)
    with closing(Stores(settings_at(home))) as stores, pytest.raises(NotCleared, match="another account"):
        handed_out(stores, OWNER, tmp_path / "export", "why")
