"""C6, N3: what ended long ago leaves the journal, as far as the lake is proven to hold it."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from integrations.engine import Engine
from integrations.engine.preview import Preview
from models.canonical.events import CloudEvent
from models.domain.approval import content_hash
from models.domain.errors import Rejected
from models.domain.plan import Plan
from models.journal import Journal, open_journal
from models.journal.runs.run import Run
from models.keys.keyring import Keyring
from models.settings import Settings
from tests.unit.engine.hostile import FAST, HandClock, Hostile, event, posting_flow

DAY = 86_400.0


def prove(journal: Journal) -> None:
    """What a collector does: it lands the feed, signs, and says so twice, so that a mark is passed."""
    for _ in range(2):
        pages = journal.feed.read(0, 100_000)
        position = pages[-1].position if pages else journal.feed.confirmed("lake")
        journal.feed.confirm("lake", position)
        journal.feed.prove("lake", position)


def run_of(journal: Journal, key: str) -> Run:
    return journal.runs.by_keys([f"time_entry:{key}"])[-1]


def bodies(journal: Journal) -> dict[str, dict[str, Any]]:
    with journal.engine.connect() as connection:
        rows = connection.execute(sa.text("select event_id, body from event"))
        return {name: json.loads(body) for name, body in rows}


def paid(key: str, rate: str, event_id: str | None = None) -> CloudEvent:
    """A time entry's event that says what its person costs."""
    plain = event(key, event_id=event_id)
    return plain.model_copy(update={"data": {**plain.data, "cost_rate": {"amount": rate, "currency": "EUR"}}})


def settled(journal: Journal, clock: HandClock, *keys: str, target: Hostile | None = None) -> Engine:
    engine = Engine(journal, [posting_flow()], [target or Hostile()], clock)
    engine.admit([event(key) for key in keys])
    engine.drain()
    return engine


@pytest.mark.finding("A13a", "C10b")
@pytest.mark.req("C6", "N3", "E4")
def test_what_is_old_and_proven_leaves_and_its_replay_says_where_it_lies(
    any_journal: Journal, clock: HandClock
) -> None:
    engine = settled(any_journal, clock, "1")
    clock.forward(91 * DAY)
    engine.admit([event("2")])
    engine.drain()
    prove(any_journal)
    clock.forward(3600)
    assert any_journal.retention.prune(90) == 2, "one run and its event"
    old, young = run_of(any_journal, "1"), run_of(any_journal, "2")
    assert (old.payload, old.acks, old.pruned_at) == ({}, {}, clock.now()) and young.payload["posted"]
    assert (old.amount, old.currency, old.state) == (young.amount, "EUR", young.state)
    assert bodies(any_journal)["1-1"].keys() == {"said"} and bodies(any_journal)["2-1"]["data"]
    refused = any_journal.runs.replay([old.run_id], "start", None, "Ada").refused
    assert "audit lake (tieout trace" in refused[old.run_id] and "2026-" in refused[old.run_id]
    preview = Preview(any_journal, engine.flows, engine.landscape, clock, engine.worker.gates)
    found = preview.of(Plan((old.run_id, young.run_id), "start"))
    assert [(one["kind"], one["run_id"]) for one in found["hazards"] if one["kind"] == "pruned"] == [
        ("pruned", old.run_id)
    ]
    assert any_journal.retention.prune(90) == 0


@pytest.mark.req("C6", "N4")
def test_nothing_leaves_that_no_collector_has_proven(any_journal: Journal, clock: HandClock) -> None:
    """Confirmed is not proven: it takes a checkpoint over what was recorded up to a mark that was set before."""
    engine = settled(any_journal, clock, "1")
    clock.forward(100 * DAY)
    assert any_journal.retention.prune(1) == 0, "no collector was ever there"
    any_journal.feed.confirm("lake", any_journal.feed.read(0, 1000)[-1].position)
    assert any_journal.retention.prune(1) == 0, "it landed, and nobody signed"
    any_journal.feed.prove("lake", 0)
    any_journal.feed.prove("lake", 1)
    assert any_journal.retention.prune(1) == 0, "signed is only what is older than the mark"
    engine.admit([event("2")])
    engine.drain()
    clock.forward(10 * DAY)
    any_journal.feed.confirm("lake", any_journal.feed.read(0, 1000)[-1].position)
    any_journal.feed.prove("lake", any_journal.feed.confirmed("lake"))
    assert any_journal.retention.prune(1) == 2, "of the second run nothing was proven"
    assert run_of(any_journal, "2").payload["posted"]


@pytest.mark.req("C6", "E4")
def test_what_somebody_may_still_need_stays(any_journal: Journal, clock: HandClock) -> None:
    """A dead run and what it would begin again with, a run that waits, and the event of either."""

    def refuse(change: Any, tries: int) -> Any:
        raise Rejected("no such project", code="project-not-found")

    engine = settled(any_journal, clock, "1", target=Hostile(misbehaves=refuse))
    clock.forward(50 * DAY)
    engine.admit([event("2")])
    engine.drain()
    prove(any_journal)
    clock.forward(3600)
    dead = run_of(any_journal, "1")
    assert dead.state.value == "dead" and any_journal.retention.prune(1) == 0
    made = any_journal.runs.replay([dead.run_id], "start", None, "Ada")
    assert made.runs and any_journal.retention.prune(1) == 0, "the replay has the event of the old run"


@pytest.mark.req("C6", "E1")
def test_a_pruned_fact_that_comes_again_is_known(any_journal: Journal, clock: HandClock) -> None:
    """The same event, or one of another id that says the same in the same version, is posted no second time; a younger
    version is.
    """
    target = Hostile(policy=FAST)
    engine = settled(any_journal, clock, "1", target=target)
    clock.forward(100 * DAY)
    prove(any_journal)
    clock.forward(2 * DAY)
    assert any_journal.retention.prune(1) == 2
    again = engine.admit([event("1"), event("1", event_id="other")])
    engine.drain()
    assert again.duplicates == 2 and dict(target.effects) == {"1-v1": 1}
    assert len(engine.admit([event("1", 2, hours="4"), event("1", 0)]).started) == 2
    engine.drain()
    assert dict(target.effects) == {"1-v1": 1, "1-v2": 1}, "an older version is stale"


@pytest.mark.req("C6", "E1", "G2")
def test_a_sealed_fact_that_was_pruned_is_known_when_it_comes_again(
    journal_url: str, clock: HandClock, tmp_path: Path
) -> None:
    """By what it said as it lay there: another rate is another fact, and nobody finds one by trying."""
    target = Hostile(policy=FAST)
    with closing(open_journal(journal_url, clock, keys=Keyring(Settings(home=tmp_path)))) as journal:
        engine = Engine(journal, [posting_flow()], [target], clock)
        engine.admit([paid("1", "61.53"), paid("2", "61.53")])
        engine.drain()
        clock.forward(100 * DAY)
        prove(journal)
        clock.forward(2 * DAY)
        assert journal.retention.prune(1) == 4
        assert {"said": content_hash(paid("1", "61.53").data)} not in bodies(journal).values()
        again = engine.admit([paid("1", "61.53"), paid("1", "61.53", "other"), paid("2", "61.54", "raised")])
        engine.drain()
    assert again.duplicates == 2 and dict(target.effects) == {"1-v1": 1, "2-v1": 1, "2-v2": 1}


@pytest.mark.req("E1")
def test_a_fact_that_an_earlier_release_kept_clear_is_known_when_it_comes_again(
    journal_url: str, clock: HandClock, tmp_path: Path
) -> None:
    target, events = Hostile(policy=FAST), [paid("1", "61.53"), paid("2", "61.53")]
    with closing(open_journal(journal_url, clock)) as old:
        engine = Engine(old, [posting_flow()], [target], clock)
        engine.admit(events)
        engine.drain()
        clock.forward(100 * DAY)
        prove(old)
        clock.forward(2 * DAY)
        old.retention.prune(1)
        engine.admit([paid("3", "61.53")])
        engine.drain()
    with closing(open_journal(journal_url, clock, keys=Keyring(Settings(home=tmp_path)))) as new:
        engine = Engine(new, [posting_flow()], [target], clock)
        again = [paid(key, "61.53", f"other-{key}") for key in "123"]
        assert engine.admit(again).duplicates == 3, "pruned, and there in clear"
    assert set(target.effects.values()) == {1}


@pytest.mark.req("N3")
def test_no_transaction_holds_more_than_a_few_rows_and_it_ends_when_told(journal: Journal, clock: HandClock) -> None:
    settled(journal, clock, *map(str, range(130)))
    clock.forward(100 * DAY)
    prove(journal)
    clock.forward(2 * DAY)
    changed: list[int] = []

    def note(connection: Any, cursor: Any, statement: str, *_: Any) -> None:
        if statement.startswith(("update run set payload", "update event")):
            changed.append(cursor.rowcount)

    sa.event.listen(journal.engine, "after_cursor_execute", note)
    assert journal.retention.prune(1, lambda: False) == 50 and changed == [50]
    assert journal.retention.prune(1) == 210 and max(changed) <= 50


@pytest.mark.finding("A13b")
def test_a_run_takes_little_of_a_journal(tmp_path: Path, clock: HandClock) -> None:
    """0.1.0 held 8 KB a run: its event, the run, what the feed says of it. Wanted: a third less at the least."""
    file, runs = tmp_path / "journal.sqlite", 150
    with closing(open_journal(f"sqlite:///{file}", clock)) as journal:
        settled(journal, clock, "warm-up")
        before = pages(file)
        settled(journal, clock, *(f"TE-{number}" for number in range(runs)))
        assert (pages(file) - before) / runs < 5_500


def pages(file: Path) -> int:
    """Bytes of the database's own pages, whether they stand in its file or still in its log."""
    with closing(sqlite3.connect(file)) as connection:
        [(count, size)] = connection.execute("SELECT page_count, page_size FROM pragma_page_count, pragma_page_size")
    return int(count * size)
