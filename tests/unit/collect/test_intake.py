"""What waits at the intake: small bodies have a counter of their own, and a stuck one is a fault (C10, O12, N4)."""

from __future__ import annotations

import gzip
import threading
from pathlib import Path
from typing import Any

import pytest

from collectors.pipeline import intake as intakes
from collectors.pipeline.answer import PROTOBUF, Answer
from collectors.pipeline.request import Request
from collectors.pipeline.spool.frame import Frame, Kind
from collectors.pipeline.spool.spool import Segment, Spool, SpoolFull
from tests.unit.collect.memory_lake import Desk, MemoryLake
from tests.unit.collect.requests import traces

pytestmark = pytest.mark.req("C10", "N4")


def _large(spans: int = 4000) -> bytes:
    return bytes(traces(spans, name="x" * 400).SerializeToString())


class Held:
    """A desk whose spool holds the thread that stores a large segment until it is let go."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.reached, self.let_go = threading.Event(), threading.Event()
        self.desk = Desk(folder, MemoryLake(), limit=64 << 20)
        self.desk.until_ready()
        monkeypatch.setattr(self.desk.lane, "store", self._store)

    def _store(self, frames: Any, rows: Any, spare: float) -> None:
        if spare:
            self.reached.set()
            assert self.let_go.wait(20)

    def send(self, body: bytes, encoding: str = "") -> list[Answer]:
        answers: list[Answer] = []
        self.desk.intake.submit(Request(Kind.TRACES, PROTOBUF, encoding, body, "test", 0, answers.append))
        return answers

    def close(self) -> None:
        self.let_go.set()
        self.desk.stop()


@pytest.fixture
def held(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    made = Held(tmp_path, monkeypatch)
    yield made
    made.close()


@pytest.mark.parametrize("encoding", ["", "gzip"])
def test_a_small_body_is_answered_while_a_large_one_is_stored(held: Held, encoding: str) -> None:
    """Also one that only inflating shows to be large."""
    large = gzip.compress(_large()) if encoding else _large()
    assert not encoding or len(large) < intakes.SMALL_BYTES
    waiting = held.send(large, encoding)
    assert held.reached.wait(20)
    assert held.desk.ask(Kind.TRACES, PROTOBUF, traces(1).SerializeToString()).status == 200
    assert waiting == []


@pytest.mark.finding("A2b")
@pytest.mark.req("O12")
def test_a_group_that_takes_too_long_is_a_fault(held: Held, monkeypatch: pytest.MonkeyPatch) -> None:
    assert held.desk.intake.fault is None
    held.send(_large())
    assert held.reached.wait(20)
    monkeypatch.setattr(intakes, "STUCK_SECONDS", 0.0)
    assert "the intake of otlp is stuck" in str(held.desk.intake.fault)
    held.let_go.set()
    held.desk.stop()
    assert held.desk.intake.fault is None


def test_large_bodies_leave_a_part_of_the_spool_to_small_ones(tmp_path: Path) -> None:
    spool = Spool(tmp_path, 1000)
    segment: Segment = spool.segment(1)
    frame = Frame(Kind.TRACES, 0, "test", bytes(900))
    with pytest.raises(SpoolFull):
        spool.append(segment, [frame], 1 / 8)
    spool.append(segment, [frame])
