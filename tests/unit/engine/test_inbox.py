"""The road from a receiver to admission: same identity, order and dead letters as a polled event (E11)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from integrations.contracts import Page, Role
from integrations.engine import Engine
from models.canonical.events import CloudEvent
from models.domain.record import RecordKind
from models.domain.states import RunState
from models.journal import Journal
from models.journal.inbox import Item
from tests.unit.engine.hostile import START, HandClock, Hostile, event, posting_flow
from tests.unit.engine.test_flowing import state_of

TRACE = "00-" + "1" * 32 + "-" + "2" * 16 + "-01"


def received(one: CloudEvent, item_id: str | None = None) -> Item:
    return Item("webhooks", item_id or f"delivery-{one.id}", START, one.model_dump(mode="json"), TRACE)


def engine_on(journal: Journal, clock: HandClock, psa: Hostile | None = None) -> Engine:
    return Engine(journal, [posting_flow()], [psa or Hostile("psa", Role.PSA, streams=["time"]), Hostile()], clock)


def arrivals(journal: Journal) -> list[tuple[str | None, str | None]]:
    records = [record for page in journal.feed.read(0, 1000) for record in page.records]
    return [(one.business_key, one.status) for one in records if one.kind is RecordKind.SOURCE_EVENT]


@pytest.mark.req("E11")
def test_a_received_event_goes_the_way_of_a_polled_one(any_journal: Journal, clock: HandClock) -> None:
    """E11: it becomes a run, in the trace of its delivery, with the record of its arrival; the target gets it once."""
    engine = engine_on(any_journal, clock)
    any_journal.inbox.append([received(event("a"))])
    engine.drain()
    (run,) = any_journal.runs.by_keys(["time_entry:a"])
    assert (run.state, run.trace_id, run.event_source) == (RunState.SETTLED, "1" * 32, "psa/time")
    assert arrivals(any_journal) == [("time_entry:a", "admitted")]
    assert any_journal.inbox_queue.waiting(10) == []


@pytest.mark.req("E11", "E1")
@pytest.mark.parametrize("first", ["poll", "inbox"])
def test_poll_and_inbox_bring_the_same_event(any_journal: Journal, clock: HandClock, first: str) -> None:
    """E11: whichever comes first, the event is one run; a second delivery under another id is none."""
    psa = Hostile("psa", Role.PSA, streams=["time"])
    psa.pages["time"] = [Page([event("a")], "1")]
    engine = engine_on(any_journal, clock, psa)
    any_journal.inbox.append([received(event("a")), received(event("a"), "sent again")])
    roads: dict[str, Callable[[], int]] = {"poll": engine.poll, "inbox": engine.inbox.admit}
    began = [roads[first](), *(road() for name, road in roads.items() if name != first)]
    assert began == [1, 0]
    engine.drain()
    assert state_of(any_journal, "a") == ["settled"] and any_journal.runs.states() == {("post-time", "settled"): 1}


@pytest.mark.req("E11", "E7")
def test_order_is_kept_within_an_aggregate(journal: Journal, clock: HandClock) -> None:
    """E7: versions of one fact run in the order in which they were appended, over pages too."""
    engine = engine_on(journal, clock)
    engine.inbox._limit = 2
    versions = list(range(1, 8))
    journal.inbox.append([received(event("a", version, event_id=f"a-{version}")) for version in versions])
    engine.drain()
    erp = engine.landscape.connectors["erp"]
    assert isinstance(erp, Hostile) and erp.order == [f"a-v{version}" for version in versions]


@pytest.mark.req("E11", "N4")
@pytest.mark.parametrize(
    ("item", "code"),
    [
        (
            Item("webhooks", "x", START, {"text": "<xml>"}, None, ("not-json", "the body is no JSON", "body")),
            "not-json",
        ),
        (Item("webhooks", "x", START, {"hello": "world"}), "no-event"),
        (Item("webhooks", "x", START, {"notes": "call \ud83d"}), "not-json"),
    ],
)
def test_what_is_no_event_is_a_dead_letter(any_journal: Journal, clock: HandClock, item: Item, code: str) -> None:
    """N4: what came is kept with the reason, and holds up no neighbour."""
    engine = engine_on(any_journal, clock)
    any_journal.inbox.append([received(event("a")), item, received(event("b"))])
    engine.drain()
    (dead,) = any_journal.runs.by_keys(["inbox:webhooks:x"])
    assert (dead.state, dead.flow, dead.error_code) == (RunState.DEAD, "intake", code)
    assert state_of(any_journal, "a") == state_of(any_journal, "b") == ["settled"]


@pytest.mark.req("E11", "N4")
@pytest.mark.parametrize("odd", [{"sourceversion": 1 << 70}, {"sourceversion": 1 << 63}, {"id": "a\0b"}])
def test_an_odd_value_holds_up_no_neighbour(any_journal: Journal, clock: HandClock, odd: dict[str, Any]) -> None:
    """N4: an event that one database keeps and the other does not is a run or a dead letter, and its page goes on."""
    engine = engine_on(any_journal, clock)
    body = {**event("odd").model_dump(mode="json"), **odd}
    any_journal.inbox.append([received(event("a")), Item("webhooks", "x", START, body), received(event("b"))])
    engine.drain()
    assert state_of(any_journal, "a") == state_of(any_journal, "b") == ["settled"]
    assert any_journal.inbox_queue.waiting(10) == []
    runs = any_journal.runs.by_keys(["time_entry:odd", "inbox:webhooks:x"])
    assert len(runs) == 1 and (runs[0].state is RunState.SETTLED or runs[0].error_code in ("unstorable", "not-json"))


@pytest.mark.req("E11", "E4")
@pytest.mark.parametrize("known_by_now", [False, True])
def test_a_dead_letter_of_the_inbox_is_replayed(
    any_journal: Journal, clock: HandClock, monkeypatch: pytest.MonkeyPatch, known_by_now: bool
) -> None:
    """E4: what a later release can read becomes its event; what none can is a dead letter anew, the old one ends."""
    with monkeypatch.context() as older:
        older.setattr(CloudEvent, "model_validate", lambda body: CloudEvent(**{**body, "unheard": 1}))
        engine = engine_on(any_journal, clock)
        any_journal.inbox.append([received(event("a"), "x")])
        engine.drain()
        (dead,) = any_journal.runs.by_keys(["inbox:webhooks:x"])
        assert (dead.state, dead.error_code) == (RunState.DEAD, "no-event")
        if not known_by_now:
            any_journal.requests.append("replay", {"run_ids": [dead.run_id]}, "ops")
            engine.drain()
    if known_by_now:
        any_journal.requests.append("replay", {"run_ids": [dead.run_id]}, "ops")
        engine.drain()
    letters = [run.state for run in any_journal.runs.by_keys(["inbox:webhooks:x"])]
    assert letters == [RunState.SUPERSEDED] + ([] if known_by_now else [RunState.DEAD])
    assert state_of(any_journal, "a") == (["settled"] if known_by_now else [])
    (request,) = any_journal.requests.recent()
    assert request.state == "done"


@pytest.mark.req("E11", "E4")
def test_an_event_that_a_road_refused_is_admitted_once_a_person_replays_it(
    any_journal: Journal, clock: HandClock
) -> None:
    """E4: whoever replays it takes its word, as the page of `foreign-source` says."""
    engine = engine_on(any_journal, clock)
    foreign = ("foreign-source", "broker bus brings events of time-clock alone", "source")
    any_journal.inbox.append([Item("bus", "psa/time a-1", START, event("a").model_dump(mode="json"), None, foreign)])
    engine.drain()
    (dead,) = any_journal.runs.by_keys(["inbox:bus:psa/time a-1"])
    assert (dead.state, dead.error_code) == (RunState.DEAD, "foreign-source") and state_of(any_journal, "a") == []
    any_journal.requests.append("replay", {"run_ids": [dead.run_id]}, "ops")
    engine.drain()
    assert state_of(any_journal, "a") == ["settled"]
