"""What a request of OTLP/HTTP JSON looks like where Arrow takes it as it is written, and what tells it does not."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import cache

import pyarrow as pa
from google.protobuf.descriptor import Descriptor, FieldDescriptor
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue

from collectors.pipeline.hint import searching
from collectors.pipeline.otlp.descriptor import descriptor

REQUESTS: dict[str, Descriptor] = {
    "Traces": ExportTraceServiceRequest.DESCRIPTOR,
    "Logs": ExportLogsServiceRequest.DESCRIPTOR,
}
"""What is sent, by the name of what is stored of it."""
_ANY = AnyValue.DESCRIPTOR
_WHOLE = {
    FieldDescriptor.TYPE_INT64,
    FieldDescriptor.TYPE_INT32,
    FieldDescriptor.TYPE_UINT32,
    FieldDescriptor.TYPE_FIXED64,
    FieldDescriptor.TYPE_FIXED32,
    FieldDescriptor.TYPE_ENUM,
}
_PLAIN = {
    FieldDescriptor.TYPE_STRING: pa.string(),
    FieldDescriptor.TYPE_BYTES: pa.string(),
    FieldDescriptor.TYPE_BOOL: pa.bool_(),
    FieldDescriptor.TYPE_DOUBLE: pa.float64(),
}


@cache
def oddly_written(message: str) -> Callable[[bytes], object | None]:
    """Tells whether a text may name a field as the protobuf files do or as it was called before OTLP 1.0, or give one
    what Arrow would take for something else: a truth for a number, a part of a whole number, a text of a number that is
    not decimal, an empty text or list for an object, an empty text for a list.
    """
    fields = list(_fields(REQUESTS[message], set()))
    snake = sorted({"instrumentationLibrary\\w*", "logs", *(one.name for one in fields if one.name != one.json_name)})
    whole = {one.json_name for one in fields if one.type in _WHOLE}
    lists = {one.json_name for one in fields if one.is_repeated and one.message_type}
    objects = {one.json_name for one in fields if one.message_type and not one.is_repeated}
    odd = {
        _either(snake): "",
        "doubleValue": "[tf]",
        _either(whole): r'(?:"-?[0-9]*[^"0-9]|"-?"|-?[0-9]+[.eE])',
        _either(lists): r'(?:"|\[\s*[^{\]\s])',
        _either(objects): r'["\[]',
    }
    return searching("|".join(f'"{name}"\\s*:\\s*{value}' for name, value in odd.items()).encode())


def _either(names: Iterable[str]) -> str:
    return f"(?:{'|'.join(sorted(names))})"


def _fields(message: Descriptor, seen: set[str]) -> Iterator[FieldDescriptor]:
    """Every field of a message and of those within it, each message once."""
    if message.full_name in seen:
        return
    seen.add(message.full_name)
    for field in message.fields:
        yield field
        if field.message_type is not None:
            yield from _fields(field.message_type, seen)


def shape_of(message: str, body: bytes) -> pa.StructType:
    """The Arrow type of what is taken of a request; times and whole numbers are texts, as most exporters write them,
    where the first of each is.
    """
    return _typed(message, _is_text(body, b'UnixNano"', True), _is_text(body, b'"intValue"', False))


def _is_text(body: bytes, name: bytes, otherwise: bool) -> bool:
    place = body.find(name)
    if place < 0:
        return otherwise
    return body[place + len(name) : place + len(name) + 8].lstrip(b": \t").startswith(b'"')


@cache
def _typed(message: str, times: bool, numbers: bool) -> pa.StructType:
    """`times` and whole `numbers` are texts, or they are not."""
    time, number = pa.string() if times else pa.uint64(), pa.string() if numbers else pa.int64()
    within = _value(number)
    several = pa.list_(within)
    pairs = pa.list_(pa.struct([("key", pa.string()), ("value", within)]))
    value = _value(number, pa.struct([("values", several)]), pa.struct([("values", pairs)]))
    return _shape(descriptor(message), REQUESTS[message], time, value)


def _value(number: pa.DataType, several: pa.DataType = pa.null(), pairs: pa.DataType = pa.null()) -> pa.StructType:
    """The type of an AnyValue; what is null in it is odd where it is given."""
    plain = [("stringValue", pa.string()), ("boolValue", pa.bool_()), ("intValue", number)]
    rest = [("doubleValue", pa.float64()), ("arrayValue", several), ("kvlistValue", pairs), ("bytesValue", pa.null())]
    return pa.struct([*plain, *rest])


def _shape(stored: Descriptor, sent: Descriptor, time: pa.DataType, value: pa.StructType) -> pa.StructType:
    if sent is _ANY:
        return value
    fields = []
    for field in stored.fields:
        given = sent.fields_by_number[field.number]
        inner = field.message_type and _shape(field.message_type, given.message_type, time, value)
        kind = inner or (time if field.type == FieldDescriptor.TYPE_FIXED64 else _PLAIN.get(field.type, pa.int64()))
        fields.append(pa.field(given.json_name, pa.list_(kind) if field.is_repeated else kind))
    return pa.struct(fields)
