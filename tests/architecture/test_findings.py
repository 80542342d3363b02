"""Each part of a finding is held by a test that is marked with it, or its list says what is lacking; never both."""

from __future__ import annotations

import re
import tomllib
from typing import Any

from tests.architecture.marks import TESTS, marked_tests, used

ASKED = {
    **{"F": range(1, 17), "A": range(1, 16), "C": range(1, 12)},
    "U": (*range(1, 12), 15, 16),
    "case ": ("02", "03", "06", "07", "11", "14", "20", "23", "24", "31", "32"),
}
"""The findings that are to be held, by their letters."""
LIST: dict[str, Any] = tomllib.loads((TESTS / "findings" / "findings.toml").read_text(encoding="utf-8"))
NOT_HELD: dict[str, str] = LIST.pop("not_held")


def finding(part: str) -> str:
    return re.sub(r"(?<=\d)[a-z]$", "", part)


def test_every_finding_stands_in_the_list_in_order_with_all_its_parts() -> None:
    asked = [f"{letter}{number}" for letter, numbers in ASKED.items() for number in numbers]
    assert list(dict.fromkeys(finding(part) for part in LIST)) == asked
    for one in asked:
        parts = [part for part in LIST if finding(part) == one]
        assert parts in ([one], [f"{one}{chr(ord('a') + n)}" for n in range(len(parts))]), "a, b, c without a gap"
    assert [part for part, words in LIST.items() if len(words) < 15] == []


def test_a_marker_names_parts_that_stand_in_the_list() -> None:
    assert used("finding") - set(LIST) == set()


def test_each_part_is_held_by_a_marked_test_or_said_not_to_be() -> None:
    held = set().union(*(parts for _, _, parts in marked_tests("finding")))
    assert [part for part in LIST if part not in held and part not in NOT_HELD] == [], "held by no test that is marked"
    assert [part for part in NOT_HELD if part in used("finding")] == [], "said to be held by none, and a test is marked"
    assert set(NOT_HELD) <= set(LIST) and all(len(why) >= 20 for why in NOT_HELD.values())
