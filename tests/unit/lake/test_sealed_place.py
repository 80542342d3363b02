"""A home that cannot be written, as evidence lies: proven and asked where it is, and left as it was (A8)."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from models.domain.errors import Misconfigured
from models.lake import sealed_place
from models.lake.reader import open_reader
from models.lake.verify import verify
from tests.commands import tieout
from tests.unit.lake.samples import filled, settings_at

pytestmark = pytest.mark.req("C5")


@pytest.fixture
def read_only() -> Iterator[Callable[[Path], None]]:
    """Mounts a folder read-only where it lies, until the test ends."""
    mounted = []

    def mount(folder: Path) -> None:
        for options in (["--bind", str(folder), str(folder)], ["-o", "remount,bind,ro", str(folder)]):
            if subprocess.run(["mount", *options], capture_output=True).returncode:
                pytest.skip("needs rights that this machine does not give: mount")
            mounted[:] = [folder]

    yield mount
    for folder in mounted:
        subprocess.run(["umount", str(folder)], check=True)


@pytest.mark.finding("A8a")
def test_a_read_only_copy_is_proven_and_asked(tmp_path: Path, read_only: Callable[[Path], None]) -> None:
    home, scratch = tmp_path / "home", tmp_path / "scratch"
    scratch.mkdir()
    filled(settings_at(home), batches=3, rows=4).close()
    read_only(home)
    proven = tieout(home, "verify", TMPDIR=str(scratch))
    assert proven.returncode == 0 and "whole" in proven.stdout and not proven.stderr
    asked = tieout(home, "sql", "select count(*) as n from spans", "--format", "csv", TMPDIR=str(scratch))
    assert (asked.returncode, asked.stdout.split()) == (0, ["n", "12"]) and not asked.stderr
    assert list(scratch.iterdir()) == [], "a copy of somebody's evidence was left lying"


@pytest.mark.finding("A8b")
@pytest.mark.parametrize("command", ["collect", "demo"])
def test_who_must_write_says_that_the_home_cannot_be_written(
    command: str, tmp_path: Path, read_only: Callable[[Path], None]
) -> None:
    """In 0.1.0 `collect` ended with a traceback. Wanted: a sentence that says what to do."""
    home = tmp_path / "home"
    home.mkdir()
    read_only(home)
    done = tieout(home, command, TIEOUT_GRPC="off")
    assert done.returncode == 2 and "Traceback" not in done.stderr, done.stderr
    assert f"the home {home} cannot be written" in done.stderr and "TIEOUT_HOME" in done.stderr


def test_what_the_log_of_a_catalogue_still_holds_is_read_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A copy taken of a collector that was killed: its last batches are in the write-ahead log alone."""
    writer = filled(settings_at(tmp_path / "home"), batches=3, rows=4)
    copy = tmp_path / "copy"
    subprocess.run(["cp", "-r", str(tmp_path / "home"), str(copy)], check=True)
    writer.close()
    for file in copy.rglob("*-shm"):
        file.unlink()
    assert list((copy / "lake").glob("*-wal"))
    real = os.access
    monkeypatch.setattr(sealed_place.os, "access", lambda path, how: how != os.W_OK and real(path, how))
    report = verify(settings_at(copy))
    assert (report.breaches, report.batches) == ([], 3)
    assert not list(copy.rglob("*-shm"))


def test_a_catalogue_out_of_reach_is_no_breach(tmp_path: Path) -> None:
    """It can't be told: whoever reads "altered" calls the auditors."""
    nowhere = "postgres:host=127.0.0.1 port=1 dbname=lake connect_timeout=1"
    with pytest.raises(Misconfigured, match="cannot be opened"):
        verify(settings_at(tmp_path, lake_catalog=nowhere))


def test_a_store_that_cannot_be_opened_is_said_to_who_asks(tmp_path: Path) -> None:
    (tmp_path / "lake").mkdir()
    (tmp_path / "lake" / "catalog.sqlite").write_bytes(b"no database, " * 100)
    with closing(open_reader(settings_at(tmp_path))) as reader, pytest.raises(Misconfigured, match="cannot be opened"):
        reader.rows("select 1 as n")
