"""Value maps as the catalogue's file says them: who owns which words, and what cannot be so (M8)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import Enum
from typing import Any, get_args

from pydantic import BaseModel

from models.canonical.schemas import SCHEMAS
from models.catalogue.entries import MapEntry
from models.catalogue.files import SYSTEMS, Files, Written
from models.domain.value_map import CANONICAL, WORD_FIELDS, Entry, ValueMap

MAPS = "maps.toml"


def maps_of(files: Files) -> tuple[ValueMap, ...]:
    """Every map, the installation's before the packaged ones."""
    own_first = sorted(files.written[MAPS], key=lambda one: one.packaged)
    return tuple(_map(one) for one in own_first if one.value is not None)


def map_faults(files: Files) -> Iterator[str]:
    """What no map may say: words told twice, fields that hold none, systems that nobody connects, two maps of one
    thing.
    """
    systems = [one for one in files.written[SYSTEMS] if one.value is not None]
    known = {CANONICAL, *files.keys(SYSTEMS), *(one.value.vendor for one in systems)}
    known |= {source for broker in files.values("brokers.toml") for source in broker.sources}
    seen: dict[tuple[str, str, str], str] = {}
    for one in files.written[MAPS]:
        if (entry := one.value) is None:
            continue
        about = f"{one.path}: map {one.key}"
        yield from (f"{about}: {fault}" for fault in _twice(one))
        yield from (f"{about}: {fault}" for fault in _field_faults(entry))
        for name in () if one.packaged else sorted({entry.source, entry.target} - known):
            yield f"{about}: {name!r} is none of {', '.join(sorted(known))}: name a system of systems.toml"
        other = seen.setdefault((entry.source, entry.target, entry.field), one.key)
        if other != one.key:
            yield f"{about}: map {other} tells {entry.field} from {entry.source} to {entry.target} too: keep one"


def _map(one: Written) -> ValueMap:
    said: MapEntry = one.value
    return ValueMap(
        name=said.name,
        version=said.version,
        owner=said.owner,
        source=said.source,
        target=said.target,
        field=said.field,
        entries=tuple(Entry(row.said, row.means, row.since) for row in said.words),
        default=said.default,
        path=str(one.path),
    )


def _twice(one: Written) -> Iterator[str]:
    rows: dict[tuple[str, Any], int] = {}
    for number, row in enumerate(one.value.words):
        first = rows.setdefault((row.said, row.since), number)
        if first != number:
            lines = _lines(one, row.said)
            where = f" (line {' and line '.join(map(str, lines))})" if len(lines) > 1 else ""
            yield f"{row.said!r} is told twice{where}: keep one row, or give the later one a day in since"


def _lines(one: Written, word: str) -> list[int]:
    """The lines of a map's rows that tell a word, as far as they are written one a line."""
    spelt = re.escape(word)
    row = re.compile(rf"said\s*=\s*(\"{spelt}\"|'{spelt}')")
    inside, found = False, []
    for number, line in enumerate(one.path.read_text(encoding="utf-8").splitlines(), start=1):
        if line.strip().startswith("[[map]]"):
            inside = False
        if re.match(rf"\s*name\s*=\s*[\"']{re.escape(one.key)}[\"']", line):
            inside = True
        if inside and row.search(line):
            found.append(number)
    return found


def _field_faults(said: MapEntry) -> Iterator[str]:
    if said.field.rpartition(".")[2] not in WORD_FIELDS or (leaf := _leaf(said.field)) is None:
        holding = ", ".join(sorted(WORD_FIELDS))
        yield f"field {said.field!r} holds no words: name one of a business object, expense.category ({holding})"
        return
    choices = _choices(said.field)
    if choices is not None and said.target == CANONICAL:
        yield f"{said.field} has a fixed list of words, which its connector tells: map it from canonical to a system"
    elif choices is not None:
        if wrong := sorted({row.said for row in said.words} - choices):
            yield f"{', '.join(map(repr, wrong))} is none of the words of {said.field}: {', '.join(sorted(choices))}"
    elif not _is_text(leaf):
        yield f"field {said.field!r} is no text: name one that holds words"


def _choices(path: str) -> set[str] | None:
    """The fixed list of words of a canonical field; None where any word is one."""
    for kind in _kinds(_leaf(path)):
        if isinstance(kind, type) and issubclass(kind, Enum):
            return {str(one.value) for one in kind}
    return None


def _is_text(annotation: Any) -> bool:
    return str in _kinds(annotation)


def _leaf(path: str) -> Any:
    """The type of the field at the end of a path, None where the path leads nowhere."""
    entity, *parts = path.split(".")
    schema: Any = SCHEMAS.get(entity)
    for number, part in enumerate(parts, start=1):
        if schema is None or part not in schema.model_fields:
            return None
        annotation = schema.model_fields[part].annotation
        if number == len(parts):
            return annotation
        schema = next((one for one in _kinds(annotation) if isinstance(one, type) and issubclass(one, BaseModel)), None)
    return None


def _kinds(annotation: Any) -> list[Any]:
    """A type and those that it is made of: of `tuple[Task, ...] | None` also Task."""
    return [annotation, *(inner for one in get_args(annotation) for inner in _kinds(one))]
