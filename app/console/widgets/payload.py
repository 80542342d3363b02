"""A payload before and after a step, field by field, with what the viewer may not read masked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from app.console.widgets.markup import Column, Html, span, table
from app.readings import masking
from models.canonical.classification import DataClass

ABSENT = "—"
_MISSING = object()


@dataclass(frozen=True, slots=True)
class Field:
    """One field on both sides; `changed` is judged on the clear values, so that a masked change still shows."""

    path: str
    before: Any
    after: Any
    changed: bool


def flat(body: Any, prefix: str = "") -> dict[str, Any]:
    """A nested body as dotted path -> value; lists by index."""
    if isinstance(body, Mapping):
        parts = [flat(value, f"{prefix}.{key}" if prefix else str(key)) for key, value in body.items()]
    elif isinstance(body, Sequence) and not isinstance(body, str | bytes):
        parts = [flat(value, f"{prefix}[{at}]") for at, value in enumerate(body)]
    else:
        return {prefix or "content": body}
    return {path: value for part in parts for path, value in part.items()}


def fields_of(payload: Mapping[str, Any]) -> list[str]:
    """Dotted paths of a payload that a person may correct: no list elements, none of the engine's own."""
    return [path for path in flat(payload) if "[" not in path and not path.startswith("_")]


def compared(before: Any, after: Any, clear: frozenset[DataClass], about: str = "") -> list[Field]:
    """The fields of two bodies, changed ones first, in the order they came; `about` is the entity they belong to, which
    decides what a name like `name` hides."""
    old, new = flat(before) if before is not None else {}, flat(after) if after is not None else {}
    fields = [
        _field(path, old.get(path, _MISSING), new.get(path, _MISSING), clear, about)
        for path in dict.fromkeys([*new, *old])
    ]
    return sorted(fields, key=lambda field: not field.changed)


def _field(path: str, old: Any, new: Any, clear: frozenset[DataClass], about: str) -> Field:
    name = f"{about}.{path}".lstrip(".").replace("[", ".[")
    return Field(path, _shown(name, old, clear), _shown(name, new, clear), old is not new and old != new)


def _shown(name: str, content: Any, clear: frozenset[DataClass]) -> Any:
    return ABSENT if content is _MISSING else masking.value(name, content, clear)


def field_table(fields: Sequence[Field], before: str = "Before", after: str = "After") -> Html:
    """Field, before, after, with what changed marked; without a heading for `before`, one side alone."""
    columns = [Column("path", "Field"), *([Column("before", before)] if before else []), Column("after", after)]
    rows = [
        {
            "path": span(field.path, "t-mono"),
            "before": _side(field.before, field.changed, "t-old"),
            "after": _side(field.after, field.changed, "t-new"),
        }
        for field in fields
    ]
    return table(columns, rows)


def _side(content: Any, changed: bool, mark: str) -> Html:
    if content == ABSENT:
        return span(ABSENT, "t-mute")
    text = "empty" if content is None or content == "" else str(content)
    return span(text, "t-cut", mark if changed else "", "t-mute" if content in (None, "") else "")
