"""Which fields of a payload a viewer may read, in our words and in the vendors' (G2)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from models.canonical.classification import MASK, DataClass, sensitive_names
from models.canonical.schemas import Canonical

PUBLIC = frozenset({DataClass.PUBLIC, DataClass.INTERNAL})
VENDOR_WORDS: tuple[tuple[re.Pattern[str], DataClass], ...] = (
    (re.compile(r"base_?pay|salary|compensation|wage|bonus", re.I), DataClass.COMPENSATION),
    (re.compile(r"(?<!exchange)(?<!exchange_)rate(?!d|s_of)|unit_?price|labou?r_?cost|cost_?per", re.I), DataClass.LABOUR_RATE),
    (re.compile(r"contract_?value|billing_?cap|^cap$|custbody_cap|total_?price|target_?margin|budget|^value$|^cost$|^total$", re.I), DataClass.CONTRACT_VALUE),
    (re.compile(r"e_?mail|full_?name|first_?name|last_?name|legal_?name|phone|notes?$|memo|birth", re.I), DataClass.PERSONAL),
)
"""A vendor names the same thing its own way; when in doubt a field is hidden rather than shown."""


@cache
def canonical_names() -> Mapping[str, DataClass]:
    """Field names of the canonical model that are sensitive, with their class."""
    return sensitive_names(list(_schemas(Canonical)))


def _schemas(root: type[Canonical]) -> Iterator[type[Canonical]]:
    for schema in root.__subclasses__():
        yield schema
        yield from _schemas(schema)


@cache
def class_of(name: str) -> DataClass:
    """The data class of a field by its last name, canonical or a vendor's."""
    last = name.rpartition(".")[2].strip("[]0123456789") or name
    if last in canonical_names():
        return canonical_names()[last]
    return next((kind for pattern, kind in VENDOR_WORDS if pattern.search(last)), DataClass.INTERNAL)


def readable(name: str, clear: frozenset[DataClass]) -> bool:
    return class_of(name) in PUBLIC or class_of(name) in clear


def masked(body: Any, clear: frozenset[DataClass]) -> Any:
    """A copy of a JSON-ready body in which what the viewer may not read says `•••`."""
    if isinstance(body, Mapping):
        return {key: MASK if value is not None and not readable(str(key), clear) else masked(value, clear) for key, value in body.items()}
    return [masked(item, clear) for item in body] if isinstance(body, list | tuple) else body


def value(name: str, content: Any, clear: frozenset[DataClass]) -> Any:
    """One field's value, or `•••`; each part of a dotted path counts, so that `cost_rate.amount` is hidden too."""
    hidden = content is not None and any(not readable(part, clear) for part in name.split("."))
    return MASK if hidden else content
