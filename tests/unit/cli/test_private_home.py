"""A home is its owner's alone, however it was made and by whatever release (G1)."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from app.cli.installation import running
from models.lake.witness import notes, push
from models.private_home import loose, made_private, mended_home

pytestmark = pytest.mark.req("G1")
NOTE = "log\n1\nroot\n\n— log sig\n"


@pytest.fixture(autouse=True)
def _umask_of_the_machine() -> object:
    before = os.umask(0o022)
    yield before
    os.umask(before)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_home_and_what_comes_into_it_are_the_owners(tmp_path: Path) -> None:
    home = tmp_path / "var"
    with running(home):
        (home / "run").mkdir(parents=True)
        (home / "run" / "engine.pid").write_text("1\n")
    assert [mode(one) for one in (home, home / "run", home / "run" / "engine.pid")] == [0o700, 0o700, 0o600]


def test_a_loose_home_is_mended_and_said(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """As releases before left it; a link leads elsewhere and is nobody's to change."""
    home, elsewhere = tmp_path / "var", tmp_path / "letter.txt"
    (home / "lake").mkdir(parents=True)
    (home / "journal.sqlite").touch(0o644)
    elsewhere.touch(0o644)
    (home / "link").symlink_to(elsewhere)
    assert len(list(loose(home))) == 3
    made_private(home)
    assert list(loose(home)) == [] and mode(elsewhere) == 0o644
    assert [(r.action, r.ids["places"]) for r in caplog.records] == [("home.mended", 3)]  # type: ignore[attr-defined]
    assert mended_home(home) == 0 and len(caplog.records) == 1


def test_a_folder_that_everybody_shares_is_not_locked(tmp_path: Path) -> None:
    shared = tmp_path / "tmp"
    shared.mkdir()
    shared.chmod(0o1777)
    assert mended_home(shared) == 0 and mode(shared) == 0o1777


@pytest.mark.parametrize(("folder", "note"), [(0o755, 0o644), (0o700, 0o600)])
def test_auditors_who_may_read_the_witness_may_read_its_notes(tmp_path: Path, folder: int, note: int) -> None:
    tmp_path.chmod(folder)
    made_private(tmp_path / "var")
    push(tmp_path, 1, NOTE)
    [file] = tmp_path.glob("checkpoint-*.txt")
    assert mode(file) == note and notes(tmp_path) == [NOTE]
