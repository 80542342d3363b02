"""The console's /healthz and /readyz say what hinders its reading, and what is read too seldom (N4, O1, X18)."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from app.console import asgi, asking
from models.journal.freshness import Freshness, FreshnessReading

NOW = datetime.now(UTC)


def opened(fault: str | None = None, states: Sequence[Freshness] = (), levels: dict[str, float] | None = None) -> Any:
    freshness = FreshnessReading(SimpleNamespace())  # type: ignore[arg-type]
    freshness.all = lambda: list(states)  # type: ignore[method-assign]
    return lambda: SimpleNamespace(
        lake=SimpleNamespace(fault=fault),
        journal=SimpleNamespace(freshness=freshness),
        catalogue=SimpleNamespace(reading_levels=levels or {}),
    )


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
    assert said(asgi.healthz) == (200, {"status": "ok", "process": "console", "faults": faults, "stale": []})
    assert said(asgi.readyz) == (503 if fault else 200, {"ready": not fault, "faults": faults, "stale": []})


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
