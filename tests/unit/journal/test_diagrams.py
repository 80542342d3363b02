"""The state diagrams in the journal's README are what the code does: no arrow too many, none missing."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from models.domain.case import CaseStatus
from models.domain.states import TRANSITIONS, RunState
from models.journal import Journal
from tests.unit.cases.test_cases import CASE, entry
from tests.unit.engine.hostile import HandClock

README = Path(__file__).resolve().parents[3] / "models" / "journal" / "README.md"
ARROW = re.compile(r"^    (\S+) --> (\S+?)(?:: (.+))?$", re.M)
Arrow = tuple[str, str]


def arrows(heading: str) -> dict[Arrow, str]:
    """The arrows of the diagram under a heading, with their words."""
    section = README.read_text(encoding="utf-8").partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    (diagram,) = re.findall(r"```mermaid\nstateDiagram-v2\n(.+?)```", section, re.S)
    found = ARROW.findall(diagram)
    assert len(found) == len(diagram.splitlines()) == len({arrow[:2] for arrow in found})
    return {(before, after): words for before, after, words in found}


def test_a_runs_arrows_are_the_table_of_transitions() -> None:
    drawn = arrows("A run")
    assert {arrow for arrow in drawn if "[*]" not in arrow} == {
        (before.value, after.value) for before, afters in TRANSITIONS.items() for after in afters
    }
    assert {before for before, after in drawn if after == "[*]"} == {
        state.value for state in RunState if not TRANSITIONS[state]
    }
    assert all(words for (_, after), words in drawn.items() if after != "[*]"), "each move says its verb"


@pytest.mark.parametrize("start", list(CaseStatus))
def test_a_cases_arrows_are_what_triage_and_detectors_do(journal: Journal, clock: HandClock, start: CaseStatus) -> None:
    """Each verb is tried on a case of each status; where it goes is drawn, and nothing else is."""
    drawn = {after: words for (before, after), words in arrows("A case").items() if before == start}
    went: dict[str, list[str]] = {}
    for words, act in acts(journal, clock):
        brought_to(journal, clock, start)
        act()
        if (after := status_of(journal)) != start and not (words == "the snooze ends" and start is CaseStatus.RESOLVED):
            went.setdefault(after, []).append(words)
    assert {after: set(words.split(", ")) for after, words in drawn.items()} == {
        after: set(words) for after, words in went.items()
    }


def acts(journal: Journal, clock: HandClock) -> Iterator[tuple[str, Callable[[], object]]]:
    """Everything that can happen to a case, in the diagram's words; what is found stays found but for one."""
    cases, later = journal.cases, clock.now() + timedelta(days=400)
    yield "acknowledge", lambda: cases.acknowledge(CASE, "ada")
    yield "snooze", lambda: cases.snooze(CASE, "ada", later, "waits for the vendor")
    yield "ignore", lambda: cases.ignore(CASE, "ada", "accepted")
    yield "reopen", lambda: cases.reopen(CASE, "ada")
    yield "no longer found", lambda: cases.report("d", [])
    yield "found again", lambda: cases.report("d", [entry(1)])
    yield "the snooze ends", lambda: (clock.forward(7200), cases.report("d", [entry(1)]))


def status_of(journal: Journal) -> str:
    case = journal.cases.get(CASE)
    assert case is not None
    return str(case["status"])


def brought_to(journal: Journal, clock: HandClock, status: CaseStatus) -> None:
    """The case, open and found, then moved to a status."""
    cases = journal.cases
    cases.report("d", [])
    cases.report("d", [entry(1)])
    cases.reopen(CASE, "ada")
    ways: dict[CaseStatus, Callable[[], object]] = {
        CaseStatus.OPEN: lambda: None,
        CaseStatus.ACKNOWLEDGED: lambda: cases.acknowledge(CASE, "ada"),
        CaseStatus.SNOOZED: lambda: cases.snooze(CASE, "ada", clock.now() + timedelta(hours=1), "waits"),
        CaseStatus.IGNORED: lambda: cases.ignore(CASE, "ada", "accepted"),
        CaseStatus.RESOLVED: lambda: cases.report("d", []),
    }
    ways[status]()
    assert status_of(journal) == status
