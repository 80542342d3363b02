"""Bodies of records and payloads: masked whole, and compared field by field on their clear values (G2)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any

from app.readings.masking import readable
from models.canonical.classification import MASK, DataClass
from models.keys.sealing import masked_text

ABSENT = "—"
"""A field that one side of a comparison lacks."""
SCALARS = (str, int, float)
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
    a name like `name` hides. What is no JSON value is masked too, since nobody looked into it.
    """
    return _masked(body, clear, about, False)


def _masked(body: Any, clear: frozenset[DataClass], name: str, hidden: bool) -> Any:
    if isinstance(body, dict):
        return {key: _inner(value, clear, f"{name}.{key}" if name else str(key), hidden) for key, value in body.items()}
    if isinstance(body, list):
        return [_masked(value, clear, f"{name}.[]", hidden) for value in body]
    shown = isinstance(body, SCALARS) and not hidden
    if shown and isinstance(body, str):
        return masked_text(body, MASK)  # what nobody here is cleared for stayed sealed
    return body if shown or body is None else MASK


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
    return frozenset(_differing(before, after, ""))


def _differing(before: Any, after: Any, prefix: str) -> Iterator[str]:
    """Goes down only where two sides differ: most of a body does not."""
    if before is after or before == after:
        return
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        for key in {**before, **after}:
            path = f"{prefix}.{key}" if prefix else str(key)
            yield from _differing(before.get(key, _MISSING), after.get(key, _MISSING), path)
        return
    if isinstance(before, list) and isinstance(after, list):
        for at, (one, other) in enumerate(zip_longest(before, after, fillvalue=_MISSING)):
            yield from _differing(one, other, f"{prefix}[{at}]")
        return
    for side in (before, after):
        yield from flat(side, prefix) if side is not _MISSING else ()


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
