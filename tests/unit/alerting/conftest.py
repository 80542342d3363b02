"""A journal whose wall time is moved by hand, and a receiver of webhooks on loopback."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.alerting import Receiver, Wall
from tests.journals import any_journal, clock, journal, journal_url  # noqa: F401


@pytest.fixture
def wall(monkeypatch: pytest.MonkeyPatch) -> Wall:
    return Wall(monkeypatch)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as listening:
        yield listening
