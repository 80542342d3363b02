"""Admission, order, waits, versions: how runs flow through the engine (E4–E7, X16, N4)."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Any

import pytest

from integrations.contracts import Emit, Need, Transform
from integrations.engine import Engine
from models.canonical.events import CloudEvent
from models.domain.errors import Rejected
from models.domain.outcomes import Done, Fact, WaitFor
from models.domain.record import RecordKind
from models.domain.states import RunState
from models.journal import Journal
from tests.two_people import replayed_by_two
from tests.unit.engine.hostile import HandClock, Hostile, event, posting_flow


def state_of(journal: Journal, key: str) -> list[str]:
    return [run.state.value for run in journal.runs.by_keys([f"time_entry:{key}"])]


def waiting_flow() -> Any:
    """Posts once the project is known."""

    def known(payload: dict[str, Any], context: Any) -> Done | WaitFor:
        if context.known("project", "PRJ-1") is None:
            return WaitFor("project/PRJ-1", "the project is not set up yet", ("code",), "crm")
        return Done({**payload, "checked": True})

    flow = posting_flow()
    return replace(
        flow, steps=(Transform("check", known, lambda payload: [Need("known", ("project", "PRJ-1"))]), *flow.steps[1:])
    )


@pytest.mark.req("E5")
def test_a_run_waits_for_master_data_and_goes_on_by_itself(any_journal: Journal, clock: HandClock) -> None:
    """E5: nothing is written while the project is missing; learning it wakes every run that waits for it."""
    target = Hostile()
    engine = Engine(any_journal, [waiting_flow()], [target], clock)
    engine.admit([event("a"), event("b")])
    engine.drain()
    run = any_journal.runs.by_keys(["time_entry:a"])[0]
    assert (run.state, run.waiting_for, run.waiting_owner, run.waiting_missing) == (
        RunState.WAITING,
        "project/PRJ-1",
        "crm",
        ["code"],
    )
    assert target.calls == 0 and any_journal.runs.pulse().due == 0
    any_journal.registry.learn([Fact("project", "PRJ-1", {"code": "PRJ-1"})])
    engine.drain()
    assert state_of(any_journal, "a") + state_of(any_journal, "b") == ["settled", "settled"]


@pytest.mark.req("E5")
def test_a_wait_ends_at_its_time(journal: Journal, clock: HandClock) -> None:
    """E5: at `until` the step is tried again although nothing changed."""
    flow = posting_flow()
    until = clock.now().replace(hour=12)
    step = Transform(
        "check",
        lambda payload, context: Done(payload) if context.now() >= until else WaitFor("x/1", "later", until=until),
    )
    engine = Engine(journal, [replace(flow, steps=(step, *flow.steps[1:]))], [Hostile()], clock)
    engine.admit([event("a")])
    engine.drain()
    assert state_of(journal, "a") == ["waiting"]
    clock.forward(4 * 3600)
    engine.drain()
    assert state_of(journal, "a") == ["settled"]


@pytest.mark.req("E5")
def test_a_signal_between_look_up_and_pause_is_not_missed(journal: Journal, clock: HandClock) -> None:
    """E5: the fact arrives after the run looked and before it paused: it goes on as soon as the pause is stored, and
    nobody has to look through all that wait.
    """
    flow = posting_flow()

    def late(payload: dict[str, Any], context: Any) -> Done | WaitFor:
        if context.known("project", "PRJ-1") is not None:
            return Done(payload)
        journal.registry.learn([Fact("project", "PRJ-1", {"code": "PRJ-1"})])
        return WaitFor("project/PRJ-1", "not there a moment ago")

    engine = Engine(journal, [replace(flow, steps=(Transform("check", late), *flow.steps[1:]))], [Hostile()], clock)
    journal.runs.reap()  # the first one of a process looks through all
    engine.admit([event("a")])
    engine.work()
    assert state_of(journal, "a") == ["ready"]
    engine.drain()
    assert state_of(journal, "a") == ["settled"]


@pytest.mark.req("E5")
def test_a_newer_version_wakes_the_run_that_waits_in_its_lineage(journal: Journal, clock: HandClock) -> None:
    """E5: the corrected fact takes the place of the one that waits: one run, one lineage, the newer payload."""
    flow = posting_flow()
    step = Transform(
        "check", lambda payload, context: Done(payload) if payload["hours"] == "7" else WaitFor("time_entry/a", "hours")
    )
    target = Hostile()
    engine = Engine(journal, [replace(flow, steps=(step, *flow.steps[1:]))], [target], clock)
    engine.admit([event("a", 1)])
    engine.drain()
    admitted = engine.admit([event("a", 2, hours="7")])
    assert (admitted.started, len(admitted.woken)) == ([], 1)
    engine.drain()
    (run,) = journal.runs.by_keys(["time_entry:a"])
    assert (run.state, run.source_version, run.payload["hours"], target.effects) == (
        RunState.SETTLED,
        2,
        "7",
        {"a-v2": 1},
    )


@pytest.mark.req("E1", "E7")
def test_versions_out_of_order_end_with_the_newest(any_journal: Journal, clock: HandClock) -> None:
    """E7: an older version that arrives after a newer one is recorded and superseded, never posted over it."""
    target = Hostile()
    engine = Engine(any_journal, [posting_flow()], [target], clock)
    engine.admit([event("a", 3)])
    engine.drain()
    engine.admit([event("a", 1), event("a", 2)])
    engine.drain()
    assert target.effects == {"a-v3": 1}
    assert Counter(state_of(any_journal, "a")) == {"settled": 1, "superseded": 2}


@pytest.mark.req("E1")
def test_versions_of_two_systems_never_compare(any_journal: Journal, clock: HandClock) -> None:
    """E1: a second system's word about the same thing is no stale version of the first one's, nor its duplicate."""
    target = Hostile()
    engine = Engine(any_journal, [posting_flow()], [target], clock)
    engine.admit([event("a", 9)])
    engine.drain()
    engine.admit(
        [
            event("a", 3).model_copy(update={"source": "csv/time"}),
            event("a", 9, event_id="x").model_copy(update={"source": "csv/time"}),
        ]
    )
    engine.drain()
    assert state_of(any_journal, "a") == ["settled", "settled", "settled"]


@pytest.mark.req("E1", "E7")
@pytest.mark.parametrize("together", [True, False])
def test_two_changes_in_one_moment_are_two_versions(any_journal: Journal, clock: HandClock, together: bool) -> None:
    """E1: a source's clock is no finer than its ticks: what differs in content or kind is a later version by arrival,
    what comes again under another id is a duplicate, and an older version is still stale.
    """
    target = Hostile()
    flow = replace(posting_flow(), triggers=("tieout.time_entry.approved", "tieout.time_entry.corrected"))
    engine = Engine(any_journal, [flow], [target], clock)
    one, two = event("a", 7), event("a", 7, hours="5", event_id="x")
    three, again = event("a", 7, hours="5", kind="corrected", event_id="y"), event("a", 7, hours="5", event_id="z")
    batches = [[one, two, three, again]] if together else [[one], [two], [three], [again]]
    admitted = []
    for batch in batches:
        admitted.append(engine.admit(batch))
        engine.drain()
    assert (sum(len(each.started) for each in admitted), sum(each.duplicates for each in admitted)) == (3, 1)
    engine.admit([event("a", 6, hours="3", event_id="w")])
    engine.drain()
    assert target.order == ["a-v7", "a-v8", "a-v9"]
    assert Counter(state_of(any_journal, "a")) == {"settled": 3, "superseded": 1}


@pytest.mark.req("E7")
def test_order_within_an_aggregate_and_none_between(any_journal: Journal, clock: HandClock) -> None:
    """E7: versions of one entry are posted in order though admitted together; a stuck one holds only its aggregate."""
    waits = {"a"}
    flow = posting_flow()
    step = Transform(
        "check", lambda payload, context: WaitFor("x/1", "stuck") if payload["ref"]["id"] in waits else Done(payload)
    )
    target = Hostile()
    engine = Engine(any_journal, [replace(flow, steps=(step, *flow.steps[1:]))], [target], clock)
    engine.admit([event("b", 1), event("a", 1), event("b", 2), event("c", 1), event("b", 3)])
    engine.drain()
    assert [name for name in target.order if name.startswith("b")] == ["b-v1", "b-v2", "b-v3"]
    assert state_of(any_journal, "a") == ["waiting"] and state_of(any_journal, "c") == ["settled"]
    assert any_journal.runs.pulse().due == 0


@pytest.mark.req("E7")
def test_a_dead_run_holds_nobody(journal: Journal, clock: HandClock) -> None:
    """E7: the next version of a refused entry goes on, and closes the refused one when it settles (X16)."""
    target = Hostile(
        misbehaves=lambda change, tries: Rejected("no", code="x") if change.external_id == "a-v1" else None
    )
    engine = Engine(journal, [posting_flow()], [target], clock)
    engine.admit([event("a", 1), event("a", 2)])
    engine.drain()
    assert state_of(journal, "a") == ["superseded", "settled"]


def test_a_busy_legal_entity_leaves_room_for_the_others(journal: Journal, clock: HandClock) -> None:
    """Fairness: a page takes from every lane in turn, however long one queue is."""
    target = Hostile()
    engine = Engine(journal, [posting_flow()], [target], clock, page=10)
    engine.admit([event(f"de{n}", entity="NOV-DE") for n in range(50)])
    engine.admit([event("uk", entity="NOV-UK")])
    engine.work()
    assert "uk-v1" in target.order


@pytest.mark.req("N4", "S8")
def test_what_cannot_be_read_is_quarantined_and_replayable(journal: Journal, clock: HandClock) -> None:
    """N4, S8: drift names the field; the corrected payload goes through as a replay."""
    target = Hostile()
    engine = Engine(journal, [posting_flow()], [target], clock)
    broken = event("a").model_copy(update={"data": {**event("a").data, "hours": "many"}})
    engine.admit([broken])
    (run,) = journal.runs.by_keys(["time_entry:a"])
    assert (run.state, run.error_code, run.error_field) == (RunState.DEAD, "schema-violation", "data.hours")
    made = replayed_by_two(journal, [run.run_id], {"hours": "8"})
    engine.drain()
    assert state_of(journal, "a") == ["superseded", "settled"] and set(made.runs) == {run.run_id}


def test_an_event_nobody_asked_for_is_on_record(journal: Journal, clock: HandClock) -> None:
    """C5: an event without a flow is recorded as unrouted."""
    engine = Engine(journal, [], [], clock)
    engine.admit([event("a")])
    (page,) = journal.feed.read(0)
    assert [(record.kind, record.status) for record in page.records] == [(RecordKind.SOURCE_EVENT, "unrouted")]


@pytest.mark.req("E4")
def test_pause_resume_and_cancel(journal: Journal, clock: HandClock) -> None:
    """E4: a paused flow starts nothing and loses nothing; a cancelled run never runs; each is an operator's action on
    record.
    """
    target = Hostile()
    engine = Engine(journal, [posting_flow()], [target], clock)
    journal.requests.append("pause_flow", {"flow": "post-time"}, "ops", "month end")
    engine.drain()
    engine.admit([event("a"), event("b")])
    engine.drain()
    assert target.calls == 0 and journal.runs.pulse().due == 0
    (b,) = journal.runs.by_keys(["time_entry:b"])
    journal.requests.append("cancel", {"run_ids": [b.run_id]}, "ops", "entered twice")
    journal.requests.append("resume_flow", {"flow": "post-time"}, "ops", "month is closed")
    engine.drain()
    assert target.effects == {"a-v1": 1} and state_of(journal, "b") == ["cancelled"]
    actors = {
        record.actor
        for page in journal.feed.read(0, 1000)
        for record in page.records
        if record.kind is RecordKind.OPERATOR_ACTION
    }
    assert actors == {"ops"}


@pytest.mark.req("E4", "X9")
def test_a_pause_and_a_cancel_tell_what_the_database_did(any_journal: Journal, clock: HandClock) -> None:
    """A second pause names who paused before, a run that ended is named; only what was done is on record as done."""
    engine = Engine(any_journal, [posting_flow()], [Hostile()], clock)
    engine.admit([event("a"), event("b")])
    asked = []
    for kind, actor, why in (
        ("pause_flow", "ada", "month end"),
        ("pause_flow", "bob", "a hunch"),
        ("resume_flow", "bob", "done"),
        ("resume_flow", "bob", "once more"),
    ):
        asked.append(any_journal.requests.append(kind, {"flow": "post-time"}, actor, why))
        engine.drain()
    by = {"paused_by": "ada", "reason": "month end"}
    assert [any_journal.requests.get(one).result for one in asked] == [
        {"flow": "post-time", "paused": True, "changed": True, **by},
        {"flow": "post-time", "paused": True, "changed": False, **by},
        {"flow": "post-time", "paused": False, "changed": True},
        {"flow": "post-time", "paused": False, "changed": False},
    ]
    ids = [run.run_id for run in any_journal.runs.by_keys(["time_entry:a", "time_entry:b"])]
    again = any_journal.requests.append("cancel", {"run_ids": [*ids, "nope"]}, "ada", "entered twice")
    engine.drain()
    result = any_journal.requests.get(again).result
    assert result["cancelled"] == 0 and set(result["refused"]) == {*ids, "nope"}
    done = [
        record.status
        for page in any_journal.feed.read(0, 1000)
        for record in page.records
        if record.kind is RecordKind.OPERATOR_ACTION and record.entity != "request"
    ]
    assert done == ["paused", "resumed"]


@pytest.mark.req("E4")
@pytest.mark.parametrize("kind", ["pause_flow", "resume_flow"])
def test_a_flow_that_is_not_there_is_neither_paused_nor_resumed(journal: Journal, clock: HandClock, kind: str) -> None:
    asked = journal.requests.append(kind, {"flow": "post_time"}, "ops", "typo")
    Engine(journal, [posting_flow()], [Hostile()], clock).drain()
    answer = journal.requests.get(asked)
    assert answer is not None and answer.state == "failed" and "give one of post-time" in answer.result["error"]


@pytest.mark.req("E4")
def test_a_run_ends_on_the_version_it_began(journal: Journal, clock: HandClock) -> None:
    """E4: a new step list is for new runs; a worker that lacks the old version leaves its runs to others."""
    old = Engine(journal, [posting_flow(1)], [Hostile()], clock)
    old.admit([event("a")])
    changed = replace(
        posting_flow(2), steps=(Transform("only", lambda payload, context: Done({**payload, "version": 2})),)
    )
    Engine(journal, [changed], [Hostile()], clock).drain()
    assert state_of(journal, "a") == ["ready"]
    clock.forward(61)
    both = Engine(journal, [posting_flow(1), changed], [Hostile()], clock)
    both.admit([event("b")])
    both.drain()
    (a,), (b,) = journal.runs.by_keys(["time_entry:a"]), journal.runs.by_keys(["time_entry:b"])
    assert (a.flow_version, a.payload.get("posted"), b.flow_version, b.payload["version"]) == (1, "id-a-v1", 2, 2)


def test_an_emitted_event_starts_its_flow_in_the_same_commit(journal: Journal, clock: HandClock) -> None:
    """F1: Emit raises further events; raising one again admits nothing more."""

    def raised(payload: dict[str, Any], context: Any) -> list[CloudEvent]:
        return [event("child").model_copy(update={"type": "tieout.time_entry.corrected", "id": context.key("emit")})]

    parent = replace(posting_flow(), steps=(Emit("emit", raised),))
    child = replace(posting_flow(), name="child", triggers=("tieout.time_entry.corrected",))
    engine = Engine(journal, [parent, child], [Hostile()], clock)
    engine.admit([event("a")])
    engine.drain()
    assert state_of(journal, "child") == ["settled"]
    assert journal.runs.by_keys(["time_entry:child"])[0].flow == "child"


@pytest.mark.req("G6")
def test_an_event_carries_the_legal_entity_that_its_payload_names(journal: Journal, clock: HandClock) -> None:
    """G6: a source that many firms share names none on its events, but what is in them may."""
    bare = event("a", entity=None)
    named = bare.model_copy(update={"data": {**bare.data, "legal_entity_id": "NOV-UK"}})
    Engine(journal, [posting_flow()], [Hostile()], clock).admit([named, event("b", entity=None)])
    records = [record for page in journal.feed.read(0, 1000) for record in page.records]
    assert {record.business_key: record.legal_entity for record in records if record.body} == {
        "time_entry:a": "NOV-UK",
        "time_entry:b": None,
    }
