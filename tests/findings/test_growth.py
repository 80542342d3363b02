"""What is asked all the time costs the same however much is stored."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from integrations.engine.engine import Engine
from tests.findings.books import given
from tests.journals import clock, journal  # noqa: F401  fixtures
from tests.unit.engine.hostile import Hostile, event, posting_flow

STEPS = 10


def steps_of_idle(journal) -> int:  # noqa: F811
    """How many tens of steps SQLite takes to say whether anything is due."""
    counted = [0]

    def count() -> int:
        counted[0] += 1
        return 0

    def watch(driver, record, proxy) -> None:
        driver.set_progress_handler(count, STEPS)

    sa.event.listen(journal.engine, "checkout", watch)
    try:
        given(journal.runs.idle(), "a run is due that was to be postponed")
    finally:
        sa.event.remove(journal.engine, "checkout", watch)
    return counted[0]


@pytest.mark.finding("C10a")
def test_asking_whether_anything_is_due_does_not_grow_with_what_is_postponed(journal, clock):  # noqa: F811
    """0.1.0 looked through every claimable run 20 times a second, 35 ms each time at 100,000 postponed ones.

    Wanted: at ten times as many postponed runs, less than three times the steps.
    """
    engine = Engine(journal, [posting_flow()], [Hostile()], clock)
    later = "update run set due_at = due_at + 36000000000"

    def postpone(first: int, last: int) -> int:
        engine.admit([event(f"k{number}") for number in range(first, last)])
        with journal.engine.begin() as connection:
            connection.execute(sa.text(later))
        return steps_of_idle(journal)

    few = postpone(0, 100)
    many = postpone(100, 1000)
    assert many < 3 * max(few, 1), f"{few} tens of steps for 100 runs, {many} for 1,000"
