"""One log record, from the bytes of its lines to fields."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import orjson

from collectors.pipeline.otlp.from_json import document
from collectors.pipeline.protect import foreign_secret, protected, protected_text
from collectors.pipeline.refusal import Malformed
from collectors.tailing.moment import Moments
from collectors.tailing.severity import Severities
from models.catalogue.logs import LogSource
from models.catalogue.patterns import Pattern
from models.domain.secrets import MASK


@dataclass(slots=True)
class Fields:
    """A record: `micros` since 1970 or None where it tells no time, `attributes` as a JSON object."""

    micros: int | None
    severity_number: int
    severity_text: str
    body: str
    attributes: bytes


class Unread(ValueError):
    """A record that cannot be read: `code` says of which kind, the message why."""

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(reason)
        self.code = code


Reading = Callable[[bytes, bool, datetime], Fields]
"""From a record's bytes, whether it may hold a secret, and the present. Raises Unread."""


def reading(source: LogSource) -> Reading:
    """How records of a source are read."""
    outer = _Pattern(source) if source.format.pattern is not None else _Json(source)
    if source.inside is None:
        return outer
    return _Wrapped(outer, reading(replace(source, format=source.inside, inside=None, encoding="utf-8")))


def text_of(raw: bytes, encoding: str) -> str:
    """The bytes as text; what its encoding does not have becomes U+FFFD."""
    return raw.decode(encoding, "replace")


class _Wrapped:
    """A record whose body is a record of its own. A body that is none stays what it is: not all that a container
    prints comes from its service's logger.
    """

    def __init__(self, outer: Reading, inner: Reading) -> None:
        self._outer, self._inner = outer, inner

    def __call__(self, raw: bytes, near: bool, now: datetime) -> Fields:
        outer = self._outer(raw, near, now)
        try:
            inner = self._inner(outer.body.encode(), near, now)
        except Unread:
            return outer
        attributes = orjson.dumps(orjson.loads(outer.attributes) | orjson.loads(inner.attributes))
        micros = outer.micros if inner.micros is None else inner.micros
        return Fields(micros, inner.severity_number, inner.severity_text, inner.body, attributes)


class _Json:
    def __init__(self, source: LogSource) -> None:
        said = source.format
        self._encoding = source.encoding
        self._moments, self._severities = Moments(said.times, source.zone), Severities(said.levels)
        self._time, self._severity, self._body = map(_taking, (said.time, said.severity, said.body))

    def __call__(self, raw: bytes, near: bool, now: datetime) -> Fields:
        held = protected(self._object(raw), "", foreign_secret) if near else self._object(raw)
        time, severity, body = self._time(held), self._severity(held), self._body(held)
        try:
            micros = None if time is None else self._moments.micros(time, now)
            return Fields(
                micros,
                self._severities.number(severity),
                "" if severity is None else str(severity),
                _text(body).removesuffix("\n"),
                orjson.dumps(held),
            )
        except (TypeError, RecursionError) as error:
            raise Unread("json", f"the line cannot be kept: {error}") from error
        except ValueError as error:
            raise Unread("time", str(error)) from error

    def _object(self, raw: bytes) -> dict[str, Any]:
        try:
            held = document(raw if self._encoding == "utf-8" else text_of(raw, self._encoding).encode())[0]
        except (Malformed, RecursionError) as error:
            raise Unread("json", f"the line is no JSON: {str(error).removeprefix('the body is no JSON: ')}") from error
        if not isinstance(held, dict):
            raise Unread("json", f"the line is no JSON object, but {type(held).__name__}")
        return held


class _Pattern:
    def __init__(self, source: LogSource) -> None:
        said = source.format
        self._encoding, self._name = source.encoding, said.name
        self._moments, self._severities = Moments(said.times, source.zone), Severities(said.levels)
        self._pattern = Pattern(said.pattern or "")
        self._secret = {name for name in self._pattern.names if foreign_secret(name)}

    def __call__(self, raw: bytes, near: bool, now: datetime) -> Fields:
        text = text_of(raw, self._encoding)
        found = self._pattern.fields((protected_text(text) if near else text).encode())
        if found is None:
            raise Unread("pattern", f"the record is not of the format {self._name}")
        held = {name: value.decode("utf-8", "replace") for name, value in found.items()}
        held |= dict.fromkeys(self._secret & held.keys(), MASK)
        time, severity, body = (held.pop(name, None) for name in ("time", "severity", "body"))
        try:
            micros = None if time is None else self._moments.micros(time, now)
        except ValueError as error:
            raise Unread("time", str(error)) from error
        return Fields(micros, self._severities.number(severity), severity or "", body or "", orjson.dumps(held))


def _taking(names: Sequence[str]) -> Callable[[dict[str, Any]], Any]:
    """Takes the first of these fields out of an object; `a.b` is a field of that name, or the field b of the object a,
    which stays where it is.
    """
    paths = [(name, name.split(".")) for name in names]

    def take(held: dict[str, Any]) -> Any:
        for name, path in paths:
            if name in held:
                return held.pop(name)
            if len(path) > 1 and (inner := _within(held, path)) is not None:
                return inner
        return None

    return take


def _within(held: Mapping[str, Any], path: Sequence[str]) -> Any:
    value: Any = held
    for name in path:
        value = value.get(name) if isinstance(value, dict) else None
    return value


def _text(body: Any) -> str:
    """A body as text; journald writes what is no UTF-8 as a list of bytes."""
    if isinstance(body, str):
        return body
    if body is None:
        return ""
    if isinstance(body, list) and body and all(isinstance(one, int) and 0 <= one < 256 for one in body):
        return bytes(body).decode("utf-8", "replace")
    return orjson.dumps(body).decode()
