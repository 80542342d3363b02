"""The collector's schedule: what its misfire policy promises (E9)."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta

import pytest

from collectors.schedule import scheduled


@pytest.mark.req("E9")
def test_a_turn_that_missed_its_times_runs_once_however_late() -> None:
    """A machine that slept for ten hours neither leaves the turn out nor makes up for ten of them."""
    ran = threading.Semaphore(0)
    late = scheduled({"hourly": (3600, ran.release)})
    late.start(paused=True)
    late.modify_job("hourly", next_run_time=datetime.now(UTC) - timedelta(hours=10))
    late.resume()
    assert ran.acquire(timeout=10), "however late"
    assert not ran.acquire(timeout=0.3), "and once"
    late.shutdown()
