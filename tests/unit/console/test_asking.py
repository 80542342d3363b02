"""What the console keeps of a reading's answer: by scope and roles, and for a few seconds (G1, O7)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from app.console.asking import audit, read, read_now, stores
from app.readings.masking import LabourRate
from app.readings.stores import Stores
from app.readings.viewer import Viewer
from models.domain.clock import set_world_clock
from models.journal import open_journal
from tests.contract.readings.pages import console_over

ASKED: list[tuple[str, tuple[str, ...]]] = []


def seen(stores: Stores, viewer: Viewer, firms: tuple[str, ...] = ()) -> tuple[str, ...]:
    """A reading that notes that it was asked."""
    ASKED.append((viewer.name, firms))
    return (*viewer.entities, *sorted(viewer.roles), *firms)


@pytest.fixture(autouse=True)
def console(tmp_path: Path) -> Iterator[None]:
    ASKED.clear()
    with console_over(tmp_path):
        yield


@pytest.mark.req("G1")
def test_an_answer_is_shared_by_those_who_may_see_the_same_and_never_beyond() -> None:
    ada, bo = (Viewer(name, frozenset({"finance"}), ("NOV-DE",)) for name in ("ada", "bo"))
    others = [Viewer("cy", frozenset({"auditor"}), ("NOV-DE",)), Viewer("di", frozenset({"finance"}), ("NOV-UK",))]
    assert read(ada, seen) == read(bo, seen) == ("NOV-DE", "finance")
    assert [read(other, seen) for other in others] == [("NOV-DE", "auditor"), ("NOV-UK", "finance")]
    assert read(ada, seen, firms=("NOV-DE",)) == ("NOV-DE", "finance", "NOV-DE")
    assert [name for name, _ in ASKED] == ["ada", "cy", "di", "ada"]


def test_what_must_be_fresh_is_asked_each_time() -> None:
    ada = Viewer("ada", frozenset({"finance"}))
    assert read_now(ada, seen) == read_now(ada, seen) == ("finance",)
    assert len(ASKED) == 2


@dataclass(frozen=True, slots=True)
class Rated:
    cost: LabourRate


def rated(stores: Stores, viewer: Viewer) -> tuple[Rated, ...]:
    return (Rated(Decimal(58)),)


@pytest.mark.req("G2")
def test_who_is_shown_what_another_asked_for_is_noted_as_well(tmp_path: Path) -> None:
    """G2: an answer is shared for some seconds, what somebody saw is theirs; a file that is taken is kept each time."""
    set_world_clock(tmp_path / "clock.json", datetime(2026, 9, 1, tzinfo=UTC))
    ada, bo = (Viewer(name, frozenset({"finance"})) for name in ("ada", "bo"))
    for person in (ada, bo, ada):
        read(person, rated)
    for _ in range(2):
        audit(ada, "exported", "margin.csv")
    with closing(open_journal(stores().settings.journal_address, stores().clock)) as journal:
        kept = [(one.actor, one.status) for page in journal.feed.read(0) for one in page.records]
    assert kept == [("ada", "clear_values_seen"), ("bo", "clear_values_seen"), *[("ada", "exported")] * 2]
