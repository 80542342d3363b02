"""Every requirement is served and then asserted by a test that names it, or the README says that it is not there yet."""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

TESTS = Path(__file__).resolve().parents[1]
README = TESTS.parent / "README.md"
COUNTS = {"S": 8, "M": 5, "F": 12, "E": 10, "C": 9, "X": 16, "O": 10, "G": 5, "N": 4}
EVERY = [f"{letter}{number}" for letter, count in COUNTS.items() for number in range(1, count + 1)]
ID = re.compile(r"\b([SMFECXOGN])(\d{1,2})\b")
RANGE = re.compile(r"\b([SMFECXOGN])(\d{1,2})[–-](?:\1)?(\d{1,2})\b")
HELD: dict[str, dict[str, str]] = tomllib.loads((TESTS / "requirements.toml").read_text(encoding="utf-8"))


def mentioned(text: str) -> set[str]:
    """The ids that a text names; `F6–F12` names each of the seven."""
    ranges = {
        f"{letter}{number}"
        for letter, first, last in RANGE.findall(text)
        for number in range(int(first), int(last) + 1)
    }
    return ranges | {f"{letter}{number}" for letter, number in ID.findall(text)}


def marked(call: ast.Call) -> set[str]:
    """The ids of a `pytest.mark.req(…)`."""
    is_mark = isinstance(call.func, ast.Attribute) and call.func.attr == "req"
    return {str(one.value) for one in call.args if isinstance(one, ast.Constant)} if is_mark else set()


def named_by_tests() -> Iterator[tuple[str, str]]:
    """File and id, for each docstring or marker of a file that holds tests: other words may look like an id and are
    none.
    """
    for path in sorted(TESTS.rglob("test_*.py")):
        if path == Path(__file__):
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            found = marked(node) if isinstance(node, ast.Call) else set()
            if isinstance(node, ast.Module | ast.FunctionDef | ast.ClassDef):
                found = mentioned(ast.get_docstring(node) or "")
            yield from ((str(path.relative_to(TESTS)), one) for one in found)


def test_each_requirement_is_accounted_for_once() -> None:
    assert sorted([*HELD["served"], *HELD["not_yet"]], key=EVERY.index) == EVERY


def test_what_is_not_there_says_what_is_missing() -> None:
    assert [one for one, missing in HELD["not_yet"].items() if len(missing) < 8] == []


def test_what_is_served_is_named_by_a_test() -> None:
    named = {one for _, one in named_by_tests()}
    assert [one for one in HELD["served"] if one not in named] == []


def test_a_marker_names_requirements_that_exist() -> None:
    calls = (
        node
        for path in TESTS.rglob("test_*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call)
    )
    assert set().union(*map(marked, calls)) <= set(EVERY)


@pytest.mark.parametrize(
    "text, ids", [("F6–F12", {f"F{n}" for n in range(6, 13)}), ("S1, E10.", {"S1", "E10"}), ("C-1007, PRJ-E1x", set())]
)
def test_ids_are_read_as_people_write_them(text: str, ids: set[str]) -> None:
    assert mentioned(text) == ids


def test_the_readme_says_what_is_not_there_yet() -> None:
    section = README.read_text(encoding="utf-8").partition("## Not there yet")[2].partition("\n## ")[0]
    assert [one for one in HELD["not_yet"] if one not in mentioned(section)] == []
