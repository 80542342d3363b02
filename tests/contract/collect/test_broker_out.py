"""What was admitted goes out to an exchange of a real RabbitMQ: once it is confirmed it is marked, and what the broker
does not take holds up nothing (E12, M3, S6, N4).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from itertools import count
from pathlib import Path

import pytest

from collectors.brokers.binding import STRUCTURED, event_in
from collectors.brokers.outgoing import _RATES, batches, outgoing
from collectors.brokers.reach import reaches
from collectors.brokers.sending import Sending
from collectors.pipeline.commits import Commits
from collectors.pipeline.provenance import Provenance
from collectors.receivers.broker import RECEIVER
from collectors.receivers.contract import Counted, Host
from integrations.engine import Engine
from models.canonical.classification import DataClass, field_class
from models.canonical.events import EVENT_TYPES, CloudEvent
from models.canonical.schemas import SCHEMAS
from models.catalogue import broker as catalogue
from models.domain.clock import SystemClock
from models.journal import Journal, open_journal
from models.journal.inbox import Item
from models.leased import Leased
from models.settings import Settings
from tests.contract.collect import test_broker
from tests.contract.collect.test_broker import address, until
from tests.rabbitmq import LARGEST, Broker, Speaker
from tests.unit.collect.memory_lake import MemoryLake
from tests.unit.engine.hostile import Hostile, event, posting_flow

pytestmark = [pytest.mark.req("E12", "S6"), pytest.mark.processes]
NUMBERS = count(1)
TRACE = "00-" + "a" * 32 + "-" + "b" * 16 + "-01"


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    opened = open_journal(f"sqlite:///{tmp_path / 'journal.sqlite'}", SystemClock())
    yield opened
    opened.close()


@pytest.fixture
def road() -> catalogue.Broker:
    number = next(NUMBERS)
    return catalogue.Broker("bus", "BUS", exchange=f"out-{number}")


def engine(journal: Journal) -> Engine:
    return Engine(journal, [posting_flow()], [Hostile()], SystemClock())


def admit(journal: Journal, *events: CloudEvent) -> None:
    engine(journal).admit(events)


def host(settings: Settings) -> Host:
    nobody, pipeline = Provenance(set(), SystemClock()), test_broker.Memory()
    return Host(settings, SystemClock(), "one", pipeline, Commits(MemoryLake), pipeline, nobody, bytes(32))


@contextmanager
def sending(
    road: catalogue.Broker, broker: Broker, journal: Journal, owner: str = "one", begun: bool = True
) -> Iterator[Sending]:
    lease = Leased(journal.leases, "broker bus", owner, 90, 20)
    one = Sending(road, reaches(road, address(broker)), journal.outbox, lease)
    one.link.start()
    try:
        if begun:
            until(lambda: one.link.connected)
            until(lambda: _place(journal) is not None)
        yield one
    finally:
        one.link.end()
        one.link.join(10)


def _place(journal: Journal) -> int | None:
    with journal.engine.connect() as connection:
        return connection.exec_driver_sql("select max(position) from outlet").scalar()


def ids(speaker: Speaker, queue: str) -> list[str | None]:
    return [one.message_id for one in speaker.taken(queue)]


@pytest.mark.req("M3")
def test_what_was_admitted_goes_out_once_and_in_order(broker: Broker, journal: Journal, road: catalogue.Broker) -> None:
    """E12: not what is known, stale or unreadable; a whole event as CloudEvents ask, without rates, in its trace."""
    speaker = Speaker(broker)
    speaker.bind(road.exchange, road.exchange, "tieout.time_entry.*")
    journal.outbox.only(["bus"])
    with sending(road, broker, journal) as one:
        first = event("a", 2)
        rated = first.model_copy(update={"data": {**first.data, "bill_rate": {"amount": "90.00", "currency": "EUR"}}})
        admit(journal, rated.model_copy(update={"traceparent": TRACE}), event("b"))
        admit(journal, event("a", 2), event("a", 1), event("a", 3), event("c", hours="eight"))
        admit(journal, event("d", kind="corrected"))
        until(lambda: one.counts().get("sent") == 4)
        assert one.link.fault is None and one.counts() == {"sent": 4}
    found = speaker.taken(road.exchange)
    assert [message.message_id for message in found] == ["a-2", "b-1", "a-3", "d-1"]
    assert [message.routing_key for message in found][-1] == "tieout.time_entry.corrected"
    assert {(message.content_type, message.delivery_mode, message.app_id) for message in found} == {
        (STRUCTURED, 2, "tieout")
    }
    told = event_in(STRUCTURED, found[0].headers, found[0].body)
    assert CloudEvent.model_validate(told).sourceversion == 2 and told["sourceversion"] == "2"
    assert told["data"]["bill_rate"] is None and told["data"]["hours"] == "8"
    assert found[0].headers["traceparent"] == told["traceparent"] == TRACE
    records = [
        record for page in journal.feed.read(0) for record in page.records if record.business_key == "time_entry:b"
    ]
    assert str(found[1].headers["traceparent"]).startswith(f"00-{records[0].trace_id}-"), "its run's"


@pytest.mark.req("N4")
def test_what_a_broker_missed_waits_in_the_journal(broker: Broker, journal: Journal, road: catalogue.Broker) -> None:
    """E12: events begin with the first start; what is admitted while nobody sends waits, also when the lake has it."""
    speaker = Speaker(broker)
    speaker.bind(road.exchange, road.exchange)
    admit(journal, event("before"))
    with sending(road, broker, journal):
        pass
    admit(journal, *(event(str(n)) for n in range(20)))
    journal.feed.confirm("lake", journal.feed.top())
    journal.feed.trim()
    with sending(road, broker, journal) as one:
        until(lambda: one.counts().get("sent") == 20)
    assert sorted(ids(speaker, road.exchange)) == sorted(f"{n}-1" for n in range(20))
    journal.feed.trim()
    assert journal.feed.read(0) == [], "what has gone out is kept no longer"
    admit(journal, event("later"))
    journal.outbox.only([])
    journal.feed.confirm("lake", journal.feed.top())
    journal.feed.trim()
    assert journal.feed.read(0) == [], "a broker that was taken out of the catalogue holds nothing"


def test_what_is_admitted_before_a_new_broker_was_reached_goes_out(
    broker: Broker, journal: Journal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """E12: from the collector's first start on, also where the broker was away then; without an entry nothing waits."""
    speaker, catalogue, files = Speaker(broker), tmp_path / "catalogue", Settings(home=tmp_path)
    speaker.bind("first", "first")
    catalogue.mkdir()
    (catalogue / "brokers.toml").write_text('[[broker]]\nname = "bus"\nurl = "BUS"\nexchange = "first"\n')
    settings = files.model_copy(update={"catalogue": catalogue})
    monkeypatch.setenv("BUS", "amqp://127.0.0.1:9")
    started = RECEIVER.journal_work and RECEIVER.journal_work(host(settings), journal)
    admit(journal, event("a"))
    monkeypatch.setenv("BUS", address(broker)["BUS"])
    started = RECEIVER.journal_work and RECEIVER.journal_work(host(settings), journal)
    assert isinstance(started, Counted) and journal.unsent.behind() == {"bus": 1}
    started.start()
    until(lambda: started.shown()["bus"]["out"].get("sent") == 1)
    started.stop(10)
    assert ids(speaker, "first") == ["a-1"]
    assert RECEIVER.journal_work and RECEIVER.journal_work(host(files), journal) is None
    assert journal.unsent.behind() == {}


@pytest.mark.req("N4")
def test_what_a_broker_does_not_take_holds_up_nothing(broker: Broker, journal: Journal, road: catalogue.Broker) -> None:
    """N4: the one that is too large for the broker is kept with its words, the others of its batch go out."""
    speaker = Speaker(broker)
    speaker.bind(road.exchange, road.exchange)
    large = event("large")
    large = large.model_copy(update={"data": {**large.data, "notes": "x" * LARGEST}})
    with sending(road, broker, journal) as one:
        admit(journal, event("a"), large, event("b"))
        until(lambda: one.counts().get("sent", 0) >= 2 and bool(journal.unsent.all()))
        admit(journal, event("c"))
        until(lambda: _place(journal) == journal.feed.top())
        (unsent,) = journal.unsent.all()
        assert unsent.key == ("psa/time", "large-1") and "larger than" in unsent.why
        assert list(dict.fromkeys(ids(speaker, road.exchange))) == ["a-1", "b-1", "c-1"]
        assert journal.unsent.send_again("bus", "ada", "the limit was raised") == 1
        until(lambda: journal.unsent.all()[0].refused_at != unsent.refused_at)
        assert journal.unsent.all()[0].again_at is None
        admit(journal, event("d"))
        until(lambda: _place(journal) == journal.feed.top())
        assert "d-1" in ids(speaker, road.exchange)


@pytest.mark.req("N4")
def test_a_queue_that_is_full_makes_events_wait_in_order(
    broker: Broker, journal: Journal, road: catalogue.Broker
) -> None:
    """E12: what is refused for the moment is no dead letter, and no later event of its subject goes before it."""
    speaker, heard = Speaker(broker), list[str | None]()
    speaker.bind(road.exchange, road.exchange, room=3)
    with sending(road, broker, journal) as one:
        admit(journal, *(event(key, version) for version in (1, 2, 3) for key in ("a", "b")))
        until(lambda: "is a queue full?" in str(one.link.fault))
        until(lambda: bool(heard.extend(ids(speaker, road.exchange))) or {"a-3", "b-3"} <= set(heard))
        until(lambda: _place(journal) == journal.feed.top() and one.link.fault is None)
    first = list(dict.fromkeys(heard + ids(speaker, road.exchange)))
    assert [name for name in first if str(name).startswith("a")] == ["a-1", "a-2", "a-3"]
    assert [name for name in first if str(name).startswith("b")] == ["b-1", "b-2", "b-3"]
    assert journal.unsent.all() == []


def test_what_nobody_hears_is_kept_where_that_is_wanted(
    broker: Broker, journal: Journal, road: catalogue.Broker
) -> None:
    """E12: dropped unless `unheard` says keep; then somebody has it sent again, on record, once a queue is bound."""
    speaker = Speaker(broker)
    with sending(road, broker, journal) as one:
        admit(journal, event("a"))
        until(lambda: one.counts().get("unheard") == 1)
    assert journal.unsent.all() == []
    with sending(replace(road, unheard="keep"), broker, journal) as one:
        admit(journal, event("b"))
        until(lambda: bool(journal.unsent.all()))
        assert "nobody listens" in journal.unsent.all()[0].why
        speaker.bind(road.exchange, road.exchange)
        assert journal.unsent.send_again("bus", "ada", "the queue is bound now") == 1
        until(lambda: journal.unsent.all() == [])
    assert ids(speaker, road.exchange) == ["b-1"]
    records = [record for page in journal.feed.read(0, 1000) for record in page.records if record.actor == "ada"]
    assert [record.body["action"] for record in records] == ["send again"]


def test_one_of_several_collectors_sends(broker: Broker, journal: Journal, road: catalogue.Broker) -> None:
    speaker = Speaker(broker)
    speaker.bind(road.exchange, road.exchange)
    with sending(road, broker, journal, "one") as one, sending(road, broker, journal, "other") as other:
        admit(journal, event("a"))
        until(lambda: one.counts().get("sent") == 1)
    assert other.counts() == {} and ids(speaker, road.exchange) == ["a-1"]


def test_what_came_by_a_broker_and_goes_back_is_known(broker: Broker, journal: Journal, road: catalogue.Broker) -> None:
    """A queue that is bound to the exchange we send to makes no circle."""
    speaker, turns = Speaker(broker), engine(journal)
    speaker.bind(road.exchange, road.exchange)
    with sending(road, broker, journal) as one:
        admit(journal, event("a"))
        until(lambda: one.counts().get("sent") == 1)
        (message,) = speaker.taken(road.exchange)
        body = event_in(STRUCTURED, message.headers, message.body)
        journal.inbox.append([Item("bus", "psa/time a-1", SystemClock().now(), body)])
        turns.inbox.admit()
        admit(journal, event("b"))
        until(lambda: one.counts().get("sent") == 2)
    assert ids(speaker, road.exchange) == ["b-1"]


@pytest.mark.req("G2")
def test_an_event_without_rates_is_one_still() -> None:
    """G2: every labour rate and pay of what goes out may be empty, so that a subscriber's schema holds."""
    models = [SCHEMAS[entity] for entity in set(EVENT_TYPES.values())]
    hidden = [
        (model, name)
        for model in models
        for name in model.model_fields
        if field_class(model, name) in (DataClass.LABOUR_RATE, DataClass.COMPENSATION)
    ]
    assert hidden and {name for _, name in hidden} <= _RATES
    assert [name for model, name in hidden if model.model_fields[name].is_required()] == []


def test_two_of_a_subject_are_never_on_their_way_at_once(journal: Journal) -> None:
    admit(journal, *(event(key, version) for version in (1, 2) for key in ("a", "b")))
    records = [record for page in journal.feed.read(0, 100) for record in page.records]
    found = [[one.key[1] for one in batch] for batch in batches(outgoing(records, rates=True))]
    assert found == [["a-1", "b-1"], ["a-2", "b-2"]]
