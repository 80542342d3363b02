"""Whatever a source sends can be kept, and what had to be changed for it is named (N4)."""

from __future__ import annotations

import json
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.domain.storable import DEEPEST, json_text, oddity, storable
from tests.any_text import any_integer, any_text

SCALARS = any_text() | any_integer | st.floats() | st.booleans() | st.none()
VALUES = st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(any_text(), inner))


def nested(levels: int) -> list[Any]:
    value: list[Any] = []
    for _ in range(levels):
        value = [value]
    return value


@pytest.mark.req("N4")
@given(VALUES)
def test_what_is_storable_has_no_oddity_and_stays_as_it_is(value: Any) -> None:
    """Making a value storable leaves nothing odd behind, and changes nothing of a value that was plain."""
    kept = storable(value)
    assert oddity(kept) is None and storable(kept) == kept
    assert json.loads(json_text(kept)) == kept
    if oddity(value) is None:
        assert kept == value


@pytest.mark.req("N4")
@given(VALUES)
def test_any_value_becomes_json(value: Any) -> None:
    """`json_text` raises for nothing, and what it gives is JSON in UTF-8."""
    orjson.loads(json_text(value).encode())


@pytest.mark.req("N4")
@pytest.mark.parametrize(
    ("value", "place", "what"),
    [
        ({"a": {"notes": "call \ud83d"}}, "a.notes", "half of a character"),
        ({"a": ["x", "\0"]}, "a.1", "a NUL character"),
        ({"n": 2**63}, "n", "an integer beyond 64 bits"),
        ({"n": 10**5000}, "n", "an integer beyond 64 bits"),
        ({"rate": float("nan")}, "rate", "nan, which is no number"),
        ({"\udc00": 1}, "\ufffd", "half of a character"),
        (nested(5000), ".".join("0" * DEEPEST), f"nested deeper than {DEEPEST} levels"),
    ],
    ids=["half-a-character", "nul", "65-bits", "5000-digits", "nan", "odd-name", "deep"],
)
def test_the_place_of_an_oddity_is_named(value: Any, place: str, what: str) -> None:
    assert oddity(value) == (place, what)
    orjson.loads(json_text(value).encode())


def test_what_every_store_keeps_is_no_oddity() -> None:
    """An emoji, a number of 19 digits within 64 bits, a long list: a closer look finds nothing."""
    plain = {"text": "👍", "n": 2**63 - 1, "digits": "1" * 30, "rows": [[n] for n in range(200)], "1.5": 1.5}
    assert oddity(plain) is None and storable(plain) == plain
