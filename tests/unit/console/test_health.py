"""The console's /healthz and /readyz say what hinders its reading, and what is read too seldom (N4, O1, X18)."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from starlette.requests import Request

from app.console import asking, probes
from app.readings.processes import ailing_of, engine_silent, not_answered
from models.domain.heartbeat import Heartbeat
from models.journal.freshness import Freshness, FreshnessReading
from models.presence import COLLECTOR, ENGINE, departed, present, runs
from models.senders import SenderBook
from models.settings import Settings

NOW = datetime.now(UTC)
running = Path()


def opened(
    fault: str | None = None,
    states: Sequence[Freshness] = (),
    levels: dict[str, float] | None = None,
    beats: Sequence[Heartbeat] = (),
) -> Any:
    freshness = FreshnessReading(SimpleNamespace())  # type: ignore[arg-type]
    freshness.all = lambda: list(states)  # type: ignore[method-assign]
    return lambda: SimpleNamespace(
        settings=Settings(home=running),
        lake=SimpleNamespace(fault=fault),
        journal=SimpleNamespace(freshness=freshness, heartbeats=SimpleNamespace(all=lambda: list(beats)), runs=RUNS),
        catalogue=SimpleNamespace(reading_levels=levels or {}),
    )


@pytest.fixture(autouse=True)
def _running(tmp_path: Path) -> Iterator[None]:
    global running
    running = tmp_path
    handles = [present(tmp_path / "run", role) for role in (ENGINE, COLLECTOR)]
    yield
    for handle in handles:
        with suppress(OSError):
            os.close(handle)


RUNS = SimpleNamespace(states=lambda: {("time-to-bill", "dead"): 3}, pulse=lambda: SimpleNamespace(due=7))


def asked_by(address: str, **headers: str) -> Request:
    named = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    return Request({"type": "http", "method": "GET", "client": (address, 1), "headers": named})


def beat(
    role: str, part: str, well: float, allowed: float = 60.0, silent: float = 1.0, fault: str | None = None
) -> Any:
    """A part that was well so many seconds before its process told last."""
    told = NOW - timedelta(seconds=silent)
    return Heartbeat("p", role, part, told, told - timedelta(seconds=well), silent, well + silent, allowed, fault)


def said(endpoint: Any) -> tuple[int, Any]:
    request = asked_by("127.0.0.1")
    answer = asyncio.run(endpoint(request))
    return answer.status_code, json.loads(bytes(answer.body))


def read(system: str, hours: float, error: str | None = None) -> Freshness:
    seen = NOW - timedelta(hours=hours)
    return Freshness(system, "time", error, seen, seen, seen if error else None)


@pytest.mark.req("N4")
@pytest.mark.parametrize("fault", [None, "the statement took longer than 300 s and was ended"])
def test_a_read_that_took_too_long_shows(monkeypatch: pytest.MonkeyPatch, fault: str | None) -> None:
    monkeypatch.setattr(asking, "stores", opened(fault))
    faults = [fault] if fault else []
    assert said(probes.healthz) == (
        200,
        {"status": "ok", "process": "console", "faults": faults, "missing": [], "stuck": [], "stale": []},
    )
    assert said(probes.readyz) == (
        503 if fault else 200,
        {"ready": not fault, "faults": faults, "missing": [], "stuck": [], "stale": []},
    )


@pytest.mark.req("X18", "O12")
def test_what_is_older_than_its_systems_service_level_makes_the_console_unready(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Three hours without a reading: too long for most, and not for a system that is read once a night."""
    states = [read("kantata", 3), read("workday", 3), read("netsuite", 0.2, "no-permission: time")]
    monkeypatch.setattr(asking, "stores", opened(states=states, levels={"workday": 90_000.0}))
    status, body = said(probes.readyz)
    assert (status, body["ready"]) == (503, False)
    assert [(one["system"], one["why"]) for one in body["stale"]] == [
        ("kantata", None),
        ("netsuite", "no-permission: time"),
    ]
    assert said(probes.healthz)[0] == 200 and said(probes.healthz)[1]["stale"] == body["stale"]


@pytest.mark.req("X18", "O12")
def test_a_part_that_is_stuck_makes_the_console_unready_and_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """What rests on it has no sentence of its own, and a detector that fails alone has."""
    stuck = beat("collect", "detection", 61, 55.0, fault="a turn of the detectors has been under way for 61 s")
    rests = [beat("collect", "marts", 99), beat("collect", "detector stale_stream", 99)]
    monkeypatch.setattr(asking, "stores", opened(beats=[beat("engine", "worker", 1), stuck, *rests]))
    status, body = said(probes.readyz)
    assert status == 503 and body["missing"] == [] and len(body["stuck"]) == 1
    assert "does not come to an end with detection" in body["stuck"][0] and "under way for 61 s" in body["stuck"][0]
    monkeypatch.setattr(asking, "stores", opened(beats=[rests[1], beat("collect", "detection", 1)]))
    assert "cannot run the detector stale_stream" in said(probes.readyz)[1]["stuck"][0]
    monkeypatch.setattr(
        asking, "stores", opened(beats=[beat("collect", "commit", 12, 12.0), beat("engine", "desk", 1)])
    )
    assert said(probes.readyz)[0] == 200


@pytest.mark.req("X18")
def test_a_process_that_holds_its_lock_and_says_nothing_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """Half a minute after its start; before, it may still be opening its stores."""
    monkeypatch.setattr(
        asking, "stores", opened(beats=[beat("engine", "worker", 0, silent=40), beat("collect", "feed", 0)])
    )
    assert said(probes.readyz)[0] == 200
    for file in (running / "run").glob("engine-*.lock"):
        os.utime(file, (NOW.timestamp() - 60, NOW.timestamp() - 60))
    status, body = said(probes.readyz)
    assert status == 503 and "the engine runs and has said nothing since" in body["missing"][0]


@pytest.mark.req("X18")
def test_an_engine_on_another_machine_is_there_while_it_tells(tmp_path: Path) -> None:
    """In a journal that several machines share; one in a file is of this machine, where the lock decides."""
    told = [beat("engine", "worker", 1), beat("collect", "feed", 1, silent=16)]
    shared = Settings(home=tmp_path / "elsewhere", journal_url="postgresql+psycopg://db/tieout")
    assert [one.what for one in ailing_of(shared, None, told)] == ["the collector is not running"]
    alone = Settings(home=tmp_path / "elsewhere")
    dead = ailing_of(alone, None, told)
    assert [one.what for one in dead] == ["the engine is not running", "the collector is not running"]
    assert dead[0].since == told[0].told_at, "since when"


@pytest.mark.req("X18")
@pytest.mark.parametrize(
    ("beats", "expected"),
    [
        ([], "The engine has never answered: "),
        ([beat("engine", "desk", 1)], None),
        ([beat("engine", "desk", 40)], "The engine has not answered for 41 s: "),
        ([beat("engine", "desk", 0, silent=7_300)], "The engine has not answered for 2 h: "),
        ([beat("engine", "desk", 0, silent=7_300), beat("engine", "desk", 2)], None),
    ],
)
def test_who_waits_is_told_for_how_long_the_engine_has_not_answered(beats: list[Any], expected: str | None) -> None:
    told = not_answered(engine_silent(opened(beats=beats)()))
    assert told is None if expected is None else told is not None and told.startswith(expected)


@pytest.mark.req("O12", "X18")
def test_measures_tell_the_age_of_every_part_and_source(monkeypatch: pytest.MonkeyPatch) -> None:
    beats = [beat("engine", "worker", 4, silent=1), beat("collect", "marts", 9, silent=1)]
    monkeypatch.setattr(asking, "stores", opened(states=[read("kantata", 3)], beats=beats))
    lines = bytes(asyncio.run(probes.metrics(asked_by("127.0.0.1"))).body).decode().splitlines()
    assert 'tieout_heartbeat_age_seconds{role="engine",process="p",part="worker"} 5' in lines
    assert 'tieout_heartbeat_allowed_seconds{role="collect",process="p",part="marts"} 60' in lines
    assert 'tieout_source_allowed_seconds{system="kantata",name="time"} 7200' in lines
    age = next(line for line in lines if line.startswith("tieout_source_age_seconds{"))
    since = (datetime.now(UTC) - NOW).total_seconds()
    assert 10_800 <= float(age.rpartition(" ")[2]) <= 10_800 + since
    assert "tieout_ready 0" in lines and 'tieout_runs{flow="time-to-bill",state="dead"} 3' in lines
    assert "tieout_runs_due 7" in lines and any(line.startswith("process_resident_memory_bytes ") for line in lines)


@pytest.mark.req("O12", "G1")
def test_other_machines_hear_yes_or_no_and_read_measures_with_a_token(monkeypatch: pytest.MonkeyPatch) -> None:
    """These paths lie outside the sign-in; what comes through a proxy of this machine is from elsewhere, too."""
    monkeypatch.setattr(asking, "stores", opened(fault="/srv/tieout is full"))
    book = SenderBook(Settings(home=running))
    token, other = (book.add(name, (name,), "operator", NOW) for name in ("metrics", "logs"))
    far = [asked_by("10.0.0.9"), asked_by("127.0.0.1", x_forwarded_for="10.0.0.9")]
    for request in far:
        assert bytes(asyncio.run(probes.readyz(request)).body) == b'{"ready":false}'
        assert bytes(asyncio.run(probes.healthz(request)).body) == b'{"status":"ok"}'
        assert asyncio.run(probes.metrics(request)).status_code == 401
    given = [asked_by("10.0.0.9", authorization=f"Bearer {one}") for one in (token, other)]
    assert [asyncio.run(probes.metrics(request)).status_code for request in given] == [200, 403]


@pytest.mark.req("X18")
def test_a_journal_that_does_not_answer_is_a_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    broken = opened()()
    broken.journal.freshness.all = lambda: (_ for _ in ()).throw(OSError("gone"))
    monkeypatch.setattr(asking, "stores", lambda: broken)
    status, body = said(probes.readyz)
    assert status == 503 and body["faults"] == ["journal: OSError: gone"]


@pytest.mark.finding("U1b")
@pytest.mark.req("X18")
def test_a_console_without_engine_and_collector_is_not_ready(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(asking, "stores", opened())
    assert said(probes.readyz)[0] == 200
    here = asking.stores().settings.model_copy(update={"home": tmp_path / "another"})
    both = SimpleNamespace(**{**vars(opened()()), "settings": here})
    monkeypatch.setattr(asking, "stores", lambda: both)
    status, body = said(probes.readyz)
    assert status == 503 and body["ready"] is False
    assert ["engine" in body["missing"][0], "collector" in body["missing"][1]] == [True, True]
    assert said(probes.healthz)[0] == 200, "the process itself answers"


@pytest.mark.req("X18")
def test_a_process_is_there_until_it_ends_and_two_share_a_home(tmp_path: Path) -> None:
    """Also looked at by many at once, and after an end without a word."""
    folder = tmp_path / "engines"
    one, other = present(folder, ENGINE), present(folder, ENGINE)
    assert runs(folder, ENGINE) and not runs(folder, COLLECTOR)
    os.close(one)
    assert runs(folder, ENGINE)
    os.close(other)
    assert not runs(folder, ENGINE)
    os.close(present(folder, ENGINE, process="host:1:abc"))
    assert "host:1:abc" in departed(folder, ENGINE)
    living = present(folder, ENGINE)
    assert len(list(folder.iterdir())) == 1, "what others left is cleared away"
    assert departed(folder, ENGINE) == departed(folder, COLLECTOR) == [], "the living one is not among them"
    os.close(living)
