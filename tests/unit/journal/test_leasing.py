"""Claims, leases and fencing of runs (E1, E8), on both databases."""

from __future__ import annotations

import threading
from typing import Any

import pytest
import sqlalchemy as sa

from models.domain.outcomes import Fact
from models.domain.record import Record, RecordKind
from models.domain.states import RunState
from models.journal import Journal, open_journal, signals
from models.journal.runs import admission
from models.journal.runs.claiming import CRASHES
from models.journal.runs.records import run_record
from models.journal.runs.run import Arrival, Move, Start
from models.journal.signals import raise_signals
from models.journal.statements import statements
from tests.unit.engine.hostile import START, HandClock


def arrival(key: str, version: int = 1, lane: str = "NOV-DE", aggregate: str | None = None) -> Arrival:
    start = Start(
        "flow", 1, "step", key, version, aggregate or key, lane, "type", {"n": version}, "correlation", "0" * 31 + "1"
    )
    return Arrival("source", f"{key}-{version}", {"subject": key, "data": {"n": version}}, [start])


def crash(journal: Journal) -> None:
    """Let every lease run out, as when a worker is gone."""
    with journal.engine.begin() as connection:
        connection.execute(sa.text("update run set lease_until_wall = 1 where state = 'running'"))
    journal.runs.reap()


@pytest.mark.req("E8", "E1")
def test_a_late_worker_is_refused(any_journal: Journal) -> None:
    """E8: a worker whose lease ended stores nothing, no state, record or fact, though its neighbour run is stored."""
    any_journal.runs.admit([arrival("a"), arrival("b")])
    late = any_journal.runs.claim("late")
    taken = next(run for run in late.runs if run.business_key == "a")
    with any_journal.engine.begin() as connection:
        connection.execute(sa.text("update run set lease_until_wall = 1 where run_id = :id"), {"id": taken.run_id})
    any_journal.runs.reap()
    assert [run.run_id for run in any_journal.runs.claim("next").runs] == [taken.run_id]
    moves = []
    for run in late.runs:
        run.state = RunState.SETTLED
        record = run_record(run, RecordKind.TRANSFORMATION, START, status="done", body={})
        moves.append(Move(run, [record], [Fact("project", run.business_key, {"x": 1})]))
    assert any_journal.runs.commit("late", moves, late.wall) == {taken.run_id}
    assert any_journal.runs.states() == {("flow", "running"): 1, ("flow", "settled"): 1}
    assert set(any_journal.registry.known([("project", "a"), ("project", "b")])) == {("project", "b")}
    told = [
        record.business_key
        for page in any_journal.feed.read(0)
        for record in page.records
        if record.kind is RecordKind.TRANSFORMATION
    ]
    assert told == ["b"]


@pytest.mark.req("E8")
def test_two_workers_never_share_a_run(any_journal: Journal, journal_url: str, clock: HandClock) -> None:
    """E8: racing claims divide the runs between them."""
    any_journal.runs.admit([arrival(f"k{n}", lane=f"lane{n % 3}") for n in range(300)])
    claimed: list[str] = []
    barrier = threading.Barrier(4)

    def race(owner: str) -> None:
        journal = open_journal(journal_url, clock)
        barrier.wait()
        while runs := journal.runs.claim(owner, 20).runs:
            claimed.extend(run.run_id for run in runs)
        journal.close()

    workers = [threading.Thread(target=race, args=(f"w{n}",)) for n in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert len(claimed) == len(set(claimed)) == 300


@pytest.mark.req("E8", "E7")
def test_a_run_that_kills_its_workers_is_isolated_and_given_up(any_journal: Journal) -> None:
    """E7: first the page shrinks, then the suspect stands alone, then it is handed out only to be buried."""
    any_journal.runs.admit([arrival(f"k{n}") for n in range(100)])
    sizes = []
    for _ in range(CRASHES):
        sizes.append(len(any_journal.runs.claim("w").runs))
        crash(any_journal)
    assert sizes == [100, 25, 1]
    buried = any_journal.runs.claim("w").runs
    assert [run.claims for run in buried] == [CRASHES + 1]


@pytest.mark.req("E8")
def test_a_begun_write_is_in_doubt_after_a_crash(any_journal: Journal) -> None:
    """E8: what was intended and not answered is asked for before anything is written again."""
    any_journal.runs.admit([arrival("a"), arrival("b")])
    claim = any_journal.runs.claim("w")
    claim.runs[0].intent = {"step": "post", "key": "k"}
    any_journal.runs.commit("w", [Move(run) for run in claim.runs], claim.wall)
    crash(any_journal)
    assert {run.business_key: run.state.value for run in any_journal.runs.by_keys(["a", "b"])} == {
        "a": "in_doubt",
        "b": "ready",
    }
    assert {run.business_key: run.intent for run in any_journal.runs.claim("next").runs}["a"] == {
        "step": "post",
        "key": "k",
    }


def test_stopping_is_no_crash(any_journal: Journal) -> None:
    """Shutdown is not an attempt: runs given back count no claim."""
    any_journal.runs.admit([arrival("a")])
    for _ in range(10):
        (run,) = any_journal.runs.claim("w").runs
        assert run.claims == 1
        any_journal.runs.give_back("w")


@pytest.mark.req("E8")
def test_heartbeat_keeps_a_long_page(any_journal: Journal) -> None:
    """E8: prolonged leases are not reaped; others' are."""
    any_journal.runs.admit([arrival("a")])
    any_journal.runs.claim("w", lease_seconds=-1)
    any_journal.runs.heartbeat("w")
    assert any_journal.runs.reap() == 0 and any_journal.runs.claim("other").runs == []


@pytest.mark.req("E8", "N4")
def test_what_the_dead_held_is_due_at_once(any_journal: Journal) -> None:
    """E8: whoever is known to be no more is not waited for; who only begins with the same letters keeps what it has."""
    any_journal.runs.admit([arrival("a"), arrival("b")])
    any_journal.runs.claim("host:1:abc/7", limit=1)
    any_journal.runs.claim("host:1:abcd/7")
    assert all(any_journal.leases.hold(f"poll {name}", owner, 60) for name, owner in (("a", "one"), ("b", "two")))
    assert any_journal.runs.forfeit(["host:1:abc", "host:1:xyz"]) == 1 and any_journal.runs.reap() == 1
    assert len(any_journal.runs.claim("other").runs) == 1
    assert any_journal.leases.end(["one", "three"]) == 1
    assert [any_journal.leases.hold(f"poll {name}", "other", 60) for name in "ab"] == [True, False]


@pytest.mark.req("C5")
def test_the_feed_never_skips_a_late_commit(any_journal: Journal, clock: HandClock) -> None:
    """C5: a page whose lower position commits after a higher one is read in its place, never passed over."""

    def record(key: str) -> Record:
        return Record(RecordKind.FINDING, clock.now(), business_key=key, body={"n": 1})

    if any_journal.engine.dialect.name == "sqlite":
        any_journal.runs.note([record("first")])
        any_journal.runs.note([record("second")])
    else:
        slow = any_journal.engine.connect()
        open_transaction = slow.begin()
        any_journal.feed.append(slow, [record("first")])
        any_journal.runs.note([record("second")])
        seen: list[str | None] = []
        reader = threading.Thread(
            target=lambda: seen.extend(r.business_key for page in any_journal.feed.read(0) for r in page.records)
        )
        reader.start()
        reader.join(0.3)
        assert reader.is_alive() and seen == [], "the reader waits for the appender that holds the lower position"
        open_transaction.commit()
        reader.join(10)
        slow.close()
        assert seen == ["first", "second"]
    assert [r.business_key for page in any_journal.feed.read(0) for r in page.records] == ["first", "second"]


def test_a_confirmed_feed_is_trimmed_and_positions_go_on(any_journal: Journal, clock: HandClock) -> None:
    """C6: nothing is dropped before every consumer has it; a position is never given twice."""
    for _ in range(3):
        any_journal.runs.note([Record(RecordKind.FINDING, clock.now())])
    assert any_journal.feed.trim() == 0
    positions = [page.position for page in any_journal.feed.read(0)]
    any_journal.feed.confirm("lake", positions[-1])
    any_journal.feed.confirm("lake", positions[0])
    assert any_journal.feed.confirmed("lake") == positions[-1], "a confirmation never moves back"
    assert any_journal.feed.trim() == 3
    any_journal.runs.note([Record(RecordKind.FINDING, clock.now())])
    assert any_journal.feed.read(0)[0].position > positions[-1]


@pytest.mark.finding("C9b")
@pytest.mark.req("E5", "N4")
def test_a_newer_version_is_kept_when_the_waiting_run_went_on_meanwhile(
    any_journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    """N4: on PostgreSQL another transaction may wake the run between the look and the update: the event gets a run of
    its own.
    """
    any_journal.runs.admit([arrival("a", 1)])
    with any_journal.engine.begin() as connection:
        connection.execute(sa.text("update run set state = 'waiting', waiting_for = 'x/1'"))
    looked = admission._Admission._look

    def meanwhile(self: Any, starts: Any) -> None:
        looked(self, starts)
        self._connection.execute(sa.text("update run set state = 'ready'"))

    monkeypatch.setattr(admission._Admission, "_look", meanwhile)
    admitted = any_journal.runs.admit([arrival("a", 2)])
    assert (len(admitted.started), admitted.woken) == (1, [])
    assert [(run.source_version, run.payload, run.held) for run in any_journal.runs.by_keys(["a"])] == [
        (1, {"n": 1}, 0),
        (2, {"n": 2}, 1),
    ]


@pytest.mark.req("E5")
@pytest.mark.postgres
def test_a_signal_committed_late_still_wakes(postgres_url: str, clock: HandClock) -> None:
    """E5: raised before the page was claimed, committed after its look-up: the run that paused for it goes on."""
    journal = open_journal(postgres_url, clock)
    journal.runs.admit([arrival("a")])
    with journal.engine.connect() as slow:
        raised = slow.begin()
        raise_signals(slow, ["project:P"], clock.now())
        claim = journal.runs.claim("w")
        raised.commit()
    (run,) = claim.runs
    run.state, run.waiting_for = RunState.WAITING, "project/P"
    journal.runs.commit("w", [Move(run)], claim.wall)
    journal.runs.reap()
    assert journal.runs.states() == {("flow", "ready"): 1}
    journal.close()


@pytest.mark.req("N3")
def test_waits_that_are_over_are_found_by_an_index(journal: Journal) -> None:
    """N3: every half second somebody looks, however many runs wait."""
    late = statements(signals._SQL, "sqlite")["wake_late"]
    with journal.engine.connect() as connection:
        plan = connection.execute(sa.text(f"explain query plan {late.text}"), {"now": 0}).all()
    assert ["USING INDEX run_late (due_at<?)" in row.detail for row in plan] == [True], plan


@pytest.mark.req("E9")
def test_a_job_has_one_runner_until_its_lease_ends(any_journal: Journal) -> None:
    """E9: another owner gets the job when the lease ran out or was given back."""
    leases = any_journal.leases
    assert leases.hold("poll", "a", 60) and leases.hold("poll", "a", 60) and not leases.hold("poll", "b", 60)
    leases.release("poll", "b")
    assert not leases.hold("poll", "b", 60)
    leases.hold("poll", "a", -1)
    assert leases.hold("poll", "b", 60)


@pytest.mark.req("M2")
def test_crosswalk_both_ways(any_journal: Journal) -> None:
    """M2: a system id leads to one canonical id, a canonical id to the latest id in a system."""
    any_journal.crosswalk.link([("crm", "customer", "001", "C-1"), ("erp", "customer", "77", "C-1")])
    any_journal.crosswalk.link([("crm", "customer", "001", "C-2")])
    assert any_journal.crosswalk.canonical_ids([("crm", "customer", "001"), ("crm", "customer", "no")]) == {
        ("crm", "customer", "001"): "C-2"
    }
    assert any_journal.crosswalk.system_ids([("erp", "customer", "C-1")]) == {("erp", "customer", "C-1"): "77"}
    any_journal.registry.learn(
        [Fact("customer", "C-1", {"name": "A"}, ["a|de"]), Fact("customer", "C-9", {"name": "A2"}, ["a|de"])]
    )
    assert any_journal.registry.matches([("customer", "a|de")]) == {("customer", "a|de"): ["C-1", "C-9"]}


def test_pulse_counts_what_is_due_and_the_oldest_poll(any_journal: Journal, clock: HandClock) -> None:
    """The pulse says when everything emitted so far has been read, and how much is left to do."""
    assert any_journal.runs.pulse().polled_at is None
    any_journal.cursors.register([("crm", "accounts"), ("psa", "time")])
    with any_journal.engine.begin() as connection:
        any_journal.cursors.move(connection, "crm", "accounts", None, "1", clock.now())
    assert any_journal.runs.pulse().polled_at is None, "one source was never read"
    with any_journal.engine.begin() as connection:
        any_journal.cursors.move(connection, "psa", "time", None, "1", clock.now())
    any_journal.runs.admit([arrival("a", 1), arrival("a", 2)])
    assert (any_journal.runs.pulse().polled_at, any_journal.runs.pulse().due) == (START, 1), (
        "a held run is nobody's work yet"
    )
    any_journal.runs.claim("w")
    assert any_journal.runs.pulse().due == 1


@pytest.mark.req("E9")
def test_a_turn_is_had_once_an_interval_whoever_asks(any_journal: Journal) -> None:
    """E9: a job that rests for an hour has one turn in it, though its lease is over or was given back meanwhile."""
    leases = any_journal.leases
    assert leases.turn("tidy", "a", 60, 3600) and not leases.turn("tidy", "a", 60, 3600)
    leases.release("tidy", "a")
    assert not leases.turn("tidy", "b", 60, 3600), "the interval is not over"
    assert leases.turn("tidy", "b", 60, 0) and not leases.turn("tidy", "a", 60, 0), "the lease is another's"
