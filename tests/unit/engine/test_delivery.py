"""What the engine does with each answer of a target (E1, E3), on both databases where the journal decides."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa

from integrations.contracts import Policy, Role
from integrations.contracts.connector import Change
from integrations.engine import Engine
from models.domain.errors import Misconfigured, RateLimited, Rejected, Retriable
from models.domain.outcomes import NothingToDo
from models.domain.record import RecordKind
from models.journal import Journal
from tests.unit.engine.hostile import FAST, HandClock, Hostile, event, posting_flow


def engine_on(journal: Journal, clock: HandClock, *targets: Hostile, **flow: object) -> Engine:
    return Engine(journal, [posting_flow(**flow)], targets, clock, chance=lambda: 0.5)  # type: ignore[arg-type]


def states(journal: Journal) -> dict[str, int]:
    found: Counter[str] = Counter()
    for (_, state), count in journal.runs.states().items():
        found[state] += count
    return dict(found)


def records(journal: Journal, kind: RecordKind) -> list[tuple[str | None, str | None]]:
    return [
        (record.business_key, record.status)
        for page in journal.feed.read(0, 10_000)
        for record in page.records
        if record.kind is kind
    ]


@pytest.mark.req("E1")
def test_one_effect_for_an_event_however_often_it_comes(any_journal: Journal, clock: HandClock) -> None:
    """E1: the same event again, and the same fact and version under another event id, post nothing more."""
    target = Hostile()
    engine = engine_on(any_journal, clock, target)
    engine.admit([event("a"), event("b"), event("a")])
    engine.drain()
    engine.admit([event("a"), event("b", event_id="another-id")])
    engine.drain()
    assert target.effects == {"a-v1": 1, "b-v1": 1}
    assert states(any_journal) == {"settled": 2}
    assert ("time_entry:b", "duplicate") in records(any_journal, RecordKind.SOURCE_EVENT)


@pytest.mark.req("E1")
def test_a_lost_answer_is_looked_up_and_not_written_again(any_journal: Journal, clock: HandClock) -> None:
    """E1: a write whose answer never came is in doubt; the target is asked, and has it."""
    target = Hostile(misbehaves=lambda change, tries: "lost" if tries == 1 else None)
    engine = engine_on(any_journal, clock, target)
    engine.admit([event("a")])
    engine.drain()
    assert states(any_journal) == {"in_doubt": 1}
    clock.forward(10)
    engine.drain()
    assert states(any_journal) == {"settled": 1}
    assert (target.effects["a-v1"], target.finds) == (1, 1)


@pytest.mark.req("E3")
def test_a_passing_fault_backs_off_and_a_refusal_is_dead_at_once(journal: Journal, clock: HandClock) -> None:
    """E3: 1 s, then 2 s of back-off at the middle of the jitter; a refusal is never tried again."""
    busy = Hostile(
        misbehaves=lambda change, tries: (
            Retriable("busy")
            if tries < 3 and change.external_id == "busy-v1"
            else Rejected("unknown code", code="charge-code-not-found", field="charge_code")
            if change.external_id == "bad-v1"
            else None
        )
    )
    engine = engine_on(journal, clock, busy)
    engine.admit([event("busy"), event("bad")])
    engine.drain()
    assert states(journal) == {"ready": 1, "dead": 1}
    dead = journal.runs.by_keys(["time_entry:bad"])[0]
    assert (dead.error_code, dead.error_field, dead.step_name, dead.amount, dead.currency) == (
        "charge-code-not-found",
        "charge_code",
        "post",
        "80.0",
        "EUR",
    )
    clock.forward(0.9)
    assert engine.drain() == 0
    clock.forward(0.2)
    assert engine.drain() == 1
    clock.forward(1.9)
    assert engine.drain() == 0
    clock.forward(0.2)
    engine.drain()
    assert states(journal) == {"settled": 1, "dead": 1}


@pytest.mark.req("E3")
def test_attempts_end_and_waiting_is_not_an_attempt(journal: Journal, clock: HandClock) -> None:
    """E3: after the policy's attempts a run is dead; any number of rate limits is no attempt."""
    limited = Hostile(
        misbehaves=lambda change, tries: (
            RateLimited("slow down", clock.now() + timedelta(seconds=60)) if tries <= 20 else Retriable("down")
        )
    )
    engine = engine_on(journal, clock, limited)
    engine.admit([event("a")])
    for _ in range(20):
        engine.drain()
        assert journal.runs.by_keys(["time_entry:a"])[0].attempt == 0
        clock.forward(61)
    for _ in range(FAST.attempts):
        engine.drain()
        clock.forward(3600)
    assert states(journal) == {"dead": 1}
    assert limited.effects == {}


@pytest.mark.req("S7", "E3")
def test_a_held_system_is_not_called_by_anyone(journal: Journal, clock: HandClock) -> None:
    """S7: one 429 stops every call to the system until the moment it named, also from another worker."""
    target = Hostile(
        misbehaves=lambda change, tries: (
            RateLimited("slow", clock.now() + timedelta(seconds=60))
            if tries == 1 and change.external_id == "a-v1"
            else None
        )
    )
    first, second = engine_on(journal, clock, target), engine_on(journal, clock, target)
    first.admit([event("a")])
    first.drain()
    first.admit([event("b")])
    second.drain()
    assert target.effects == {} and target.calls == 1
    clock.forward(61)
    second.drain()
    assert target.effects == {"a-v1": 1, "b-v1": 1}


@pytest.mark.req("E1", "E8")
def test_a_heartbeat_revives_no_lost_lease(any_journal: Journal, clock: HandClock) -> None:
    """E8: a worker that was suspended past its lease writes nothing more of its page, though its heart beats again."""
    target = Hostile()
    engine = engine_on(any_journal, clock, target)

    def suspended(change: Change, tries: int) -> None:
        if target.calls > 1:
            return
        with any_journal.engine.begin() as connection:
            connection.execute(sa.text("update run set lease_until_wall = 1 where state = 'running'"))
        any_journal.runs.reap()
        assert len(any_journal.runs.claim("another").runs) == 20
        engine.worker.heartbeat()

    target._misbehaves = suspended
    target.config = replace(target.config, policy=replace(FAST, concurrency=1))
    engine.admit([event(str(n)) for n in range(20)])
    engine.worker.work()
    assert target.calls == 1 and not engine.worker.held()


@pytest.mark.req("E8")
def test_a_heartbeat_keeps_a_page_whose_runs_come_to_rest(any_journal: Journal, clock: HandClock) -> None:
    """E8: runs that settled need no lease: the others go on being written."""
    target = Hostile()
    engine = engine_on(any_journal, clock, target)
    target._misbehaves = lambda change, tries: engine.worker.heartbeat()
    target.config = replace(target.config, policy=replace(FAST, concurrency=1))
    engine.admit([event(str(n)) for n in range(25)])
    engine.worker.work()
    assert target.calls == 25 and states(any_journal) == {"settled": 25}


@pytest.mark.req("E3")
def test_the_circuit_opens_lets_one_probe_through_and_closes(journal: Journal, clock: HandClock) -> None:
    """E3: after the failures in a row nobody calls; one probe decides; the others follow when it succeeds."""
    down = {"now": True}
    target = Hostile(
        misbehaves=lambda change, tries: Retriable("down") if down["now"] else None,
        policy=replace(FAST, breaker_failures=3, concurrency=1),
    )
    engine = engine_on(journal, clock, target)
    engine.admit([event(str(n)) for n in range(10)])
    engine.drain()
    assert target.calls < 10 and journal.throttle.circuits()["erp"].state == "open"
    before = target.calls
    clock.forward(11)
    engine.drain()
    assert target.calls == before + 1, "the half-open circuit lets a single probe through"
    down["now"] = False
    for _ in range(4):
        clock.forward(20)
        engine.drain()
    assert journal.throttle.circuits()["erp"].state == "closed"
    assert states(journal) == {"settled": 10} and set(target.effects.values()) == {1}


@pytest.mark.req("E3")
def test_wrong_credentials_open_the_circuit_and_runs_wait(journal: Journal, clock: HandClock) -> None:
    """E3: Misconfigured is nobody's attempt: runs wait until the credentials work."""
    wrong = {"now": True}
    target = Hostile(misbehaves=lambda change, tries: Misconfigured("token refused") if wrong["now"] else None)
    engine = engine_on(journal, clock, target)
    engine.admit([event("a")])
    for _ in range(10):
        engine.drain()
        clock.forward(11)
    run = journal.runs.by_keys(["time_entry:a"])[0]
    assert (run.state, run.attempt, run.error_message) == ("ready", 0, "token refused")
    wrong["now"] = False
    engine.drain()
    assert states(journal) == {"settled": 1}


@pytest.mark.req("F5")
def test_one_bad_change_of_a_bulk_call_fails_alone(any_journal: Journal, clock: HandClock) -> None:
    """A refused posting of a batch is dead, its hundred neighbours are delivered in few calls."""
    target = Hostile(
        bulk=50,
        misbehaves=lambda change, tries: Rejected("no", code="closed-period") if change.external_id == "7-v1" else None,
    )
    engine = engine_on(any_journal, clock, target, bulk=50)
    engine.admit([event(str(n)) for n in range(101)])
    engine.drain()
    assert states(any_journal) == {"settled": 100, "dead": 1}
    assert target.calls == 3 and set(target.effects.values()) == {1}


def test_a_role_that_nobody_plays_has_nothing_to_do(journal: Journal, clock: HandClock) -> None:
    """S5: an installation without an ERP settles the run and says why."""
    flow = posting_flow()
    flow = replace(flow, steps=flow.steps[:3])
    engine = Engine(journal, [flow], [Hostile("psa", Role.PSA)], clock)
    engine.admit([event("a")])
    engine.drain()
    assert states(journal) == {"settled": 1}
    assert ("time_entry:a", "nothing_to_do") in records(journal, RecordKind.TRANSFORMATION)


@pytest.mark.req("N4")
def test_a_fault_in_a_step_or_connector_is_one_dead_letter_and_not_the_end(journal: Journal, clock: HandClock) -> None:
    """N4: a step that crashes, an answer too few: the run is dead or in doubt, the engine goes on."""
    flow = posting_flow()
    broken = replace(
        flow.steps[2],
        change=lambda payload, context: (
            1 / 0 if payload["ref"]["id"] == "a" else flow.steps[2].change(payload, context)
        ),
    )  # type: ignore[union-attr]
    target = Hostile()
    engine = Engine(
        journal, [replace(flow, steps=(*flow.steps[:2], broken, flow.steps[3]))], [target], clock, chance=lambda: 0.5
    )
    target.deliver = lambda changes: []  # type: ignore[method-assign, assignment]
    engine.admit([event("a"), event("b")])
    engine.drain()
    assert states(journal) == {"dead": 1, "in_doubt": 1}
    assert journal.runs.by_keys(["time_entry:a"])[0].error_code == "step-crashed"


def test_a_rate_is_shared_by_all_workers(any_journal: Journal) -> None:
    """S7: the bucket is the system's, not the worker's; it fills by the database's clock."""
    any_journal.throttle.register(["erp"])
    taken = [any_journal.throttle.take("erp", 4, rate=0.001, burst=10)[0] for _ in range(4)]
    assert taken == [4, 4, 2, 0]
    assert any_journal.throttle.take("erp", 1, rate=0.001, burst=10)[1] > 1


def test_policy_defaults_name_every_limit() -> None:
    assert (Policy().attempts, Policy().breaker_failures) == (6, 8)
    assert NothingToDo("x").because == "x"
