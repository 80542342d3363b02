"""Cancelling runs: work that grows with their number, and a record only of what was done."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa

from integrations.engine.engine import Engine
from models.domain.errors import Rejected
from models.journal.runs.run import Run
from tests.findings.books import given
from tests.journals import clock, journal  # noqa: F401  fixtures
from tests.unit.engine.hostile import Hostile, event, posting_flow


def dead(journal, clock, count: int) -> list[str]:  # noqa: F811
    """The ids of so many dead runs."""
    target = Hostile(misbehaves=lambda change, tries: Rejected("no", code="closed-period"))
    engine = Engine(journal, [posting_flow()], [target], clock)
    engine.admit([event(f"k{number}") for number in range(count)])
    engine.drain()
    return [run.run_id for run in journal.runs.by_keys([f"time_entry:k{number}" for number in range(count)])]


@pytest.mark.finding("C6")
def test_cancelling_compares_no_run_with_every_other(journal, clock, monkeypatch):  # noqa: F811
    """0.1.0 looked each run up in a list, so 4,000 runs took 50 s inside the write transaction.

    Wanted: no more comparisons of whole runs than there are runs.
    """
    compared, equal = [0], Run.__eq__

    def counted(one: Run, other: object) -> Any:
        compared[0] += 1
        return equal(one, other)

    ids = dead(journal, clock, 60)
    monkeypatch.setattr(Run, "__eq__", counted)
    given(journal.runs.cancel(ids, "ada", None) == {}, "all of them were dead")
    count = len(ids)
    assert compared[0] <= count


@pytest.mark.finding("C9a")
def test_a_run_that_went_on_meanwhile_is_not_recorded_as_cancelled(journal, clock):  # noqa: F811
    """In 0.1.0 cancel ignored how many rows it changed after a read without a lock (as on PostgreSQL): the record could
    say "cancelled" while the run was being posted. Wanted: a run that another transaction took in between is named as
    refused.
    """
    (run_id,) = dead(journal, clock, 1)
    taken = []

    @sa.event.listens_for(journal.engine, "after_cursor_execute")
    def take(connection, cursor, statement, parameters, context, many) -> None:
        if not taken and "json_each(" in statement and statement.lstrip().startswith("select"):
            taken.append(run_id)
            cursor.connection.execute("update run set state = 'settled'")

    refused = journal.runs.cancel([run_id], "ada", None)
    state = journal.runs.get(run_id).state
    given(taken, "the run was not taken in between, so nothing is shown")
    assert run_id in refused, f"told as cancelled, and it is {state}"
