"""An engine is killed while it replays what failed elsewhere: nothing is lost, and no key begins twice (C9, E1, E8)."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from models.domain.clock import SystemClock
from models.journal import Journal, open_journal
from models.journal.cases.tables import request
from tests.endpoints import Receiver, accepted, failure, listening

SECONDS = 90.0


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    opened = open_journal(f"sqlite:///{tmp_path / 'journal.sqlite'}", SystemClock())
    yield opened
    opened.close()


def worker(journal: Journal, address: str, owner: str, *kill: str) -> subprocess.Popen[str]:
    url = journal.engine.url.render_as_string(hide_password=False)
    command = [sys.executable, "-m", "tests.fault.engine.endpoint_worker", url, address, owner, *kill]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def until(question: Callable[[], Any]) -> None:
    ends = time.monotonic() + SECONDS
    while not question():
        assert time.monotonic() < ends, "it never came to be"
        time.sleep(0.02)


def inherited(journal: Journal, owner: str) -> None:
    """As when the dead engine's leases have run out."""
    journal.runs.forfeit([owner])
    with journal.engine.begin() as connection:
        connection.execute(sa.update(request).values(lease_until_wall=None, state="pending"))


def asked(journal: Journal) -> str:
    ones = [failure(f"TE-{n}") for n in range(3)]
    journal.cases.report("foreign_run", ones)
    body = {"run_ids": [one.run_id for one in ones], "from": "failed_step"}
    return journal.requests.append("replay", body, "ada", "mended", "ada")


def finished(journal: Journal, receiver: Receiver, request_id: str) -> None:
    """The next engine goes on, and detectors find what has succeeded no more."""
    second = worker(journal, receiver.address, "second")
    try:
        until(lambda: len(receiver.effects) == 1)
        until(lambda: (journal.requests.get(request_id).result or {}).get("accepted") == 1)  # type: ignore[union-attr]
        journal.cases.report("foreign_run", [failure("TE-1"), failure("TE-2")])
        until(lambda: len(receiver.effects) == 3)
        journal.cases.report("foreign_run", [])
        until(lambda: journal.requests.get(request_id).state == "done")  # type: ignore[union-attr]
    finally:
        second.kill()
        second.wait(10)


@pytest.mark.processes
@pytest.mark.req("C9", "E1", "E8")
def test_killed_between_the_plans_commit_and_its_sending(journal: Journal) -> None:
    """E8: what was committed is sent once, and its plan makes no other run for it."""
    with listening(Receiver()) as receiver:
        request_id = asked(journal)
        first = worker(journal, receiver.address, "first", "kill")
        assert first.wait(SECONDS) == -signal.SIGKILL
        assert not receiver.came and journal.runs.states() == {("replay-elsewhere", "ready"): 1}
        inherited(journal, "first")
        finished(journal, receiver, request_id)
        assert set(receiver.keys.values()) == {1} and len(receiver.keys) == 3
        assert journal.runs.states() == {("replay-elsewhere", "settled"): 3}


@pytest.mark.processes
@pytest.mark.req("C9", "E1", "E8")
def test_killed_while_the_endpoint_has_it_and_has_not_answered(journal: Journal) -> None:
    """E1: the next engine sends it again with the same key, and it began once."""
    first: list[subprocess.Popen[str]] = []

    def answer(message: Mapping[str, Any], times: int) -> tuple[int, Mapping[str, str], Any] | None:
        if len(receiver.came) == 1:
            os.kill(first[0].pid, signal.SIGKILL)
            return None
        return accepted(message, times)

    with listening(Receiver(answer)) as receiver:
        request_id = asked(journal)
        first.append(worker(journal, receiver.address, "first"))
        assert first[0].wait(SECONDS) == -signal.SIGKILL
        inherited(journal, "first")
        finished(journal, receiver, request_id)
        assert sorted(receiver.keys.values()) == [1, 1, 2] and set(receiver.effects.values()) == {1}
