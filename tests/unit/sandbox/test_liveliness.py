"""How fast the demonstration lives: at its own pace while somebody looks, five times as slowly else."""

from __future__ import annotations

import asyncio
import os
import time
from pathlib import Path
from typing import Any

import pytest

from integrations.sandbox.clock import live
from models.visits import Visits


def paused(monkeypatch: pytest.MonkeyPatch, watched: list[bool]) -> float:
    """Seconds that a pause of ten lasts; `watched` is the answer to each question, the last one for good."""
    waited = list[float]()

    async def slept(seconds: float) -> None:
        waited.append(seconds)

    monkeypatch.setattr(live.asyncio, "sleep", slept)
    life: Any = live.Liveliness.__new__(live.Liveliness)
    life._watched = lambda: watched.pop(0) if len(watched) > 1 else watched[0]
    asyncio.run(life._rest(10.0))
    return sum(waited)


@pytest.mark.req("N3")
def test_people_work_slowly_while_nobody_looks_and_at_once_when_somebody_comes(monkeypatch: pytest.MonkeyPatch) -> None:
    assert paused(monkeypatch, [True]) == 10
    assert paused(monkeypatch, [False]) == 50
    assert paused(monkeypatch, [False] * 20 + [True]) == 20
    assert paused(monkeypatch, [False] * 4 + [True]) == 10


def test_a_visit_is_known_to_whoever_has_the_folder_and_grows_old(tmp_path: Path) -> None:
    ours, theirs = Visits(tmp_path / "run"), Visits(tmp_path / "run")
    assert not theirs.within(300)
    ours.note()
    assert theirs.within(300)
    before = time.time() - 400
    os.utime(tmp_path / "run" / "visited", (before, before))
    ours.note()
    assert not theirs.within(300), "a visit is written down every few seconds at most"
