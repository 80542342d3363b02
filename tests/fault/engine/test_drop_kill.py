"""An engine dies while it reads a drop folder: every row once, and no acknowledgement before its rows (S6, E11, N4)."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest

from models.domain.clock import SystemClock
from models.journal import Journal, open_journal
from tests.fault.engine.drop_worker import reading
from tests.unit.connectors.test_drop import HEADER, MAPPING

ROOT = Path(__file__).parents[3]
FILES, ROWS = 12, 20


def rows_of(journal: Journal) -> list[str]:
    with journal.engine.connect() as connection:
        return [str(key) for (key,) in connection.exec_driver_sql("select business_key from run")]


def told(folder: Path) -> set[int]:
    """The files that are acknowledged."""
    return {int(path.name.split("-")[1].split(".")[0]) for path in folder.glob("time-*.ack.json")}


@pytest.mark.processes
@pytest.mark.req("S6", "E11", "N4")
def test_kills_while_files_are_read(tmp_path: Path) -> None:
    """E11: after each death another goes on; at any moment every row of an acknowledged file is in the journal."""
    url, folder = f"sqlite:///{tmp_path / 'journal.sqlite'}", tmp_path / "drop"
    folder.mkdir()
    (tmp_path / "map.toml").write_text(MAPPING.format(settle=0, more="", day="%Y-%m-%d"))
    for file in range(FILES):
        lines = [f"{file}.{row},P1,U1,2026-10-01,1\n" for row in range(ROWS)]
        (folder / f"time-{file:02}.csv").write_text(HEADER + "".join(lines))
    journal, admitted = open_journal(url, SystemClock()), 0
    for _ in range(2):
        command = [sys.executable, "-m", "tests.fault.engine.drop_worker", url, str(folder)]
        with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as worker:
            deadline = time.monotonic() + 60
            while len(rows_of(journal)) <= admitted + 30:
                assert time.monotonic() < deadline and worker.poll() is None
                time.sleep(0.002)
            worker.kill()
        admitted = len(rows_of(journal))
        keys = set(rows_of(journal))
        assert {f"{file}.{row}" for file in told(folder) for row in range(ROWS)} <= {
            key.rpartition("-")[2] for key in keys
        }
    assert 0 < admitted < FILES * ROWS and len(told(folder)) < FILES, "it was killed while it read"
    reading(url, folder).poll()
    keys = rows_of(journal)
    journal.close()
    assert len(keys) == len(set(keys)) == FILES * ROWS and told(folder) == set(range(FILES))
    acks = [json.loads(path.read_text())["streams"]["time"] for path in folder.glob("*.ack.json")]
    assert {(ack["status"], ack["accepted"], ack["rejected"]) for ack in acks} == {("accepted", ROWS, 0)}
