"""OTLP/HTTP JSON to the protobuf bytes of the same request, so that both encodings take one road afterwards.

OTLP 1.x JSON is the proto3 JSON mapping with these differences: trace and span ids are hex (either case), enums are
numbers, 64-bit integers may be numbers or strings, field names are lowerCamelCase (snake_case is taken too), and
unknown fields are ignored. The names before OTLP 1.0 (`instrumentationLibrarySpans`) are read as well. A span or log
record that cannot be read is refused alone, a resource or scope that cannot be read with what is in it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import orjson
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from collectors.pipeline.otlp.decode import Signal
from collectors.pipeline.otlp.json_columns import SMALLEST, protobuf_by_columns
from collectors.pipeline.otlp.json_items import UNREADABLE, filled, item, refusal
from collectors.pipeline.protect import protected_content
from collectors.pipeline.refusal import MOST_ITEMS, MOST_REFUSALS, Malformed, Refusal, rest, too_many

_ESCAPE = re.compile(
    rb"\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|(u[dD][89a-fA-F][0-9a-fA-F]{2})|.)", re.DOTALL
)
_REPLACEMENT = rb"\ufffd"


@dataclass(frozen=True, slots=True)
class _Names:
    """What a signal calls its parts; of several names the first is today's. `columns` is its name among columns."""

    message: Any
    columns: str
    item: str
    resources: str
    scopes: tuple[str, ...]
    items: tuple[str, ...]


_NAMES = {
    Signal.TRACES: _Names(
        ExportTraceServiceRequest,
        "Traces",
        "span",
        "resourceSpans",
        ("scopeSpans", "instrumentationLibrarySpans"),
        ("spans",),
    ),
    Signal.LOGS: _Names(
        ExportLogsServiceRequest,
        "Logs",
        "log record",
        "resourceLogs",
        ("scopeLogs", "instrumentationLibraryLogs"),
        ("logRecords", "logs"),
    ),
}


@dataclass(frozen=True, slots=True)
class Converted:
    """The request as protobuf bytes, what had to be left out (`request` is 0 in each), and what was mended in it."""

    payload: bytes
    refusals: list[Refusal]
    remark: str = ""


def protobuf_of(signal: Signal, body: bytes) -> Converted:
    """The request as protobuf bytes: by columns where nothing in it is odd, else item by item.

    Raises Malformed when the body is no JSON object of the signal's shape, TooLarge for far too many items.
    """
    held, remark = document(body)
    request, names = _object(held, "the body"), _NAMES[signal]
    if not remark and len(body) >= SMALLEST and (payload := protobuf_by_columns(names.columns, body, request)):
        return Converted(payload, [])
    conversion = _Conversion(names)
    return Converted(conversion.payload(request), conversion.limited(), remark)


@dataclass(slots=True)
class _Conversion:
    names: _Names
    refusals: list[Refusal] = field(default_factory=list)
    count: int = 0

    def payload(self, document: dict[str, Any]) -> bytes:
        request, names = self.names.message(), self.names
        for held in _values(document, (names.resources,), names.resources):
            self._added(getattr(request, _snake(names.resources)), held, names.resources, self._resource)
        if self.refusals and not self.count:
            raise Malformed(self.refusals[0].reason)
        payload: bytes = request.SerializeToString()
        return payload

    def limited(self) -> list[Refusal]:
        """The refusals, those beyond the first thousand counted."""
        more = sum(refused.items for refused in self.refusals[MOST_REFUSALS:])
        return [*self.refusals[:MOST_REFUSALS], rest(0, more)] if more else self.refusals

    def _added(self, parts: Any, held: Any, path: str, fill: Callable[[Any, dict[str, Any]], None]) -> None:
        """Add a resource or a scope with all that is in it, or refuse it with that."""
        try:
            fill(parts.add(), _object(held, f"each of {path}"))
        except Malformed as error:
            del parts[-1]
            content = protected_content(held)
            items = max(1, sum(1 for _ in _items(held, self.names)))
            self.refusals.append(Refusal(0, "unreadable", str(error), path, content, len(content), items))

    def _resource(self, made: Any, held: dict[str, Any]) -> None:
        names = self.names
        path = f"{names.resources}.{names.scopes[0]}"
        filled(made, _only(held, "resource", "schemaUrl"), names.resources)
        scopes = _values(held, names.scopes, path)
        for scope in scopes:
            self._added(getattr(made, _snake(names.scopes[0])), scope, path, self._scope)

    def _scope(self, made: Any, held: dict[str, Any]) -> None:
        names = self.names
        path = f"{names.resources}.{names.scopes[0]}"
        found = _values(held, names.items, f"{path}.{names.items[0]}")
        old = {"scope": held["instrumentationLibrary"]} if "instrumentationLibrary" in held else {}
        filled(made, old | _only(held, "scope", "schemaUrl"), path)
        self.count += len(found)
        if self.count > MOST_ITEMS:
            raise too_many(self.count, names.items[0])
        parts = getattr(made, _snake(names.items[0]))
        for one in found:
            try:
                item(one, parts.add())
            except UNREADABLE as error:
                described = parts[-1].DESCRIPTOR
                del parts[-1]
                self.refusals.append(refusal(names.item, one, error, described))


def document(body: bytes) -> tuple[Any, str]:
    """The JSON, and a remark where bytes that are no UTF-8 or half surrogates were replaced in it."""
    try:
        return orjson.loads(body), ""
    except orjson.JSONDecodeError as error:
        mended = _ESCAPE.sub(_whole, body.decode("utf-8", "replace").encode())
        if mended == body:
            raise Malformed(f"the body is no JSON: {error}") from error
    try:
        return orjson.loads(mended), "text that is no Unicode was replaced by U+FFFD"
    except orjson.JSONDecodeError as error:
        raise Malformed(f"the body is no JSON: {error}") from error


def _whole(escape: re.Match[bytes]) -> bytes:
    return escape[0] if escape[1] is None else _REPLACEMENT


def _items(held: Any, names: _Names) -> Iterator[Any]:
    """The spans or log records below what is refused, as far as they can be counted."""
    if isinstance(held, dict):
        for name in {*names.scopes, *map(_snake, names.scopes)}:
            for scope in held.get(name) or () if isinstance(held.get(name), list) else ():
                yield from _items(scope, names)
        for name in {*names.items, *map(_snake, names.items)}:
            yield from held[name] if isinstance(held.get(name), list) else ()


def _values(holder: dict[str, Any], names: tuple[str, ...], path: str) -> list[Any]:
    given = (holder.get(name) for one in names for name in (one, _snake(one)))
    found: Any = next((value for value in given if value is not None), [])
    if not isinstance(found, list):
        raise Malformed(f"{path} must be a list, not {type(found).__name__}")
    return found


def _object(value: Any, what: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise Malformed(f"{what} must be an object, not {type(value).__name__}")
    return value


def _only(holder: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: holder[name] for name in names if name in holder}


def _snake(name: str) -> str:
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name)
