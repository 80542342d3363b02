"""A system that asks to wait is left alone, whoever asks."""

from __future__ import annotations

from datetime import timedelta

import pytest

from integrations.engine.engine import Engine
from integrations.engine.snapshotting import Snapshotting
from models.domain.errors import RateLimited, Rejected
from models.domain.plan import Plan
from tests.findings.books import given
from tests.journals import clock, journal  # noqa: F401  fixtures
from tests.unit.engine.hostile import Hostile, event, posting_flow


class Limited(Hostile):
    """Refuses postings, and answers every question with "wait an hour"."""

    def __init__(self, clock) -> None:  # noqa: F811
        super().__init__(misbehaves=lambda change, tries: Rejected("no", code="closed-period"))
        self.asked, self._until = 0, clock.now() + timedelta(hours=1)

    def state(self, change):
        self.asked += 1
        raise RateLimited("429", self._until)

    def snapshot(self, entity):
        self.asked += 1
        raise RateLimited("429", self._until)


@pytest.mark.finding("C7a")
def test_a_preview_stops_asking_a_system_that_says_wait(journal, clock):  # noqa: F811
    """A preview of 200 runs in 0.1.0 called a system 200 times that answered 429 from the first call on.

    Wanted: no more calls than were under way together (eight at most) when the first answer came.
    """
    target = Limited(clock)
    engine = Engine(journal, [posting_flow()], [target], clock)
    engine.admit([event(f"k{number}") for number in range(40)])
    engine.drain()
    runs = journal.runs.by_keys([f"time_entry:k{number}" for number in range(40)])
    engine.desk._preview.of(Plan(tuple(run.run_id for run in runs)))
    given(target.asked, "nothing was asked, so nothing is shown")
    assert target.asked <= 8


@pytest.mark.finding("C7b")
def test_a_snapshot_waits_when_the_system_said_so(journal, clock):  # noqa: F811
    """0.1.0 extracted again at every interval whatever the system had answered, and told no other process of it.

    Wanted: after the first 429 no call until the moment that it named.
    """
    target = Limited(clock)
    snapshots = Snapshotting(journal, clock, "http://127.0.0.1:1")
    for _ in range(3):
        try:
            snapshots.take(target)
        except RateLimited:
            clock.forward(60)
    snapshots.close()
    assert target.asked == 1
