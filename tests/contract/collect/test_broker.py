"""A queue of a real RabbitMQ into the inbox: kept, then acknowledged, and what is no event holds up nothing
(E11, S6, N4, G3).
"""

from __future__ import annotations

import importlib
import json
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from itertools import count
from pathlib import Path

import aio_pika
import pytest

from collectors.brokers.binding import STRUCTURED
from collectors.brokers.reach import reaches
from collectors.brokers.taking import Taking
from collectors.pipeline.commits import Commits
from collectors.pipeline.provenance import Provenance
from collectors.receivers.contract import Host
from models.catalogue import broker as catalogue
from models.domain.clock import SystemClock
from models.domain.errors import Retriable
from models.journal.inbox import Appended, Item
from models.settings import Settings
from tests.contract.collect import test_webhooks
from tests.rabbitmq import PASSWORD, USER, Broker, Speaker
from tests.unit.collect.memory_lake import MemoryLake
from tests.unit.engine.hostile import event

pytestmark = [pytest.mark.req("E11", "S6"), pytest.mark.processes]
TRACE = "00-" + "a" * 32 + "-" + "b" * 16 + "-01"
NUMBERS = count(1)


class Memory(test_webhooks.Memory):
    """Of one id the first counts, as in the journal."""

    def append(self, items: Sequence[Item]) -> Appended:
        each = [super(Memory, self).append([one]) for one in items]
        return Appended(sum(one.new for one in each), sum(one.known for one in each))


def entry(**more: object) -> catalogue.Broker:
    road = catalogue.Broker("bus", "BUS", f"in-{next(NUMBERS)}", ("psa",), body_bytes=4096)
    return replace(road, **more)  # type: ignore[arg-type]


def address(broker: Broker, password: str = PASSWORD) -> Mapping[str, str]:
    return {"BUS": broker.address.replace("://", f"://{USER}:{password}@")}


def message(key: str, **headers: str) -> aio_pika.Message:
    return aio_pika.Message(event(key).model_dump_json().encode(), content_type=STRUCTURED, headers=headers)


def binary(key: str) -> aio_pika.Message:
    told = event(key).model_dump(mode="json", exclude_none=True)
    data = told.pop("data")
    media = told.pop("datacontenttype")
    headers = {f"cloudEvents:{name}": value for name, value in told.items()}
    return aio_pika.Message(json.dumps(data).encode(), content_type=media, headers=headers)


@contextmanager
def taking(road: catalogue.Broker, given: Mapping[str, str], inbox: Memory) -> Iterator[Taking]:
    one = Taking(road, reaches(road, given), inbox, SystemClock())
    one.link.start()
    try:
        yield one
    finally:
        one.link.end()
        one.link.join(10)


def until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < deadline, "it came to nothing"
        time.sleep(0.01)


def kept(inbox: Memory) -> list[Item]:
    return list(inbox.items.values())


@pytest.mark.req("M3")
def test_both_modes_come_in_once_and_are_acknowledged(broker: Broker) -> None:
    """E11: an event is known by source and id, in whichever mode and however often it comes; its trace goes on."""
    inbox, road, speaker = Memory(), entry(), Speaker(broker)
    speaker.say(road.queue, message("a", traceparent=TRACE), binary("a"), message("a"), binary("b"))
    with taking(road, address(broker), inbox) as one:
        until(lambda: sum(one.counts().get(what, 0) for what in ("new", "known")) == 4)
        assert one.link.fault is None and one.shown()["connected"]
    assert [(item.item_id, item.traceparent) for item in kept(inbox)] == [
        ("psa/time a-1", TRACE),
        ("psa/time b-1", None),
    ]
    assert kept(inbox)[0].body["subject"] == "time_entry:a" and speaker.left(road.queue) == 0
    assert one.counts() == {"new": 2, "known": 2}


@pytest.mark.req("N4")
def test_poison_goes_to_the_dead_letters_and_holds_up_nothing(broker: Broker) -> None:
    """N4: each is kept with its reason, acknowledged, and what comes after it is taken."""
    foreign = event("x").model_copy(update={"source": "payroll/x"}).model_dump_json().encode()
    poison = {
        "not-json": aio_pika.Message(b"<event/>", headers={"X-Api-Key": "hush", "x": "y"}, message_id="1"),
        "encoded": aio_pika.Message(b"{}", content_encoding="gzip", message_id="4"),
        "no-event": aio_pika.Message(b"{}", content_type="application/json", message_id="2"),
        "too-large": aio_pika.Message(b" " * 5000, content_type=STRUCTURED, message_id="3"),
        "foreign-source": aio_pika.Message(foreign, content_type=STRUCTURED),
    }
    inbox, road, speaker = Memory(), entry(), Speaker(broker)
    speaker.say(road.queue, *poison.values(), *poison.values(), message("good"))
    with taking(road, address(broker), inbox) as one:
        until(lambda: ("bus", "psa/time good-1") in inbox.items)
        until(lambda: sum(one.counts().get(what, 0) for what in ("new", "known")) == 11)
    refused = {item.refusal[0]: item for item in kept(inbox) if item.refusal and "gzip" not in item.refusal[1]}
    assert refused.keys() | {"encoded"} == poison.keys() and len(kept(inbox)) == 6, "the same message is kept once"
    assert refused["not-json"].body["text"] == "<event/>" and refused["foreign-source"].body["source"] == "payroll/x"
    assert refused["not-json"].body["headers"] == {"X-Api-Key": "***", "x": "y"}
    assert one.counts() == {"new": 6, "known": 5, "refused": 10} and "payroll" in one.shown()["last_refusal"]
    assert speaker.left(road.queue) == 0


def test_what_one_journal_cannot_keep_costs_no_neighbour(broker: Broker) -> None:
    """An item that no database takes goes to the dead letters as its fault."""

    class Odd(Memory):
        def append(self, items: Sequence[Item]) -> Appended:
            if any("odd-1" in item.item_id for item in items):
                raise OverflowError("a number that no column holds")
            return super().append(items)

    inbox, road = Odd(), entry()
    Speaker(broker).say(road.queue, message("a"), message("odd"), message("b"))
    with taking(road, address(broker), inbox):
        until(lambda: len(inbox.items) == 3)
    assert [item.refusal and item.refusal[0] for item in kept(inbox)] == [None, "unstorable", None]


@pytest.mark.req("C6")
def test_nothing_is_acknowledged_before_it_is_kept(broker: Broker) -> None:
    """C6: while the journal is away, messages stay the broker's, and no more come than may be unanswered."""
    inbox, road, speaker = (
        Memory(Retriable("the journal is being opened: send again")),
        entry(prefetch=2),
        Speaker(broker),
    )
    speaker.say(road.queue, *(message(str(n)) for n in range(6)))
    with taking(road, address(broker), inbox) as one:
        until(lambda: one.counts().get("put off", 0) >= 3)
        assert "journal takes nothing" in str(one.link.fault) and speaker.left(road.queue) >= 4
    assert speaker.left(road.queue) == 6, "what was not acknowledged is the broker's again"
    inbox.fault = None
    with taking(road, address(broker), inbox) as one:
        until(lambda: len(inbox.items) == 6)
        until(lambda: one.link.fault is None)
    assert speaker.left(road.queue) == 0


def test_a_queue_that_is_taken_away_is_made_again(broker: Broker) -> None:
    inbox, road, speaker = Memory(), entry(), Speaker(broker)
    with taking(road, address(broker), inbox) as one:
        until(lambda: one.link.connected)
        speaker.delete(road.queue)
        until(lambda: not one.link.connected)
        speaker.say(road.queue, message("a"))
        until(lambda: len(inbox.items) == 1)


@pytest.mark.req("G3")
def test_tls_is_checked_and_no_password_is_shown(broker: Broker, caplog: pytest.LogCaptureFixture) -> None:
    """G3: amqps with the firm's own authority; without it, or with a wrong password, the fault says why alone."""
    inbox, road, secure = Memory(), entry(), {"BUS": broker.tls_address.replace("://", f"://{USER}:{PASSWORD}@")}
    Speaker(broker).say(road.queue, message("a"))
    with taking(road, secure, inbox) as unknown:
        until(lambda: "certificate verify failed" in str(unknown.link.fault))
    with taking(road, address(broker, "wrong-" + PASSWORD), inbox) as wrong:
        until(lambda: "ACCESS_REFUSED" in str(wrong.link.fault))
    with taking(road, {"BUS": f"amqp://{USER}:{PASSWORD}@127.0.0.1:9"}, inbox) as away:
        until(lambda: "127.0.0.1:9" in str(away.link.fault))
    assert not inbox.items
    with taking(replace(road, ca_bundle=str(broker.authority)), secure, inbox):
        until(lambda: len(inbox.items) == 1)
    said = f"{caplog.text} {unknown.link.fault} {wrong.link.fault} {away.link.fault} {wrong.shown()}"
    assert PASSWORD not in said and "broker.hindered" in said


def test_who_has_no_broker_pays_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The receiver is found and gives no work, where neither the client of brokers nor what uses it can be imported."""
    for name in [
        name for name in sys.modules if name.startswith(("collectors.brokers", "collectors.receivers.broker"))
    ]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "aio_pika", None)
    receiver = importlib.import_module("collectors.receivers.broker").RECEIVER
    settings, nobody = Settings(home=tmp_path), Provenance(set(), SystemClock())
    host = Host(settings, SystemClock(), "test", Memory(), Commits(MemoryLake), Memory(), nobody, bytes(32))
    assert receiver.work(host) is None
    assert not [name for name in sys.modules if name.startswith("collectors.brokers.")]
