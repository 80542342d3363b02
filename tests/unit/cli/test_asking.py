"""A command that waits for the engine says so to a person, and nothing to a script."""

from __future__ import annotations

import sys
from types import SimpleNamespace
from typing import Any

import pytest

from app.cli import asking


@pytest.mark.parametrize("terminal", [True, False])
def test_who_waits_for_an_answer_is_told_so_once(
    terminal: bool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    states = iter([None, None, SimpleNamespace(ended=True, state="done")])
    stores: Any = SimpleNamespace(journal=SimpleNamespace(requests=SimpleNamespace(get=lambda _: next(states))))
    monkeypatch.setattr(asking, "PATIENCE_SECONDS", 0.0)
    monkeypatch.setattr(sys.stderr, "isatty", lambda: terminal)
    assert asking.awaited(stores, "R-1", 60).state == "done"
    said = "request R-1 is kept: waiting for its answer, up to 60 s\n" if terminal else ""
    assert capsys.readouterr().err == said
