"""Who saw clear values of sensitive fields, wherever an answer goes: a page, a terminal, a file (G2)."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from typing import Any

from app.readings.clear import audit
from app.readings.masking import MASKED, marks
from app.readings.rights import amount_class
from app.readings.stores import Stores
from app.readings.viewer import Viewer
from models.canonical.classification import DataClass

EVERY = 3600
"""Seconds: a page that stays open asks again and again, and is one look an hour."""
KEPT, LONGEST = 10_000, 500
"""Looks that are remembered, and characters that are kept of what was asked."""


def looked(stores: Stores, viewer: Viewer, reading: str, answer: Any, asked: object = ()) -> None:
    """Keep in the audit lake that this person saw clear values in the answer of a reading, once an hour for each thing
    that they asked it. Raises the journal's own errors: then the answer is not to be shown.
    """
    clear = viewer.clear_somewhere
    if not clear:
        return
    told, now = str(asked)[:LONGEST], time.monotonic()
    look = (viewer.actor, viewer.subject, *sorted(viewer.roles), reading, told)
    if now - stores.looks.get(look, -EVERY) < EVERY or not (kinds := clear_in(answer, clear)):
        return
    audit(stores, viewer, "clear_values_seen", reading, classes=sorted(kinds), asked=told)
    if len(stores.looks) >= KEPT:
        stores.looks.clear()
    stores.looks[look] = now


def clear_in(answer: Any, clear: frozenset[DataClass]) -> frozenset[DataClass]:
    """The sensitive classes of which an answer holds a value that is not masked."""
    found: set[DataClass] = set()
    for kind in _kinds(answer):
        if kind in clear:
            found.add(kind)
        if found == clear:
            break
    return frozenset(found)


def _kinds(part: Any) -> Iterator[DataClass]:
    """The class of each marked field that shows a value, in rows and in what rows hold; rows whose fields are of no
    fixed class say theirs as `classes`.
    """
    if isinstance(part, tuple | list):
        for one in part:
            yield from _kinds(one)
    elif is_dataclass(part) and not isinstance(part, type):
        for name, mark in marks(type(part)).items():
            if getattr(part, name) is not None and getattr(part, name) is not MASKED:
                yield mark if isinstance(mark, DataClass) else amount_class(getattr(part, mark.column))
        yield from getattr(part, "classes", ())
        for field in fields(part):
            yield from _kinds(getattr(part, field.name))
