"""A journal that another process holds locked: work waits and is not lost (N4)."""

from __future__ import annotations

import threading

import pytest
import sqlalchemy as sa

from integrations.engine import Engine
from models.journal import Journal
from tests.unit.engine.hostile import HandClock, Hostile, event, posting_flow


@pytest.mark.req("N4")
def test_a_locked_database_only_delays(journal: Journal, clock: HandClock) -> None:
    """N4: while someone holds the write lock readers read on, the engine waits, and then everything is done once."""
    target = Hostile()
    engine = Engine(journal, [posting_flow()], [target], clock)
    engine.admit([event(str(n)) for n in range(20)])
    holder = journal.engine.connect()
    lock = holder.begin()
    holder.execute(sa.text("update run set updated_at = updated_at"))
    worker = threading.Thread(target=engine.drain)
    worker.start()
    worker.join(0.3)
    assert worker.is_alive() and target.calls == 0
    assert journal.runs.pulse().due == 20, "a look never waits for a writer"
    lock.rollback()
    holder.close()
    worker.join(30)
    assert journal.runs.states() == {("post-time", "settled"): 20} and set(target.effects.values()) == {1}


@pytest.mark.req("E1")
def test_an_admission_is_all_or_nothing_with_its_cursor(journal: Journal, clock: HandClock) -> None:
    """E1: when the cursor cannot move, none of the page's events is admitted; the same page is admitted whole
    afterwards.
    """
    engine = Engine(journal, [posting_flow()], [Hostile()], clock)
    arrivals = [engine._routing.arrival(event(str(n))) for n in range(5)]

    def fails(connection: sa.Connection) -> None:
        raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        journal.runs.admit(arrivals, fails)
    assert journal.runs.states() == {} and journal.feed.read(0) == []
    assert len(journal.runs.admit(arrivals).started) == 5
