"""The sudden end of a real engine process at random moments: nothing is lost, no effect is doubled (E1, E8)."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from integrations.engine import Engine
from models.domain.clock import SystemClock
from models.domain.record import RecordKind
from models.journal import open_journal
from tests.unit.engine.hostile import Hostile, event, posting_flow

ROOT = Path(__file__).parents[3]
RUNS = 300


def worker(url: str, ledger: Path, bulk: int, *death: object) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "tests.fault.engine.ledger_worker", url, str(ledger), str(bulk), *map(str, death)]
    started = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert started.stdout is not None and started.stdout.readline() == "ready\n"
    return started


@pytest.mark.req("E1", "E8", "N4")
@pytest.mark.parametrize("bulk", [1, 10])
def test_kills_between_any_two_writes(journal_url: str, tmp_path: Path, bulk: int) -> None:
    """E8: after each death another process takes over; at the end the target's ledger holds each posting once."""
    ledger, chance = tmp_path / "ledger", random.Random(bulk)
    journal = open_journal(journal_url, SystemClock())
    Engine(journal, [posting_flow(bulk=bulk)], [Hostile()], SystemClock()).admit([event(str(n)) for n in range(RUNS)])
    for _ in range(4):
        dying = worker(journal_url, ledger, bulk, chance.randint(1, 40), chance.uniform(0.0001, 0.01))
        assert dying.wait(60) == -signal.SIGPROF, f"it should have died in the middle: {journal.runs.states()}"
    assert worker(journal_url, ledger, bulk).wait(60) == 0, f"not at rest: {journal.runs.states()}"
    assert journal.runs.states() == {("post-time", "settled"): RUNS}
    effects = Counter(line.split(" ")[0] for line in ledger.read_text().splitlines())
    assert set(effects) == {f"{n}-v1" for n in range(RUNS)}, "nothing is lost"
    assert set(effects.values()) == {1}, "nothing is doubled"
    told = Counter(
        r.run_id for page in journal.feed.read(0, 100_000) for r in page.records if r.kind is RecordKind.ACKNOWLEDGEMENT
    )
    assert len(told) == RUNS and set(told.values()) == {1}, "each posting is on record once"
    journal.close()


@pytest.mark.req("E8", "E1")
def test_two_processes_race(journal_url: str, tmp_path: Path) -> None:
    """E8: two engines on one journal share the work and double nothing."""
    ledger = tmp_path / "ledger"
    journal = open_journal(journal_url, SystemClock())
    Engine(journal, [posting_flow()], [Hostile()], SystemClock()).admit([event(str(n)) for n in range(RUNS)])
    racing = [worker(journal_url, ledger, 1) for _ in range(2)]
    assert [process.wait(60) for process in racing] == [0, 0]
    lines = [line.split(" ") for line in ledger.read_text().splitlines()]
    assert sorted(name for name, _ in lines) == sorted(f"{n}-v1" for n in range(RUNS))
    journal.close()
