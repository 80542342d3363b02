"""What the console keeps of a reading's answer: by scope and roles, and for a few seconds (G1, O7)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from app.console.asking import read, read_now
from app.readings.stores import Stores
from app.readings.viewer import Viewer
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
