"""Fixtures: a journal on SQLite, and one on each database for what must hold on both."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from models.journal import Journal, open_journal
from tests.unit.engine.hostile import HandClock


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def journal(tmp_path: Path, clock: HandClock) -> Iterator[Journal]:
    """A fresh journal on SQLite."""
    opened = open_journal(f"sqlite:///{tmp_path / 'journal.sqlite'}", clock)
    yield opened
    opened.close()


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def journal_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of an empty journal, once on each database."""
    return (
        f"sqlite:///{tmp_path / 'both.sqlite'}"
        if request.param == "sqlite"
        else str(request.getfixturevalue("postgres_url"))
    )


@pytest.fixture
def any_journal(journal_url: str, clock: HandClock) -> Iterator[Journal]:
    """A fresh journal, once on each database."""
    opened = open_journal(journal_url, clock)
    yield opened
    opened.close()
