"""The benchmark of time-to-bill counts speed only with every posting in the ERP exactly once."""

from __future__ import annotations

import os
import time
from decimal import Decimal

import pytest

from tests.bench import bill


@pytest.mark.req("N3")
def test_a_small_run_posts_every_entry_once() -> None:
    began = time.perf_counter()
    figures = bill.run(120)
    wall = time.perf_counter() - began
    assert figures["postings"] == figures["acknowledged_in_psa"] == figures["entries"] == 120
    assert figures["posted_twice"] == figures["missing"] == 0 and figures["all_settled"] is True
    assert Decimal(figures["hours_difference"]) == 0
    assert figures["seconds"] <= wall and figures["goal_per_s"] == bill.GOAL
    assert figures["entries_per_s"] == pytest.approx(120 / figures["seconds"], rel=0.001 / figures["seconds"], abs=0.06)
    assert 0.01 < figures["engine_cpu_s"] <= figures["seconds"] * (os.cpu_count() or 1)
