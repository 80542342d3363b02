"""Every requirement is asserted by a test that is marked with it, or the README says what is not there yet."""

from __future__ import annotations

import ast
import re
import tomllib

import pytest

from tests.architecture.marks import TESTS, marked_in, marked_tests, used

README = TESTS.parent / "README.md"
COUNTS = {"S": 11, "M": 8, "F": 12, "E": 12, "C": 10, "X": 19, "O": 13, "G": 8, "N": 4}
EVERY = [f"{letter}{number}" for letter, count in COUNTS.items() for number in range(1, count + 1)]
ID = re.compile(r"\b([SMFECXOGN])(\d{1,2})\b")
RANGE = re.compile(r"\b([SMFECXOGN])(\d{1,2})[–-](?:\1)?(\d{1,2})\b")
HELD: dict[str, dict[str, str]] = tomllib.loads((TESTS / "requirements.toml").read_text(encoding="utf-8"))


def in_state(*states: str) -> list[str]:
    return [one for one, entry in HELD.items() if entry["state"] in states]


def mentioned(text: str) -> set[str]:
    """The ids that a text names; `F6–F12` names each of the seven."""
    ranges = {
        f"{letter}{number}"
        for letter, first, last in RANGE.findall(text)
        for number in range(int(first), int(last) + 1)
    }
    return ranges | {f"{letter}{number}" for letter, number in ID.findall(text)}


def test_each_requirement_stands_here_in_its_own_words() -> None:
    assert list(HELD) == EVERY
    assert [one for one, entry in HELD.items() if len(entry["wording"]) < 20] == []


def test_each_says_how_far_it_is_served() -> None:
    assert {entry["state"] for entry in HELD.values()} <= {"served", "partly", "not_yet"}
    assert [one for one in in_state("partly", "not_yet") if len(HELD[one].get("missing", "")) < 8] == []
    assert [one for one in in_state("served") if HELD[one].get("missing")] == []


def test_what_is_served_is_asserted_by_a_test_marked_with_it() -> None:
    marked = set().union(*(ids for _, _, ids in marked_tests("req")))
    assert [one for one in in_state("served", "partly") if one not in marked] == []


def test_a_marker_names_requirements_that_exist() -> None:
    assert used("req") <= set(EVERY)


def test_a_mention_is_no_proof() -> None:
    said = ast.parse('def test_it():\n    """E6: calls answer."""\n    assert True\n')
    meant = ast.parse('@pytest.mark.req("E6")\ndef test_it():\n    assert True\n')
    hoped = ast.parse('@pytest.mark.xfail(strict=True)\n@pytest.mark.req("E6")\ndef test_it():\n    assert True\n')
    silent = ast.parse('@pytest.mark.req("E6")\ndef test_it():\n    run()\n')
    found = [list(marked_in("f", module, set(), "req")) for module in (said, meant, hoped, silent)]
    assert found == [[], [("f", "test_it", {"E6"})], [], []]


@pytest.mark.parametrize(
    "text, ids", [("F6–F12", {f"F{n}" for n in range(6, 13)}), ("S1, E10.", {"S1", "E10"}), ("C-1007, PRJ-E1x", set())]
)
def test_ids_are_read_as_people_write_them(text: str, ids: set[str]) -> None:
    assert mentioned(text) == ids


def test_the_readme_says_what_is_not_there_yet() -> None:
    section = README.read_text(encoding="utf-8").partition("## Not there yet")[2].partition("\n## ")[0]
    assert [one for one in in_state("partly", "not_yet") if one not in mentioned(section)] == []
