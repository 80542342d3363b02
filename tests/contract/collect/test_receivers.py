"""A receiver is one file that the collector finds; what it takes is durable before it acknowledges (E11, S9, N4)."""

from __future__ import annotations

import asyncio
import json
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

import collectors.receivers
from collectors.collector import Collector
from collectors.gateway import Gateway
from collectors.receivers import receivers
from collectors.receivers.contract import Receiver
from integrations.contracts import Role
from integrations.engine import Engine
from models.domain.errors import Retriable
from models.domain.states import RunState
from models.journal import open_journal
from models.settings import Settings
from tests.unit.collect.gateways import gateway
from tests.unit.engine.hostile import HandClock, Hostile, event, posting_flow

TEN_LINES = """
from collectors.receivers.contract import Host, Post, Receiver
from collectors.receivers.reply import Reply
from models.journal.inbox import Item

def _take(host: Host, post: Post) -> Reply:
    event = post.json()
    host.inbox.append([Item("parcel", event["id"], host.clock.now(), event, post.headers.get("traceparent"))])
    return Reply(202)

RECEIVER = Receiver("parcel", "events by hand", routes={"/parcels": _take})
"""
TRACEPARENT = "00-" + "1" * 32 + "-" + "2" * 16 + "-01"


@pytest.fixture
def parcel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The receiver of ten lines lies in the receivers' folder; no other file is touched."""
    (tmp_path / "receivers").mkdir()
    (tmp_path / "receivers" / "parcel.py").write_text(TEN_LINES)
    monkeypatch.setattr(collectors.receivers, "__path__", [*collectors.receivers.__path__, str(tmp_path / "receivers")])
    yield
    sys.modules.pop("collectors.receivers.parcel", None)


async def posted(application: Gateway, *bodies: object, path: str = "/parcels") -> list[httpx.Response]:
    transport = httpx.ASGITransport(application)
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
        return [await client.post(path, json=body, headers={"traceparent": TRACEPARENT}) for body in bodies]


def as_json(number: str) -> dict[str, object]:
    sent: dict[str, object] = event(number).model_dump(mode="json", exclude={"traceparent"})
    return sent


@pytest.mark.req("E11", "E1")
def test_a_receiver_of_ten_lines_brings_events_to_admission(tmp_path: Path, parcel: None) -> None:
    """E11: found in its folder, durable before the answer, known when sent twice, and one run by the engine."""
    assert len([line for line in TEN_LINES.splitlines() if line.strip()]) <= 10
    settings = Settings(home=tmp_path, detect_seconds=86_400, grpc=False)

    async def exchanged() -> list[httpx.Response]:
        collector = Collector(settings, asyncio.get_running_loop())
        collector.start()
        try:
            while (first := (await posted(collector.application, as_json("a")))[0]).status_code == 503:
                await asyncio.sleep(0.05)
            return [first, *await posted(collector.application, as_json("a"), as_json("b"))]
        finally:
            await asyncio.to_thread(collector.stop)

    assert [answer.status_code for answer in asyncio.run(exchanged())] == [202] * 3
    journal = open_journal(settings.journal_address, clock := HandClock())
    kept = [one.item.item_id for one in journal.inbox_queue.waiting(10)]
    erp = Hostile()
    Engine(journal, [posting_flow()], [Hostile("psa", Role.PSA, streams=["time"]), erp], clock).drain()
    runs = journal.runs.by_keys(["time_entry:a", "time_entry:b"])
    journal.close()
    assert kept == [event("a").id, event("b").id]
    assert [(run.state, run.trace_id) for run in runs] == [(RunState.SETTLED, "1" * 32)] * 2
    assert sorted(erp.order) == ["a-v1", "b-v1"]


WORKS = """
from collectors.receivers.contract import Receiver
from models.journal.inbox import Item

class Folder:
    def __init__(self, host):
        self.host, self.fault = host, "the folder is not there"

    def parts(self):
        return {"folder": self.fault}

    def start(self):
        (self.host.settings.home / "began").touch()

    def stop(self, seconds):
        self.host.inbox.append([Item("folder", "last", self.host.clock.now(), {})])

RECEIVER = Receiver("folder", "events in files", work=Folder)
"""


@pytest.mark.req("E11", "N4")
def test_a_receiver_that_works_by_itself_is_started_shown_and_stopped(tmp_path: Path, parcel: None) -> None:
    """E11: a road without HTTP has the same inbox, still open when it is stopped; what hinders it shows on /healthz and
    is told to the journal.
    """
    (tmp_path / "receivers" / "folder.py").write_text(WORKS)
    settings = Settings(home=tmp_path, detect_seconds=86_400, grpc=False)

    async def lived() -> list[str]:
        collector = Collector(settings, asyncio.get_running_loop())
        collector.start()
        while (await posted(collector.application, as_json("a")))[0].status_code == 503:
            await asyncio.sleep(0.05)
        faults: list[str] = collector.health()["faults"]
        await asyncio.to_thread(collector.stop)
        return faults

    try:
        assert asyncio.run(lived()) == ["the folder is not there"]
    finally:
        sys.modules.pop("collectors.receivers.folder", None)
    journal = open_journal(settings.journal_address, HandClock())
    kept = [one.item.item_id for one in journal.inbox_queue.waiting(10)]
    told = {beat.part: beat.fault for beat in journal.heartbeats.all()}
    journal.close()
    assert told["folder"] == "the folder is not there" and told["commit"] is None
    assert (tmp_path / "began").exists() and kept == [event("a").id, "last"]


@pytest.mark.req("N4")
def test_nothing_is_acknowledged_that_the_inbox_does_not_hold(parcel: None) -> None:
    """N4: without a journal, and for what cannot be read, the sender hears what to do."""

    class Closed:
        def append(self, items: object) -> None:
            raise Retriable("the journal is being opened: send again")

    class Broken:
        def append(self, items: object) -> None:
            raise OSError("disk I/O error")

    (away,) = asyncio.run(posted(gateway(inbox=Closed()), as_json("a")))
    (broken,) = asyncio.run(posted(gateway(inbox=Broken()), as_json("a")))
    (large,) = asyncio.run(posted(gateway(inbox=Closed()), {"id": "x" * (2 << 20)}))
    assert (away.status_code, away.headers["retry-after"]) == (503, "5") and "being opened" in away.json()["message"]
    assert (broken.status_code, broken.headers["retry-after"]) == (503, "5") and "send again" in broken.text
    assert large.status_code == 413 and "larger than 1 MiB" in large.json()["message"]


async def _raw(content: bytes, **headers: str) -> httpx.Response:
    transport = httpx.ASGITransport(gateway(inbox=None))
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
        return await client.post("/parcels", content=content, headers=headers)


@pytest.mark.req("N4")
@pytest.mark.parametrize(("encoding", "status"), [("identity", 400), ("gzip", 400), ("br", 415)])
def test_a_body_that_cannot_be_read_is_refused_before_the_receiver_sees_it(
    parcel: None, encoding: str, status: int
) -> None:
    answer = asyncio.run(_raw(b"{no json", **{"content-encoding": encoding}))
    assert answer.status_code == status and len(answer.json()["message"]) > 10


def test_a_path_is_named_to_who_looks_for_another(parcel: None) -> None:
    (answer,) = asyncio.run(posted(gateway(), {}, path="/parcel"))
    assert answer.status_code == 404 and "/parcels" in answer.json()["message"]


def test_a_receiver_that_waits_does_not_hold_up_the_others(parcel: None) -> None:
    """A plain function has a thread: while one waits for the journal, /healthz and telemetry are answered."""
    let_go = threading.Event()

    class Waiting:
        def append(self, items: object) -> None:
            assert let_go.wait(20)

    async def both() -> list[int]:
        application = gateway(inbox=Waiting())
        transport = httpx.ASGITransport(application)
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
            waiting = asyncio.create_task(client.post("/parcels", json=as_json("a")))
            await asyncio.sleep(0)
            health = await client.get("/healthz")
            let_go.set()
            return [health.status_code, (await waiting).status_code]

    assert asyncio.run(both()) == [200, 202]


@pytest.mark.parametrize(
    "other", ['RECEIVER = Receiver("parcel", "twice")', 'RECEIVER = Receiver("x", "y", {"/parcels": None})']
)
def test_two_receivers_never_share_a_name_or_a_path(parcel: None, tmp_path: Path, other: str) -> None:
    text = f"from collectors.receivers.contract import Receiver\n{other}\n"
    (tmp_path / "receivers" / "parcel_again.py").write_text(text)
    try:
        with pytest.raises(ValueError, match="parcel"):
            receivers()
    finally:
        sys.modules.pop("collectors.receivers.parcel_again", None)


@pytest.mark.parametrize("receiver", receivers(), ids=lambda one: one.name)
def test_every_receiver_has_a_road(receiver: Receiver) -> None:
    assert receiver.about and (receiver.routes or receiver.below or receiver.work or receiver.journal_work)
    assert all(path.startswith("/") and path != "/healthz" for path in (*receiver.routes, *receiver.declined))
    declined = dict(receiver.declined)
    assert json.loads(json.dumps(declined)) == declined
