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

from app.console import asgi, asking
from models.journal.freshness import Freshness, FreshnessReading
from models.presence import COLLECTOR, ENGINE, present, runs
from models.settings import Settings

NOW = datetime.now(UTC)
running = Path()


def opened(fault: str | None = None, states: Sequence[Freshness] = (), levels: dict[str, float] | None = None) -> Any:
    freshness = FreshnessReading(SimpleNamespace())  # type: ignore[arg-type]
    freshness.all = lambda: list(states)  # type: ignore[method-assign]
    return lambda: SimpleNamespace(
        settings=Settings(home=running),
        lake=SimpleNamespace(fault=fault),
        journal=SimpleNamespace(freshness=freshness),
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


def said(endpoint: Any) -> tuple[int, Any]:
    request: Any = None
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
    assert said(asgi.healthz) == (
        200,
        {"status": "ok", "process": "console", "faults": faults, "missing": [], "stale": []},
    )
    assert said(asgi.readyz) == (
        503 if fault else 200,
        {"ready": not fault, "faults": faults, "missing": [], "stale": []},
    )


@pytest.mark.req("X18")
def test_what_is_older_than_its_systems_service_level_shows_and_stops_no_page(monkeypatch: pytest.MonkeyPatch) -> None:
    """Three hours without a reading: too long for most, and not for a system that is read once a night."""
    states = [read("kantata", 3), read("workday", 3), read("netsuite", 0.2, "no-permission: time")]
    monkeypatch.setattr(asking, "stores", opened(states=states, levels={"workday": 90_000.0}))
    status, body = said(asgi.readyz)
    assert (status, body["ready"]) == (200, True)
    assert [(one["system"], one["why"]) for one in body["stale"]] == [
        ("kantata", None),
        ("netsuite", "no-permission: time"),
    ]
    assert said(asgi.healthz)[1]["stale"] == body["stale"]


@pytest.mark.req("X18")
def test_a_journal_that_does_not_answer_is_a_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    broken = opened()()
    broken.journal.freshness.all = lambda: (_ for _ in ()).throw(OSError("gone"))
    monkeypatch.setattr(asking, "stores", lambda: broken)
    status, body = said(asgi.readyz)
    assert status == 503 and body["faults"] == ["journal: OSError: gone"]


@pytest.mark.req("X18")
def test_a_console_without_engine_and_collector_is_not_ready(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(asking, "stores", opened())
    assert said(asgi.readyz)[0] == 200
    here = asking.stores().settings.model_copy(update={"home": tmp_path / "another"})
    both = SimpleNamespace(**{**vars(opened()()), "settings": here})
    monkeypatch.setattr(asking, "stores", lambda: both)
    status, body = said(asgi.readyz)
    assert status == 503 and body["ready"] is False
    assert ["engine" in body["missing"][0], "collector" in body["missing"][1]] == [True, True]
    assert said(asgi.healthz)[0] == 200, "the process itself answers"


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
    os.close(present(folder, ENGINE))
    assert len(list(folder.iterdir())) == 1, "what others left is cleared away"
