"""What stays wrong is told, what passes is not; measures are what Prometheus reads (O12, X18)."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence
from typing import Any

import pytest

from collectors.credentials import Credentials
from collectors.doorkeeper import Doorkeeper
from collectors.exposure import telemetry_door
from collectors.gateway import Gateway
from collectors.pulse import Pulse
from collectors.receivers.reply import Reply
from models import telling
from models.domain.beats import Beat
from models.domain.clock import SystemClock
from models.door import Exposure
from models.measures import Measure, exposition
from models.senders import SenderBook
from models.settings import Settings
from tests.unit.collect.gateways import KEY, gateway

pytestmark = pytest.mark.req("O12", "X18")


def test_a_fault_that_stays_is_overdue_and_one_that_passes_is_not() -> None:
    faults: dict[str, str | None] = {"feed": None, "lake": None}
    now = [0.0]
    pulse = Pulse(lambda: {"feed": (faults["feed"], 55.0), "lake": (faults["lake"], 12.0)}, lambda: now[0])
    pulse.beat()
    faults |= {"feed": "feed: locked", "lake": "batch 1: disk full"}
    now[0] = 13.0
    assert pulse.overdue() == ["batch 1: disk full (for 13 s)"]
    now[0], faults["feed"] = 50.0, None
    pulse.beat()
    now[0], faults["feed"] = 90.0, "feed: locked"
    assert pulse.overdue() == ["batch 1: disk full (for 90 s)"]
    now[0] = 106.0
    assert [told.partition(":")[0] for told in pulse.overdue()] == ["feed", "batch 1"]


def test_a_part_that_is_wrong_from_the_first_beat_is_overdue_too() -> None:
    now = [0.0]
    pulse = Pulse(lambda: {"journal": ("journal: no such host", 55.0)}, lambda: now[0])
    assert pulse.overdue() == []
    now[0] = 56.0
    assert len(pulse.overdue()) == 1


def test_each_part_has_a_beat_and_a_fault_tells_no_credential() -> None:
    now, fault = [0.0], [None, "locked: password=hunter2hunter2"]
    pulse = Pulse(lambda: {"feed": (fault[int(now[0] > 0)], 55.0)}, lambda: now[0])
    assert pulse.beats() == [Beat("feed", 0.0, 55.0, None)]
    now[0] = 56.0
    (beat,) = pulse.beats()
    assert beat.late and beat.age == 56.0 and "hunter2" not in str(beat.fault)


def test_a_collector_tells_while_a_part_of_it_is_stuck_and_goes_on_after_a_refusal(monkeypatch: Any) -> None:
    monkeypatch.setattr(telling, "TELL_SECONDS", 0.01)
    told, twice = [], threading.Event()

    class Journal:
        def tell(self, process: str, role: str, beats: Sequence[Beat]) -> None:
            told.append((process, role, list(beats)))
            if len(told) == 1:
                raise OSError("database is locked")
            twice.set()

    stuck = Beat("commit", 70.0, 12.0, "a commit has been under way for 70 s")
    work = telling.Telling(Journal().tell, "abc", "collect", lambda: [stuck])
    work.start()
    assert twice.wait(20)
    work.stop(10)
    assert told[1] == ("abc", "collect", [stuck]) and work.parts() == {}


def test_measures_are_written_as_prometheus_reads_them() -> None:
    text = exposition([Measure("a_total", "of a", [({"b": 'say "x"\n\\'}, 2)]), Measure("c", "of c", [({}, 1.5)])])
    assert text.decode().splitlines() == [
        "# HELP a_total of a",
        "# TYPE a_total counter",
        r'a_total{b="say \"x\"\n\\"} 2',
        "# HELP c of c",
        "# TYPE c gauge",
        "c 1.5",
    ]


async def _asked(application: Gateway, path: str, address: str, *headers: tuple[bytes, bytes]) -> tuple[int, bytes]:
    sent: list[Any] = []

    async def receive() -> Any:
        return {"type": "http.request", "body": b""}

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {"type": "http", "path": path, "method": "GET", "headers": list(headers), "client": (address, 1)}
    await application(scope, receive, send)
    return sent[0]["status"], sent[1]["body"]


@pytest.mark.req("C10", "G3")
def test_other_machines_hear_yes_or_no_and_read_measures_with_a_token(tmp_path: Any) -> None:
    book = SenderBook(Settings(home=tmp_path))
    clock = SystemClock()
    token, other = (book.add(name, (name,), "operator", clock.now()) for name in ("metrics", "logs"))
    doorkeeper = Doorkeeper(
        telemetry_door(Settings(home=tmp_path)), Exposure(None, True), Credentials(book, KEY, clock, True)
    )
    shown = {"/readyz": lambda: Reply(503, b'{"faults":["/srv/x"]}'), "/metrics": lambda: Reply(200, b"a 1\n")}
    application = Gateway((), gateway()._host, shown, doorkeeper)

    def asked(path: str, address: str, given: str = "", brought: str = "") -> tuple[int, bytes]:
        headers = [(b"authorization", f"Bearer {given}".encode())] if given else []
        headers += [(brought.encode(), b"203.0.113.9")] if brought else []
        return asyncio.run(_asked(application, path, address, *headers))

    assert asked("/readyz", "127.0.0.1") == (503, b'{"faults":["/srv/x"]}')
    assert asked("/readyz", "10.0.0.9") == (503, b'{"ready":false}')
    assert [asked("/metrics", "10.0.0.9", given)[0] for given in ("", other, token)] == [401, 403, 200]
    assert asked("/metrics", "127.0.0.1")[0] == 200
    for header in ("x-forwarded-for", "forwarded", "x-real-ip"):
        assert asked("/readyz", "127.0.0.1", brought=header) == (503, b'{"ready":false}')
        assert asked("/metrics", "127.0.0.1", brought=header)[0] == 401
