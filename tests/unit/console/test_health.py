"""The console's /healthz says what hinders its reading (N4, O1)."""

from __future__ import annotations

import asyncio
import json
from types import SimpleNamespace
from typing import Any

import pytest

from app.console import asgi, asking


@pytest.mark.req("N4")
@pytest.mark.parametrize("fault", [None, "the statement took longer than 300 s and was ended"])
def test_a_read_that_took_too_long_shows(monkeypatch: pytest.MonkeyPatch, fault: str | None) -> None:
    monkeypatch.setattr(asking, "stores", lambda: SimpleNamespace(lake=SimpleNamespace(fault=fault)))
    request: Any = None
    said = json.loads(bytes(asyncio.run(asgi.healthz(request)).body))
    assert said == {"status": "ok", "process": "console", "faults": [fault] if fault else []}
