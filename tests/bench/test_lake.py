"""The yardsticks measure the real thing and leave nothing behind."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.bench.lake import raw_insert_rate, sealed_append_rate, verify_rate
from tests.unit.lake.samples import filled, settings_at, spans


def test_yardsticks_count_rows_and_refuse_a_broken_lake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TIEOUT_LAKE_CATALOG", str(tmp_path / "must-not-be-touched.sqlite"))
    rows = spans(300)
    for rate in (raw_insert_rate(rows, batch_rows=100), sealed_append_rate(rows, batch_rows=100)):
        assert rate.rows == 300 and rate.per_second > 0 and rate.per_cpu_second > 0
    assert not (tmp_path / "must-not-be-touched.sqlite").exists()
    settings = settings_at(tmp_path / "home")
    filled(settings, batches=2).close()
    assert verify_rate(settings).rows == 2 * 57
    next((tmp_path / "home" / "lake" / "data").rglob("*.parquet")).unlink()
    with pytest.raises(ValueError, match="breaches"):
        verify_rate(settings)
