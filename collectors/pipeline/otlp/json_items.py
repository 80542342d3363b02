"""One span or log record of OTLP/HTTP JSON: what the protobuf mapping reads of it, and in words what it cannot read."""

from __future__ import annotations

import base64
from typing import Any

from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.json_format import ParseDict, ParseError

from collectors.pipeline.protect import protected_content
from collectors.pipeline.refusal import Malformed, Refusal

UNREADABLE = (ParseError, ValueError, TypeError, AttributeError, RecursionError)
_ID_BYTES = {"traceId": 16, "spanId": 8, "parentSpanId": 8}
_SNAKE = {"trace_id": "traceId", "span_id": "spanId", "parent_span_id": "parentSpanId"}
_CODES = {"traceId": "trace-id", "spanId": "span-id", "parentSpanId": "parent-span-id"}


class BadId(ValueError):
    """An id that is not hex of its length."""

    def __init__(self, path: str, value: Any) -> None:
        super().__init__(f"{path} must be {_ID_BYTES[path] * 2} hex digits, got {str(value)[:40]!r}")
        self.path = path
        self.code = _CODES[path]


def item(held: Any, made: Any) -> Any:
    """The message `made`, filled with a span or log record. Raises one of UNREADABLE."""
    return ParseDict(_with_ids(held, made.DESCRIPTOR), made, ignore_unknown_fields=True)


def refusal(kind: str, held: Any, error: Exception, described: Descriptor) -> Refusal:
    """Why the span or log record `held` is refused."""
    content = protected_content(held)
    if isinstance(error, BadId):
        return Refusal(0, error.code, str(error), error.path, content, len(content))
    return Refusal(
        0, "unreadable", f"the {kind} cannot be read: {_told(error, held, described)}", "", content, len(content)
    )


def filled(target: Any, fields: dict[str, Any], path: str) -> Any:
    """The message `target`, filled with `fields`. Raises Malformed."""
    try:
        return ParseDict(fields, target, ignore_unknown_fields=True)
    except UNREADABLE as error:
        raise Malformed(f"{path} cannot be read: {_told(error, fields, target.DESCRIPTOR)}") from error


def _told(error: Exception, held: Any, described: Descriptor) -> str:
    """The error in words about the sender's fields: a parser that met another shape speaks of itself."""
    try:
        shape = "it nests too deeply" if isinstance(error, RecursionError) else _misshapen(held, described)
    except RecursionError:
        shape = "it nests too deeply"
    return shape or str(error) or type(error).__name__


def _misshapen(held: Any, described: Descriptor) -> str | None:
    """The first field that has not the shape of a list or of an object where it should."""
    for name, value in held.items() if isinstance(held, dict) else ():
        field = described.fields_by_camelcase_name.get(name) or described.fields_by_name.get(name)
        if field is None or field.message_type is None or value is None:
            continue
        if wrong := _wrong(value, field):
            return f"{name}{wrong}"
    return None


def _wrong(value: Any, field: FieldDescriptor) -> str | None:
    if field.is_repeated and not isinstance(value, list):
        return f" must be a list, not {type(value).__name__}"
    for one in value if field.is_repeated else [value]:
        if not isinstance(one, dict):
            return f" must be an object, not {type(one).__name__}"
        if inner := _misshapen(one, field.message_type):
            return f".{inner}"
    return None


def _with_ids(held: Any, described: Descriptor) -> dict[str, Any]:
    """The span or log record with its hex ids turned into the base64 that the protobuf mapping reads; `links` alike."""
    if not isinstance(held, dict):
        raise ValueError(f"it must be an object, not {type(held).__name__}")
    turned: dict[str, Any] = {}
    for given, value in held.items():
        name = _SNAKE.get(str(given), str(given))
        if name in turned:
            raise ValueError(f"{name} is given twice")
        own = name in _ID_BYTES and name in described.fields_by_camelcase_name
        turned[name] = _base64_id(name, value) if own else value
    links = described.fields_by_name.get("links")
    if links is not None and turned.get("links"):
        if not isinstance(turned["links"], list):
            raise ValueError("links must be a list")
        turned["links"] = [_with_ids(link, links.message_type) for link in turned["links"]]
    return turned


def _base64_id(name: str, value: Any) -> str:
    if value is None or value == "":
        return ""
    if not isinstance(value, str) or len(value) != _ID_BYTES[name] * 2:
        raise BadId(name, value)
    try:
        return base64.b64encode(bytes.fromhex(value)).decode()
    except ValueError as error:
        raise BadId(name, value) from error
