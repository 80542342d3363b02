"""The benchmark of log files counts lines only once all that were written can be read, each once."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from models.lake.reader import open_reader
from models.settings import Settings
from tests.bench import logs

LINES, WARM_UP, LIMIT = 6_000, 1_000, 1_500


@pytest.mark.req("N3", "C2")
@pytest.mark.processes
def test_every_figure_is_of_lines_that_are_in_the_lake(monkeypatch: pytest.MonkeyPatch) -> None:
    """N3: no rate is faster than the wall's clock; rotation is part of the run."""
    monkeypatch.setattr(logs, "_ROTATED", 2_500)
    monkeypatch.setattr(logs, "_AT_ONCE", 500)
    began = time.perf_counter()
    figures = logs.run(LINES, WARM_UP, LIMIT)
    wall = time.perf_counter() - began
    assert figures["lines"] == LINES and figures["lines_per_s"] >= LINES / wall
    assert figures["ratio"] == pytest.approx(figures["lines_per_s"] / figures["limit_rows_per_s"], abs=0.002)
    assert 0 < figures["cpu_us_per_line"] * LINES / 1e6 <= wall * (os.cpu_count() or 1)
    assert 30 < figures["resident_mib"] < 4_000
    assert set(figures) == {
        "lines",
        "lines_per_s",
        "limit_rows_per_s",
        "ratio",
        "cpu_us_per_line",
        "resident_mib",
    }


def test_a_line_that_cannot_be_read_is_no_figure(tmp_path: Path) -> None:
    reader = open_reader(Settings.model_validate({"home": tmp_path}))
    with pytest.raises(RuntimeError, match="0 lines can be read, 0 of them once, 10 were written"):
        logs._until_readable(reader, 10, seconds=0.1)
    reader.close()
