"""Values that every store keeps: what a source sends may hold anything, a database column and a JSON text may not.

Half a surrogate pair is no text in UTF-8, NUL is none in PostgreSQL, an integer beyond 64 bits has no column, NaN and
Infinity are no JSON, and every reader of JSON has a depth at which it gives up.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from math import isfinite
from typing import Any

import orjson

DEEPEST = 100
"""Levels of nesting that are kept."""
_LARGEST = 2**63
_ODD = re.compile("[\ud800-\udfff\0]")
_SUSPECT = re.compile(r"\\u(?:d[89a-f]|0000)|\d{19}")
_TOO_DEEP = f"nested deeper than {DEEPEST} levels"


def oddity(value: object) -> tuple[str, str] | None:
    """The first place in a value that no store keeps, and what is there; None where all of it can be kept."""
    return next(_oddities(value, "", 0), None) if _suspect(value) else None


def storable(value: Any, depth: int = 0) -> Any:
    """The value as every store keeps it: odd characters become U+FFFD, odd numbers text, the rest stays as it is."""
    if isinstance(value, str):
        return _whole(value) if _ODD.search(value) else value
    if isinstance(value, Mapping | list | tuple) and depth >= DEEPEST:
        return f"{_TOO_DEEP}: not kept"
    if isinstance(value, Mapping):
        return {storable(str(name)): storable(item, depth + 1) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [storable(item, depth + 1) for item in value]
    return _digits(value) if _odd_number(value) else value


def json_text(value: Any, option: int = 0) -> str:
    """The value as JSON, in its storable form where JSON has no other: it never raises, whatever the value holds."""
    try:
        return orjson.dumps(value, default=str, option=option).decode()
    except TypeError:
        return orjson.dumps(storable(value), default=_spelt, option=option | orjson.OPT_NON_STR_KEYS).decode()


def _whole(text: str) -> str:
    """Pairs of surrogates joined; half of one, and NUL, replaced."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace").replace("\0", "\ufffd")


def _suspect(value: object) -> bool:
    """Whether a closer look is needed: nearly everything is plain, and that look costs four times as much as this."""
    try:
        text = json.dumps(value, default=str, allow_nan=False)
    except (ValueError, TypeError, RecursionError):
        return True
    return text.count("{") + text.count("[") > DEEPEST or _SUSPECT.search(text) is not None


def _oddities(value: object, path: str, depth: int) -> Iterator[tuple[str, str]]:
    """Every place that no store keeps, and what is there."""
    if isinstance(value, Mapping | list | tuple) and depth >= DEEPEST:
        yield path, _TOO_DEEP
    elif isinstance(value, Mapping):
        for name, item in value.items():
            place = f"{path}.{storable(str(name))}".removeprefix(".")
            yield from _oddities(str(name), place, depth)
            yield from _oddities(item, place, depth + 1)
    elif isinstance(value, list | tuple):
        for number, item in enumerate(value):
            yield from _oddities(item, f"{path}.{number}".removeprefix("."), depth + 1)
    elif said := _odd_text(value) or _odd_number(value):
        yield path, said


def _odd_text(value: object) -> str | None:
    found = _ODD.search(value) if isinstance(value, str) else None
    if found is None:
        return None
    return "a NUL character" if found[0] == "\0" else "half of a character"


def _odd_number(value: object) -> str | None:
    if isinstance(value, float) and not isfinite(value):
        return f"{value}, which is no number"
    if isinstance(value, int) and not -_LARGEST <= value < _LARGEST:
        return "an integer beyond 64 bits"
    return None


def _digits(value: int | float) -> str:
    try:
        return str(value)
    except ValueError:  # Python spells out no integer of more than 4,300 digits
        return f"an integer of {int(value).bit_length()} bits: not kept"


def _spelt(value: object) -> str:
    return str(storable(str(value)))
