"""The yardsticks measure the real thing and leave nothing behind."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from tests.bench.lake import raw_insert_rate, sealed_append_rate, verify_rate
from tests.bench.small_files import recovery
from tests.unit.lake.samples import filled, settings_at, spans


def test_yardsticks_count_rows_and_refuse_a_broken_lake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TIEOUT_LAKE_CATALOG", str(tmp_path / "must-not-be-touched.sqlite"))
    rows = spans(300)
    for yardstick in (raw_insert_rate, sealed_append_rate):
        began = time.perf_counter()
        rate = yardstick(rows, batch_rows=100)
        wall = time.perf_counter() - began
        assert rate.rows == 300, "three batches, each row once"
        assert 300 / wall <= rate.per_second == 300 / rate.wall_seconds
        assert rate.per_cpu_second == 300 / rate.cpu_seconds
        assert 0.001 < rate.cpu_seconds <= wall * (os.cpu_count() or 1)
    assert not (tmp_path / "must-not-be-touched.sqlite").exists()
    settings = settings_at(tmp_path / "home")
    filled(settings, batches=2).close()
    assert verify_rate(settings).rows == 2 * 57
    next((tmp_path / "home" / "lake" / "data").rglob("*.parquet")).unlink()
    with pytest.raises(ValueError, match="breaches"):
        verify_rate(settings)


def test_many_small_files_become_few_within_memory() -> None:
    """A hundred of the ten thousand that `python -m tests.bench.small_files` takes: what it grows by is the same."""
    done = recovery(spans(30), 100)
    assert (done.before, done.after) == (100, 1) and done.grown_mib < 256
