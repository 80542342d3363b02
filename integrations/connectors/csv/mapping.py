"""A mapping file (TOML): which columns make which canonical fields; pure once read.

[files.<name>] path or drop, delimiter, decimal · [[stream]] name, entity, event, file, key, once ("skip" or "reject" a
repeated key), join, where, fields. A field is text with {Column} placeholders, a constant, or a table: text | first_of,
type (text, decimal, date, flag), format, optional, or ref + id for a SystemRef. Dotted names nest. An empty column not
optional rejects its row.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

from integrations.connectors.csv.numbers import hours, number
from models.canonical.schemas import SCHEMAS, Canonical
from models.domain.errors import Misconfigured, Unmappable

HOURS = ("hours", "weekly_hours")
Number = Callable[[str, str], Decimal]
PLACE = re.compile(r"\{([^{}]+)\}")
EMPTY = frozenset({"", "NA", "N/A", "NULL", "null", "None"})


@dataclass(frozen=True, slots=True)
class Stream:
    """One kind of canonical object out of one file, with the columns of another file joined in where `join` says."""

    name: str
    entity: str
    event: str
    file: str
    key: str
    fields: Mapping[str, Any]
    once: str = "skip"
    join: Mapping[str, str] = field(default_factory=dict)
    where: Mapping[str, Mapping[str, Sequence[str]]] = field(default_factory=dict)
    decimal: str | None = "."
    """The sign before the fractions of its file's numbers; None: a point or a comma, where it is clear."""

    def wanted(self, columns: Mapping[str, str]) -> bool:
        """Whether the row filters let a row through."""
        for name, test in self.where.items():
            value = columns.get(name, "").strip()
            if ("in" in test and value not in test["in"]) or ("not_in" in test and value in test["not_in"]):
                return False
        return True

    @property
    def needed(self) -> frozenset[str]:
        """The columns that no row can do without."""
        plain = [spec.get("text", spec.get("id", "")) if isinstance(spec, Mapping) else spec for spec in self._must()]
        return frozenset(name for text in (self.key, *plain) if isinstance(text, str) for name in PLACE.findall(text))

    def _must(self) -> Sequence[Any]:
        return [one for one in self.fields.values() if not (isinstance(one, Mapping) and one.get("optional"))]

    def key_of(self, columns: Mapping[str, str]) -> str:
        return filled(self.key, columns)

    def canonical(self, columns: Mapping[str, str], system: str) -> Canonical:
        """The canonical object of a row; raises Unmappable with the column, or pydantic's ValidationError."""
        body: dict[str, Any] = {}
        for path, spec in self.fields.items():
            read = hours if path.rpartition(".")[2] in HOURS else number
            _put(body, path, value_of(spec, columns, system, partial(read, sign=self.decimal)))
        if "ref" in SCHEMAS[self.entity].model_fields:
            body.setdefault("ref", {"system": system, "kind": self.entity, "id": self.key_of(columns)})
        return SCHEMAS[self.entity].model_validate(body)


@dataclass(frozen=True, slots=True)
class Mapped:
    """A whole mapping file: streams in dependency order, and the files they read."""

    streams: tuple[Stream, ...]
    files: Mapping[str, Mapping[str, Any]]

    def stream(self, name: str) -> Stream:
        for stream in self.streams:
            if stream.name == name:
                return stream
        raise Misconfigured(
            f"the mapping has no stream {name!r}: it has {', '.join(stream.name for stream in self.streams)}"
        )


def read_mapping(path: Path) -> Mapped:
    """The mapping file as values; raises Misconfigured naming what is wrong in it."""
    try:
        body = tomllib.loads(path.read_text("utf-8"))
        files = body["files"]
        streams = tuple(Stream(**{"decimal": _sign(files, stream), **stream}) for stream in body["stream"])
        mapped = Mapped(streams, files)
    except OSError as error:
        raise Misconfigured(
            f"the mapping file {path} cannot be read: {error.strerror}; give `mapping` in the systems file"
        ) from error
    except (tomllib.TOMLDecodeError, TypeError, KeyError) as error:
        raise Misconfigured(f"the mapping file {path} is not right: {error}; see examples/sip.toml") from error
    for stream in streams:
        _checked(stream, mapped, path)
    return mapped


def value_of(spec: Any, columns: Mapping[str, str], system: str, read: Number) -> Any:
    """What a field's specification gives for a row; `read` makes a number of a column's text."""
    if isinstance(spec, str):
        return filled(spec, columns)
    if not isinstance(spec, Mapping):
        return spec
    if "ref" in spec:
        return {"system": system, "kind": spec["ref"], "id": filled(spec["id"], columns)}
    text, column = _first(spec, columns)
    if text is None:
        if spec.get("optional"):
            return None
        raise Unmappable(f"column {column} is empty and the row needs it", column, code="missing-field")
    return _typed(text, column, spec, read)


def filled(template: str, columns: Mapping[str, str]) -> str:
    """The template with every {Column} filled in; raises Unmappable for a column that is empty or not there."""

    def cell(match: re.Match[str]) -> str:
        value = columns.get(match[1], "").strip()
        if value in EMPTY:
            raise Unmappable(
                f"column {match[1]} is {'empty' if match[1] in columns else 'missing'}", match[1], code="missing-field"
            )
        return value

    return PLACE.sub(cell, template)


def _first(spec: Mapping[str, Any], columns: Mapping[str, str]) -> tuple[str | None, str]:
    names = spec.get("first_of") or PLACE.findall(str(spec.get("text", "")))
    if "first_of" not in spec and any(columns.get(name, "").strip() in EMPTY for name in names):
        return None, ", ".join(names)
    if "first_of" not in spec:
        return filled(str(spec["text"]), columns), ", ".join(names)
    found = next((name for name in names if columns.get(name, "").strip() not in EMPTY), None)
    return (columns[found].strip() if found else None), found or ", ".join(names)


def _typed(text: str, column: str, spec: Mapping[str, Any], read: Number) -> Any:
    kind = spec.get("type", "text")
    if kind == "decimal":
        return read(text, column)
    if kind == "date":
        return _day(text, column, spec.get("format", "%Y-%m-%d"))
    if kind == "flag":
        return text.lower() in ("true", "yes", "y", "1", "t")
    return text


def _day(text: str, column: str, layout: str) -> Any:
    try:
        return datetime.strptime(text, layout).date()
    except ValueError:
        raise Unmappable(f"column {column} is no date like {layout}", column, code="retyped-field") from None


def _put(body: dict[str, Any], path: str, value: Any) -> None:
    *parents, last = path.split(".")
    for parent in parents:
        body = body.setdefault(parent, {})
    body[last] = str(value) if isinstance(value, Decimal) else value


def _sign(files: Mapping[str, Mapping[str, Any]], stream: Mapping[str, Any]) -> str | None:
    """What a stream's file writes before fractions: what it says, else a point; in a file of semicolons, where a comma
    is at home, either.
    """
    file = files.get(str(stream.get("file")), {})
    sign: str | None = file.get("decimal", None if file.get("delimiter") == ";" else ".")
    return sign


def _checked(stream: Stream, mapped: Mapped, path: Path) -> None:
    if stream.entity not in SCHEMAS:
        raise Misconfigured(f"{path}: stream {stream.name} maps to {stream.entity!r}, which is no canonical entity")
    for name in (stream.file, *([stream.join["file"]] if stream.join else ())):
        if name in mapped.files and ("path" in mapped.files[name]) == ("drop" in mapped.files[name]):
            raise Misconfigured(f"{path}: file {name}: give either `path`, or `drop` for files that come one by one")
        if name not in mapped.files:
            raise Misconfigured(f"{path}: stream {stream.name} reads file {name!r}, which [files] does not have")
    if stream.join and "drop" in mapped.files[stream.join["file"]]:
        raise Misconfigured(
            f"{path}: stream {stream.name} joins {stream.join['file']}: only a file with a `path` can be"
        )
    if stream.decimal not in (".", ",", None):
        raise Misconfigured(f'{path}: decimal of file {stream.file} is {stream.decimal!r}: give "," or "."')
    floats = [name for name, spec in stream.fields.items() if isinstance(spec, float)]
    if floats:
        raise Misconfigured(
            f"{path}: {stream.name}.{floats[0]} is a float: write numbers as text, so that they stay exact"
        )
