"""C8: readers and verification beside a running writer: never an error, never a row too few, never a false alarm."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from models.lake.reader import open_reader
from models.lake.verify import verify
from tests.unit.lake.samples import settings_at

PROJECT = Path(__file__).parents[3]


@pytest.mark.req("C8", "C5")
def test_reading_and_verifying_while_another_process_appends_and_merges(tmp_path: Path) -> None:
    settings = settings_at(tmp_path)
    command = [sys.executable, "-m", "tests.fault.lake.appending", str(tmp_path), "1", "maintain"]
    writer = subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.PIPE, text=True)
    assert writer.stdout is not None
    reader = open_reader(settings)
    try:
        acknowledged, seen = 0, 0
        for turn in range(7):
            for _ in range(3):
                acknowledged = int(writer.stdout.readline())
            (row,) = reader.rows(
                "SELECT count(*) AS n, count(DISTINCT span_id) AS ids, count(DISTINCT batch_id) AS batches FROM spans"
            )
            assert row["n"] == row["ids"] == 200 * row["batches"], "a reader sees whole batches"
            assert row["batches"] >= max(acknowledged, seen), "and never goes back"
            seen = row["batches"]
            for batch in range(1, acknowledged, 7):
                (row,) = reader.rows("SELECT count(*) AS n FROM spans WHERE batch_id = $batch", {"batch": batch})
                assert row["n"] == 200, "nor does it miss a single batch"
            if turn % 3 == 0:
                report = verify(settings)
                assert report.breaches == []
                assert report.batches >= acknowledged
    finally:
        reader.close()
        writer.kill()
        writer.stdout.close()
        writer.wait()
    assert verify(settings).breaches == []
