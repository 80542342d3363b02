"""The engine tells the journal how each of its loops stands (X18, O12)."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from integrations.engine import service
from models.catalogue import load_catalogue
from models.domain.beats import Beats
from models.domain.clock import SystemClock
from models.presence import ENGINE
from models.settings import Settings


@pytest.mark.req("X18", "O12")
def test_a_loop_that_fails_is_told_apart_from_one_that_works(tmp_path: Path) -> None:
    """A thread that goes on without a good turn is not alive; what one loop does says nothing of another."""
    settings, stop, failed, worked = Settings(home=tmp_path), threading.Event(), threading.Event(), threading.Event()
    engine = service._Service(settings, load_catalogue(settings), SystemClock(), stop)
    engine._beats = Beats(service._ALLOWED)

    def fails() -> None:
        if failed.is_set():
            worked.set()
        failed.set()
        raise OSError("database is locked")

    loops = [engine._loop("desk", 0.01, fails), engine._loop("reaper", 0.01, lambda: None)]
    assert worked.wait(20)
    engine._journal.heartbeats.tell("host:1", ENGINE, engine._beats.all())
    stop.set()
    for loop in loops:
        loop.join(10)
    found = {one.part: one for one in engine._journal.heartbeats.all()}
    engine._telemetry.close(0.1)
    engine._journal.close()
    assert set(found) == set(service._ALLOWED) and found["desk"].role == "engine"
    assert found["desk"].fault == "OSError: database is locked" and found["reaper"].fault is None
