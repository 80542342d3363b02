"""OTLP/HTTP JSON to the protobuf bytes of the same request, so that both encodings take one road afterwards.

OTLP 1.x JSON is the proto3 JSON mapping with these differences: trace and span ids are hex (either case), enums are
numbers, 64-bit integers may be numbers or strings, field names are lowerCamelCase (snake_case is taken too), and
unknown fields are ignored. One span or log record that cannot be read is refused alone.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator
from typing import Any

import orjson
from google.protobuf.json_format import ParseDict, ParseError
from google.protobuf.message import Message
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from collectors.pipeline.otlp.decode import Signal
from collectors.pipeline.protect import protected_content
from collectors.pipeline.refusal import MOST_ITEMS, MOST_REFUSALS, Malformed, Refusal, rest, too_many

_ID_BYTES = {"traceId": 16, "spanId": 8, "parentSpanId": 8}
_CONTAINERS: dict[Signal, tuple[Any, str, str, str]] = {
    Signal.TRACES: (ExportTraceServiceRequest, "resourceSpans", "scopeSpans", "spans"),
    Signal.LOGS: (ExportLogsServiceRequest, "resourceLogs", "scopeLogs", "logRecords"),
}
_SNAKE: dict[str, str] = {
    "resource_spans": "resourceSpans",
    "scope_spans": "scopeSpans",
    "resource_logs": "resourceLogs",
    "scope_logs": "scopeLogs",
    "log_records": "logRecords",
    "trace_id": "traceId",
    "span_id": "spanId",
    "parent_span_id": "parentSpanId",
}


def protobuf_of(signal: Signal, body: bytes) -> tuple[bytes, list[Refusal]]:
    """The request as protobuf bytes, and what had to be left out (`request` is 0 in each Refusal).

    Raises Malformed when the body is no JSON object of the signal's shape, TooLarge for far too many items.
    """
    try:
        document = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise Malformed(f"the body is no JSON: {error}") from error
    message, resources, scopes, items = _CONTAINERS[signal]
    refusals: list[Refusal] = []
    request, count = message(), 0
    for resource in _objects(_object(document, "the body"), resources, resources):
        group = _filled(getattr(request, _snake(resources)).add(), _only(resource, "resource", "schemaUrl"), resources)
        for scope in _objects(resource, scopes, f"{resources}.{scopes}"):
            inner = _filled(
                getattr(group, _snake(scopes)).add(), _only(scope, "scope", "schemaUrl"), f"{resources}.{scopes}"
            )
            found = _values(scope, items, f"{resources}.{scopes}.{items}")
            count += len(found)
            if count > MOST_ITEMS:
                raise too_many(count, items)
            _add_items(inner, signal, found, refusals)
    return request.SerializeToString(), _limited(refusals)


def _add_items(scope: Message, signal: Signal, found: list[Any], refusals: list[Refusal]) -> None:
    target = getattr(scope, _snake(_CONTAINERS[signal][3]))
    kind = Span if signal is Signal.TRACES else LogRecord
    for item in found:
        try:
            target.append(ParseDict(_with_ids(item), kind(), ignore_unknown_fields=True))
        except (ParseError, ValueError, TypeError, AttributeError, RecursionError) as error:
            refusals.append(_refusal(signal, item, error))


def _limited(refusals: list[Refusal]) -> list[Refusal]:
    more = len(refusals) - MOST_REFUSALS
    return [*refusals[:MOST_REFUSALS], rest(0, more)] if more > 0 else refusals


def _refusal(signal: Signal, item: Any, error: Exception) -> Refusal:
    content = protected_content(item)
    path = error.path if isinstance(error, _BadId) else ""
    code = error.code if isinstance(error, _BadId) else "unreadable"
    kind = "span" if signal is Signal.TRACES else "log record"
    reason = str(error) or "it nests too deeply"
    return Refusal(
        0,
        code,
        reason if isinstance(error, _BadId) else f"the {kind} cannot be read: {reason}",
        path,
        content,
        len(content),
    )


class _BadId(ValueError):
    """An id that is not hex of its length."""

    def __init__(self, path: str, value: Any) -> None:
        super().__init__(f"{path} must be {_ID_BYTES[path] * 2} hex digits, got {str(value)[:40]!r}")
        self.path = path
        self.code = {"traceId": "trace-id", "spanId": "span-id", "parentSpanId": "parent-span-id"}[path]


def _with_ids(item: Any) -> dict[str, Any]:
    """The span or log record with hex ids turned into the base64 that the protobuf mapping reads; `links` alike."""
    if not isinstance(item, dict):
        raise ValueError(f"it must be an object, not {type(item).__name__}")
    turned: dict[str, Any] = {}
    for given, value in item.items():
        name = _SNAKE.get(str(given), str(given))
        if name in turned:
            raise ValueError(f"{name} is given twice")
        turned[name] = _base64_id(name, value) if name in _ID_BYTES else value
    if turned.get("links"):
        if not isinstance(turned["links"], list):
            raise ValueError("links must be a list")
        turned["links"] = [_with_ids(link) for link in turned["links"]]
    return turned


def _base64_id(name: str, value: Any) -> str:
    if value is None or value == "":
        return ""
    if not isinstance(value, str) or len(value) != _ID_BYTES[name] * 2:
        raise _BadId(name, value)
    try:
        return base64.b64encode(bytes.fromhex(value)).decode()
    except ValueError as error:
        raise _BadId(name, value) from error


def _filled(target: Any, fields: dict[str, Any], path: str) -> Any:
    try:
        return ParseDict(fields, target, ignore_unknown_fields=True)
    except (ParseError, ValueError, TypeError, AttributeError, RecursionError) as error:
        raise Malformed(f"{path} cannot be read: {error}") from error


def _objects(holder: dict[str, Any], name: str, path: str) -> Iterator[dict[str, Any]]:
    for value in _values(holder, name, path):
        yield _object(value, f"each of {path}")


def _values(holder: dict[str, Any], name: str, path: str) -> list[Any]:
    found = holder.get(name, holder.get(_snake(name)))
    if found is None:
        return []
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
