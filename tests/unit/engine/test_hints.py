"""A webhook is a hint: the record that it names is read from its system, and goes the way of a polled one (C3, E11)."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from integrations.contracts import Page, Role
from integrations.engine import Engine
from models.canonical.hint import hint
from models.domain.errors import RateLimited, Retriable
from models.domain.ownership import Ownership, OwnershipRule
from models.domain.record import RecordKind
from models.domain.states import RunState
from models.journal import Journal
from models.journal.inbox import Item
from tests.unit.engine.hooked import Hooked, payload
from tests.unit.engine.hostile import START, HandClock, Hostile, event, posting_flow
from tests.unit.engine.test_flowing import state_of

pytestmark = pytest.mark.req("C3", "E11")


def delivery(body: Any, item_id: str = "d-1", system: str = "psa") -> Item:
    return Item(system, item_id, START, hint(system, item_id, body))


def engine_on(journal: Journal, clock: HandClock, *connectors: Hostile) -> Engine:
    return Engine(journal, [posting_flow()], [*connectors, Hostile()], clock)


def posted(engine: Engine) -> dict[str, Any]:
    erp = engine.landscape.connectors["erp"]
    assert isinstance(erp, Hostile)
    return {key: fields["hours"] for key, fields in erp.objects.items()}


def test_what_it_names_is_read_and_what_it_says_is_not_believed(any_journal: Journal, clock: HandClock) -> None:
    """C3: the payload speaks of a million hours; the record has eight, and eight are posted, once."""
    psa = Hooked()
    psa.held["a"] = event("a", hours="8")
    engine = engine_on(any_journal, clock, psa)
    any_journal.inbox.append([delivery(payload("a"))])
    engine.drain()
    assert posted(engine) == {"a-v1": "8"} and Decimal(8) != payload("a")["worklog"]["hours"]
    assert any_journal.inbox_queue.waiting(10) == []
    told = [r for page in any_journal.feed.read(0, 1000) for r in page.records if r.kind is RecordKind.SOURCE_EVENT]
    (own,) = [r for r in told if r.business_key == "webhook:psa:d-1"]
    assert "1000000" not in str(own.body) and "'id': 'a'" in str(own.body)


@pytest.mark.parametrize("first", ["poll", "hint"])
def test_poll_and_hint_bring_one_event(any_journal: Journal, clock: HandClock, first: str) -> None:
    """E11: whichever comes first, it is one run; an old payload of a record that has moved on brings what it is now."""
    psa = Hooked()
    psa.held["a"] = event("a", 2)
    psa.pages["time"] = [Page([event("a", 2)], "1")]
    engine = engine_on(any_journal, clock, psa)
    any_journal.inbox.append([delivery(payload("a", updated=1))])
    roads = {"poll": engine.poll, "hint": engine.inbox.admit}
    began = [roads[first](), *(road() for name, road in roads.items() if name != first)]
    engine.drain()
    assert began == [1, 0] and any_journal.runs.states() == {("post-time", "settled"): 1}


def test_many_hints_of_a_record_cost_one_reading(journal: Journal, clock: HandClock) -> None:
    psa = Hooked()
    psa.held = {key: event(key) for key in "ab"}
    engine = engine_on(journal, clock, psa)
    journal.inbox.append([delivery(payload("ab"[n % 2]), f"d-{n}") for n in range(300)])
    engine.drain()
    assert psa.readings == [["a", "b"]] and posted(engine) == {"a-v1": "8", "b-v1": "8"}


@pytest.mark.parametrize(
    ("said", "code"),
    [
        (payload("a", "employee_updated"), "not-owner"),
        ({"webhookEvent": "worklog_updated"}, "missing-field"),
        ({"webhookEvent": "worklog_updated", "worklog": {"id": {"a": 1}}}, "retyped-field"),
        ([1, 2], "missing-field"),
    ],
)
def test_what_cannot_be_followed_is_a_dead_letter(any_journal: Journal, clock: HandClock, said: Any, code: str) -> None:
    """C3, S3: a hint at an entity that its source does not own, or at nothing, reads nothing; its neighbour goes on."""
    psa = Hooked()
    psa.held = {"a": event("a"), "b": event("b")}
    engine = engine_on(any_journal, clock, psa)
    engine.landscape.ownership = Ownership((OwnershipRule("resource", ("*",), ("erp",), "people"),))
    any_journal.inbox.append([delivery(said, "x"), delivery(payload("b"), "y")])
    engine.drain()
    (dead,) = any_journal.runs.by_keys(["inbox:psa:x"])
    assert (dead.state, dead.error_code) == (RunState.DEAD, code)
    assert psa.asked == {"b": 1} and state_of(any_journal, "b") == ["settled"] and not state_of(any_journal, "a")


def test_a_system_without_a_connector_for_it_says_so(any_journal: Journal, clock: HandClock) -> None:
    engine = engine_on(any_journal, clock, Hostile("psa", Role.PSA, streams=["time"]))
    any_journal.inbox.append([delivery(payload("a")), delivery(payload("a"), "d-2", "nobody")])
    engine.drain()
    dead = any_journal.runs.by_keys(["inbox:psa:d-1", "inbox:nobody:d-2"])
    assert {run.error_code for run in dead} == {"no-webhook"} and len(dead) == 2


@pytest.mark.parametrize("replayed", [False, True])
def test_a_forged_or_unheard_record_starts_nothing(any_journal: Journal, clock: HandClock, replayed: bool) -> None:
    """C3: a record that its system does not have, an event that nobody follows: on record, and nothing moves."""
    engine = engine_on(any_journal, clock, Hooked())
    any_journal.inbox.append([delivery(payload("gone"), "x"), delivery(payload("a", "project_created"), "y")])
    engine.drain()
    any_journal.inbox.append([delivery(payload("gone"), "x")] if replayed else [])
    engine.drain()
    assert any_journal.runs.states() == {} and posted(engine) == {} and any_journal.inbox_queue.waiting(10) == []


@pytest.mark.parametrize("trouble", ["away", "busy", "broken"])
def test_a_system_that_cannot_be_read_rests_alone(any_journal: Journal, clock: HandClock, trouble: str) -> None:
    """E11, E3: its hints stay and are followed later; another system's go on meanwhile."""
    errors = {
        "away": Retriable("no answer"),
        "busy": RateLimited("wait", START + timedelta(seconds=9)),
        "broken": ZeroDivisionError(),
    }
    psa, other = Hooked(), Hooked("other")
    psa.held, other.held, psa.trouble = {"a": event("a")}, {"b": event("b")}, [errors[trouble]]
    engine = engine_on(any_journal, clock, psa, other)
    engine.inbox._limit = 1
    any_journal.inbox.append([delivery(payload("a")), delivery(payload("b"), "d-2", "other")])
    engine.drain()
    assert state_of(any_journal, "b") == ["settled"] and not state_of(any_journal, "a")
    assert len(any_journal.inbox_queue.waiting(10)) == 1
    clock.forward(10)
    engine.drain()
    assert state_of(any_journal, "a") == ["settled"] and any_journal.inbox_queue.waiting(10) == []


def test_a_delivery_without_an_id_is_known_only_while_it_waits(any_journal: Journal, clock: HandClock) -> None:
    """C3: an equal payload may mean another change: once the first was followed, the record is read again."""
    psa = Hooked()
    psa.held["a"] = event("a")
    engine = engine_on(any_journal, clock, psa)
    item = Item("psa", "sha256:1", START, hint("psa", "sha256:1", payload("a")), again=True)
    assert [any_journal.inbox.append([item]).new for _ in range(2)] == [1, 0]
    engine.drain()
    psa.held["a"] = event("a", 2, hours="4")
    assert any_journal.inbox.append([item, item]).new == 1
    engine.drain()
    assert posted(engine) == {"a-v1": "8", "a-v2": "4"} and psa.asked == {"a": 2}


def test_a_dead_letter_of_a_hint_is_replayed(any_journal: Journal, clock: HandClock) -> None:
    """E4: once the connector declares webhooks, the kept delivery is followed, and its dead letter ends."""
    before = engine_on(any_journal, clock, Hostile("psa", Role.PSA, streams=["time"]))
    any_journal.inbox.append([delivery(payload("a"), "x")])
    before.drain()
    (dead,) = any_journal.runs.by_keys(["inbox:psa:x"])
    psa = Hooked()
    psa.held["a"] = event("a")
    any_journal.requests.append("replay", {"run_ids": [dead.run_id]}, "ops")
    engine_on(any_journal, clock, psa).drain()
    assert [run.state for run in any_journal.runs.by_keys(["inbox:psa:x"])] == [RunState.SUPERSEDED]
    assert state_of(any_journal, "a") == ["settled"] and psa.asked == {"a": 1}
