"""A receiver and an engine end suddenly on the inbox's road: what was acknowledged is admitted once (E11, N4)."""

from __future__ import annotations

import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from integrations.engine import Engine
from models.domain.clock import SystemClock
from models.domain.record import RecordKind
from models.journal import Journal, open_journal
from tests.unit.engine.hostile import Hostile, posting_flow

ROOT = Path(__file__).parents[3]
MODULE = "tests.fault.engine.inbox_worker"


class Worker:
    """A receiver or an engine in a process of its own; leaving the block kills it."""

    def __init__(self, url: str, role: str, ledger: Path, first: int = 0) -> None:
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
        self._process = subprocess.Popen(
            [sys.executable, "-m", MODULE, url, role, str(ledger)], cwd=ROOT, text=True, **pipes
        )
        assert self._process.stdout is not None and self._process.stdin is not None
        assert self._process.stdout.readline() == "ready\n"
        self._process.stdin.write(f"{first}\n")
        self._process.stdin.flush()

    def __enter__(self) -> Worker:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.communicate()


def until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < deadline, "it came to nothing"
        time.sleep(0.001)


def acknowledged(ledger: Path) -> list[str]:
    return ledger.read_text().splitlines() if ledger.exists() else []


def admitted(journal: Journal) -> int:
    return sum(journal.runs.states().values())


@pytest.mark.processes
@pytest.mark.req("E11", "N4")
def test_kills_between_append_and_admission(journal_url: str, tmp_path: Path) -> None:
    """E11: after each death of either, another goes on; every acknowledged item is one run, one arrival on record."""
    ledger, journal = tmp_path / "ledger", open_journal(journal_url, SystemClock())
    for turn in range(3):
        already, ended = len(acknowledged(ledger)), admitted(journal)
        first = max(already - 1, 0)  # the sender repeats what it last sent, as one does without an answer
        with Worker(journal_url, "receiver", ledger, first), Worker(journal_url, "engine", ledger):
            until(lambda: len(acknowledged(ledger)) > already + 20 and admitted(journal) > ended + 10)  # noqa: B023
        assert turn or journal.runs.states(), "the engine had begun when it was killed"
    Engine(journal, [posting_flow()], [Hostile()], SystemClock()).inbox.admit()
    runs = Counter(key for (key,) in _keys(journal))
    sent = {f"time_entry:{n}" for n in acknowledged(ledger)}
    assert sent <= set(runs) and len(runs) <= len(sent) + 3, "at most the item under way at each death was unanswered"
    assert set(runs.values()) == {1}
    told = Counter(
        r.business_key
        for page in journal.feed.read(0, 100_000)
        for r in page.records
        if r.kind is RecordKind.SOURCE_EVENT
    )
    assert told == runs and journal.inbox_queue.waiting(1) == []
    journal.close()


def _keys(journal: Journal) -> list[tuple[str]]:
    with journal.engine.connect() as connection:
        return [(key,) for (key,) in connection.exec_driver_sql("select business_key from run")]
