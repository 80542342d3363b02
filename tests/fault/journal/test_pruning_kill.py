"""C6, N4: whoever prunes the journal dies in the middle: each run is whole or pruned, and none comes back to life."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import sqlalchemy as sa

from integrations.engine import Engine
from models.journal import open_journal
from tests.unit.engine.hostile import HandClock, Hostile, event, posting_flow
from tests.unit.journal.test_retention import DAY, prove

ROOT = Path(__file__).parents[3]
RUNS = 600


@pytest.mark.processes
@pytest.mark.req("C6", "N4", "E1")
def test_a_kill_between_any_two_transactions_leaves_nothing_half(journal_url: str) -> None:
    clock, target = HandClock(), Hostile()
    journal = open_journal(journal_url, clock)
    engine = Engine(journal, [posting_flow()], [target], clock)
    events = [event(str(n)) for n in range(RUNS)]
    engine.admit(events)
    engine.drain()
    clock.forward(50 * DAY)
    prove(journal)
    clock.forward(2 * DAY)
    for lines in (3, 7):
        command = [sys.executable, "-m", "tests.fault.journal.pruning", journal_url, clock.now().isoformat()]
        dying = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
        assert dying.stdout is not None and dying.stdout.readline() == "ready\n"
        for _ in range(lines):
            assert dying.stdout.readline() == "pruned\n"
        dying.kill()
        dying.communicate()
        with journal.engine.connect() as connection:
            halves = "select count(*) from run where (pruned_at is null) <> (payload <> '{}')"
            pruned = connection.scalar(sa.text("select count(*) from run where pruned_at is not null"))
            assert connection.scalar(sa.text(halves)) == 0 and 0 < pruned <= RUNS
            bare = (
                "select count(*) from event join run using (event_id) "
                "where event.pruned_at is not null and run.pruned_at is null"
            )
            assert connection.scalar(sa.text(bare)) == 0, "no event leaves before its runs"
    journal.retention.prune(1)
    assert engine.admit(events).duplicates == RUNS
    engine.drain()
    assert len(target.effects) == RUNS and set(target.effects.values()) == {1}
    journal.close()
