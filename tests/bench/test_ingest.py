"""The benchmark of ingest counts spans only once all that was acknowledged can be read."""

from __future__ import annotations

import pytest

from tests.bench import ingest


@pytest.mark.processes
def test_a_small_run_gives_every_figure() -> None:
    figures = ingest.run(spans=2_000, connections=4, warm_up=2, limit_rows=2_000)
    assert figures["spans"] == 2_000
    assert figures["acknowledged_per_s"] >= figures["spans_per_s"] > 0
    assert figures["limit_rows_per_s"] > 0 and figures["cpu_us_per_span"] > 0 and figures["resident_mib"] > 0


def test_a_refused_request_is_no_figure() -> None:
    with pytest.raises(RuntimeError, match="3 of 10 requests were refused"):
        ingest._expect(7, 10)
