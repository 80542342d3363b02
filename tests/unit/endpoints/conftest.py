"""Journals for these tests, and an engine that is asked at once what became of what it sent."""

from __future__ import annotations

import pytest

from integrations.engine import replaying
from tests.journals import any_journal, clock, journal, journal_url  # noqa: F401


@pytest.fixture(autouse=True)
def _looks_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replaying, "_LOOK_SECONDS", 0.0)
