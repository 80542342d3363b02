"""Bodies of records and payloads: masked whole, and compared field by field on their clear values (G2)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from app.readings.masking import readable
from models.canonical.classification import MASK, DataClass

ABSENT = "—"
"""A field that one side of a comparison lacks."""
_MISSING = object()


@dataclass(frozen=True, slots=True)
class Field:
    """One field on both sides; `changed` is judged on the clear values, so that a masked change still shows."""

    path: str
    before: Any
    after: Any
    changed: bool


def masked_body(body: Any, clear: frozenset[DataClass], about: str = "") -> Any:
    """The body with what is not `clear` masked, its shape kept; `about` is the entity it belongs to, which decides what
    a name like `name` hides.
    """
    return _masked(body, clear, about, False)


def _masked(body: Any, clear: frozenset[DataClass], name: str, hidden: bool) -> Any:
    if isinstance(body, Mapping):
        return {key: _inner(value, clear, f"{name}.{key}" if name else str(key), hidden) for key, value in body.items()}
    if isinstance(body, Sequence) and not isinstance(body, str | bytes):
        return [_masked(value, clear, f"{name}.[]", hidden) for value in body]
    return MASK if hidden and body is not None else body


def _inner(value: Any, clear: frozenset[DataClass], name: str, hidden: bool) -> Any:
    return _masked(value, clear, name, hidden or not readable(name, clear))


def flat(body: Any, prefix: str = "") -> dict[str, Any]:
    """A nested body as dotted path -> value; lists by index."""
    if isinstance(body, Mapping):
        parts = [flat(value, f"{prefix}.{key}" if prefix else str(key)) for key, value in body.items()]
    elif isinstance(body, Sequence) and not isinstance(body, str | bytes):
        parts = [flat(value, f"{prefix}[{at}]") for at, value in enumerate(body)]
    else:
        return {prefix or "content": body}
    return {path: value for part in parts for path, value in part.items()}


def correctable(payload: Mapping[str, Any]) -> list[str]:
    """Dotted paths of a payload that a person may correct: no list elements, none of the engine's own."""
    return [path for path in flat(payload) if "[" not in path and not path.startswith("_")]


def changes(before: Any, after: Any) -> frozenset[str]:
    """Paths whose values differ between two clear bodies."""
    old, new = flat(before), flat(after)
    return frozenset(path for path in {*old, *new} if old.get(path, _MISSING) != new.get(path, _MISSING))


def fields(before: Any, after: Any, changed: frozenset[str] | None = None) -> list[Field]:
    """The fields of two masked bodies, those at the `changed` paths first; one body alone (None: no such side) has all
    of its fields changed.
    """
    old, new = ({} if body is None else flat(body) for body in (before, after))
    listed = [
        Field(path, old.get(path, ABSENT), new.get(path, ABSENT), changed is None or path in changed)
        for path in dict.fromkeys([*new, *old])
    ]
    return sorted(listed, key=lambda field: not field.changed)
