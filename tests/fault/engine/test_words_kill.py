"""The sudden end of an engine while runs pause for a word and go on with it: none is lost, nothing doubled (M8, E5)."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from models.domain.clock import SystemClock
from models.journal import open_journal
from tests.fault.engine.test_kill import ROOT
from tests.unit.engine.hostile import Hostile
from tests.unit.engine.test_words import firm, inward, spent, started

EACH = 40


@pytest.mark.req("M8", "E5", "E1")
def test_kills_while_runs_pause_and_go_on(tmp_path: Path) -> None:
    url, ledger, chance = f"sqlite:///{tmp_path / 'journal.sqlite'}", tmp_path / "ledger", random.Random(8)
    journal = open_journal(url, SystemClock())
    firm(journal, "erp")
    words = ["Train" if n % 2 else "Mule" for n in range(2 * EACH)]
    engine = started(journal, Hostile(), SystemClock(), inward())
    engine.admit([spent(str(n), category=word) for n, word in enumerate(words)])

    def worker(version: int, *death: object) -> int:
        command = [sys.executable, "-m", "tests.fault.engine.words_worker", url, str(ledger), str(version)]
        return subprocess.run([*command, *map(str, death)], cwd=ROOT, stdout=subprocess.DEVNULL, timeout=90).returncode

    def dying(version: int) -> None:
        assert worker(version, chance.randint(1, 15), chance.uniform(0.0001, 0.01)) == -signal.SIGPROF

    dying(1)
    assert worker(1) == 0
    assert journal.runs.states() == {("time-to-bill", "settled"): EACH, ("time-to-bill", "waiting"): EACH}
    for _ in range(2):
        dying(2)
    assert worker(2) == 0
    assert journal.runs.states() == {("time-to-bill", "settled"): 2 * EACH}
    effects = Counter(line.split(" ")[0] for line in ledger.read_text().splitlines())
    assert effects == {f"EX-kantata-{n}-v1": 1 for n in range(2 * EACH)}
    journal.close()
