"""Dead letters that wait for their row: a page looks at those of its own stream (N4), on both databases."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa

from integrations.contracts import Page, Role
from integrations.engine import Engine
from models.domain.errors import Unmappable
from models.domain.states import RunState
from models.journal import Journal
from models.journal.runs import rereads
from models.journal.runs.rereads import row_key
from models.journal.runs.run import Run, run_of
from models.journal.statements import statements
from models.keys.keyring import Keyring
from tests.unit.engine.hostile import HandClock, Hostile


@pytest.mark.req("N4")
def test_a_page_reads_the_dead_letters_of_its_own_stream(
    any_journal: Journal, clock: HandClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """N4: dead letters of other streams cost it nothing, its own are found whatever their names hold."""
    bad = Unmappable("no", "Hours", code="bad-number")
    systems = [Hostile(name, Role.PSA, streams=["time", "time2"]) for name in ("psa", "psa2")]
    for system in systems:
        system.pages = {
            stream: [Page([], "1", rejected=[("tasks@Ä 2", {}, bad)]), Page([], "2")] for stream in system.streams
        }
    engine = Engine(any_journal, [], systems, clock)
    engine.poll()
    keys = [row_key(system.config.name, stream, "tasks@Ä 2") for system in systems for stream in system.streams]
    dead = any_journal.runs.by_keys(keys)
    for system in systems:
        system.pages = {stream: [Page([], "1")] for stream in system.streams}
    any_journal.runs.replay([run.run_id for run in dead], "failed_step", None, "ops", {})
    engine.poll()
    assert [run.waiting_because is not None for run in any_journal.runs.by_keys(keys)] == [True] * 4
    looked: list[str] = []

    def looking(row: Any, keys: Keyring | None) -> Run:
        looked.append(run_of(row, keys).business_key)
        return run_of(row, keys)

    monkeypatch.setattr(rereads, "run_of", looking)
    systems[0].pages["time"].append(Page([], "2", seen=["tasks@Ä 2"]))
    engine.poll()
    assert sorted(looked) == sorted(keys), "each of the four streams looks at its own"
    assert [run.state for run in any_journal.runs.by_keys(keys[:2])] == [RunState.SUPERSEDED, RunState.DEAD]


def test_dead_letters_are_found_by_their_key(journal: Journal) -> None:
    """N4: SQLite seeks the stream's dead letters in the index of dead runs, between two bounds."""
    sql = statements(rereads._SQL, "sqlite")["asked_again"].text
    with journal.engine.begin() as connection:
        plan = connection.execute(sa.text(f"explain query plan {sql}"), {"stream": "time:psa:"}).all()
    assert "run_dead (business_key>? AND business_key<?)" in plan[0].detail
