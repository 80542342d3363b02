"""A full disk, a locked catalogue, a lost file: the writer says so, stores nothing by halves and goes on afterwards."""

from __future__ import annotations

import resource
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from models.domain.errors import Retriable
from models.lake import connection as connection_module
from models.lake.data_files import DataFolder
from models.lake.manifest import Manifest
from models.lake.verify import verify
from models.lake.writer import open_writer
from tests.unit.lake.samples import HandClock, filled, records, settings_at, spans

LOCKER = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("BEGIN IMMEDIATE")
print("locked", flush=True)
sys.stdin.read()
"""


@pytest.mark.req("C6")
def test_a_disk_that_takes_no_more_bytes(tmp_path: Path) -> None:
    settings = settings_at(tmp_path)
    writer = filled(settings, batches=3)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (2048, hard))
        with pytest.raises(Retriable, match="not stored"):
            writer.append({"spans": spans(5000), "records": records(5)}, "otlp", 50)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, ignored)
    assert writer.append({"spans": spans(5000), "records": records(5)}, "otlp", 50).stored == 5005
    writer.close()
    report = verify(settings)
    assert (report.breaches, report.batches) == ([], 4)


def test_a_locked_catalogue(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection_module, "BUSY_MILLISECONDS", 50)
    settings = settings_at(tmp_path)
    writer = filled(settings, batches=3)
    command = [sys.executable, "-I", "-c", LOCKER, str(tmp_path / "lake" / "catalog.sqlite")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as locker:
        assert locker.stdout is not None and locker.stdout.readline().strip() == "locked"
        with pytest.raises(Retriable, match="lock"):
            writer.append({"spans": spans(5)}, "otlp", 50)
        locker.communicate("")
    assert writer.append({"spans": spans(5)}, "otlp", 50).stored == 5
    writer.checkpoint()
    writer.close()
    assert verify(settings).breaches == []


@pytest.mark.parametrize("place", ["files", "manifest", "commit"])
def test_a_fault_at_any_point_of_an_append_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    settings = settings_at(tmp_path)
    writer = filled(settings, batches=3)

    def broken(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        if place == "files":
            patch.setattr(DataFolder, "make_durable", broken)
        elif place == "manifest":
            patch.setattr(Manifest, "enter", broken)
        else:
            patch.setattr("models.lake.writer.LakeWriter._enter_files", broken)
        with pytest.raises(Retriable, match="No space left"):
            writer.append({"spans": spans(5), "records": records(2)}, "otlp", 50)
        with pytest.raises(Retriable, match="No space left"):
            writer.checkpoint()
    assert verify(settings).batches == 3
    assert writer.append({"spans": spans(5), "records": records(2)}, "otlp", 50).batch_id == 4
    writer.checkpoint()
    writer.close()
    assert verify(settings).breaches == []


def test_the_writer_comes_back_where_it_was_when_reopened_after_a_fault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = settings_at(tmp_path)
    writer = filled(settings, batches=3)
    with monkeypatch.context() as patch:
        patch.setattr(Manifest, "enter", lambda *_: (_ for _ in ()).throw(OSError(5, "I/O error")))
        with pytest.raises(Retriable):
            writer.append({"spans": spans(5)}, "otlp", 50)
    writer.close()
    again = open_writer(settings, HandClock())
    assert again.last_number("otlp") == 2 and again.last_number("feed") == 3
    assert again.append({"spans": spans(5)}, "otlp", 50).batch_id == 4
    again.close()
    assert verify(settings).breaches == []
