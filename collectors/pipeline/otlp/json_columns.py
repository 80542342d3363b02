"""OTLP/HTTP JSON to protobuf by columns: Arrow takes the fields that are stored out of the parsed document, `ptars`
writes the wire format.

It takes what exporters send and nothing else; what is not stored it does not look at. Whatever is odd in a request (a
name spelt otherwise, a number as a text among numbers, an id that is no hex, an array within an array) makes it answer
None, and `from_json` reads the whole request item by item: it alone says what is wrong with one. Arrow's own reader of
JSON would be no faster, and ends the process on some bodies.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, reduce
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.json_format import ParseDict, ParseError
from opentelemetry.proto.common.v1.common_pb2 import AnyValue

from collectors.pipeline.otlp.attributes_json import contents
from collectors.pipeline.otlp.columnar import columnar_decoder, row_type
from collectors.pipeline.otlp.descriptor import descriptor
from collectors.pipeline.otlp.json_shape import REQUESTS, oddly_written, shape_of
from collectors.pipeline.refusal import MOST_ITEMS

SMALLEST = 12 * 1024
"""Bytes of a body below which reading item by item costs less than setting columns up."""
_BYTES_AN_OBJECT = 16
"""Objects of fewer bytes than this on average cost memory by their number: they are counted one by one instead."""


class _Odd(ValueError):
    """Something that is read item by item."""


def protobuf_by_columns(message: str, body: bytes, document: dict[str, Any]) -> bytes | None:
    """The protobuf bytes of a request of `message` (Traces, Logs), as far as it is stored, by its text and what that
    says; None where it is odd.
    """
    if (handler := columnar_decoder(message)) is None:
        return None
    if body.count(b"{") * _BYTES_AN_OBJECT > len(body) or oddly_written(message)(body):
        return None
    try:
        request = pa.array([document], shape_of(message, body))
        rebuilt = _Rebuilt(message).of(descriptor(message), REQUESTS[message], request)
    except (_Odd, pa.ArrowException, ParseError, OverflowError, UnicodeError):
        return None
    batch = pa.RecordBatch.from_arrays(rebuilt.flatten(), names=[field.name for field in rebuilt.type])
    written: bytes = handler.record_batch_to_array(batch)[0].as_py()
    return written


_ARROW: dict[int, tuple[pa.DataType, Any]] = {
    FieldDescriptor.TYPE_STRING: (pa.string(), ""),
    FieldDescriptor.TYPE_BOOL: (pa.bool_(), False),
    FieldDescriptor.TYPE_DOUBLE: (pa.float64(), 0.0),
    FieldDescriptor.TYPE_INT64: (pa.int64(), 0),
    FieldDescriptor.TYPE_INT32: (pa.int32(), 0),
    FieldDescriptor.TYPE_FIXED64: (pa.uint64(), 0),
    FieldDescriptor.TYPE_FIXED32: (pa.uint32(), 0),
}


class _Rebuilt:
    """Columns as JSON names and writes them, turned into those that the columnar encoder takes."""

    def __init__(self, message: str) -> None:
        self._items = {"Traces": "Span", "Logs": "Log"}[message]

    def of(self, stored: Descriptor, sent: Descriptor, rows: pa.StructArray) -> pa.StructArray:
        """The rows of a message as `stored` describes it; fields are told apart by their number."""
        if not len(rows):
            return pa.array([], row_type(stored))
        if stored.name == self._items and len(rows) > MOST_ITEMS:
            raise _Odd("too many items")
        columns = [self._column(field, sent.fields_by_number[field.number], rows) for field in stored.fields]
        if stored.name == "Any":
            _one_of(columns)
        names = [field.name for field in stored.fields]
        return pa.StructArray.from_arrays(columns, names, mask=pc.is_null(rows) if rows.null_count else None)

    def _column(self, stored: FieldDescriptor, sent: FieldDescriptor, rows: pa.StructArray) -> pa.Array:
        # Below an absent message Arrow keeps values that nobody gave.
        column = pc.struct_field(rows, sent.json_name) if rows.null_count else rows.field(sent.json_name)
        if pa.types.is_null(column.type):
            return pa.nulls(len(rows), pa.binary())
        if stored.message_type is not None:
            return self._list(stored, sent, column) if stored.is_repeated else self._message(stored, sent, column)
        if sent.message_type is not None:
            return _nested(sent, column)
        if stored.type == FieldDescriptor.TYPE_BYTES:
            return _unhexed(column)
        kind, absent = _ARROW[stored.type]
        found = pc.cast(column, kind) if column.type != kind else column
        return found if stored.has_presence or not found.null_count else pc.fill_null(found, pa.scalar(absent, kind))

    def _message(self, stored: FieldDescriptor, sent: FieldDescriptor, column: pa.StructArray) -> pa.Array:
        return self.of(stored.message_type, sent.message_type, column)

    def _list(self, stored: FieldDescriptor, sent: FieldDescriptor, column: pa.ListArray) -> pa.Array:
        held = column.values
        if held.null_count:
            raise _Odd("null in a list")
        return pa.ListArray.from_arrays(column.offsets, self.of(stored.message_type, sent.message_type, held))


def _one_of(columns: list[pa.Array]) -> None:
    """Raise _Odd where a value is of two kinds at once."""
    given = [column for column in columns if column.null_count < len(column)]
    if len(given) < 2:
        return
    told = [pc.cast(pc.is_valid(column), pa.int8()) for column in given]
    if pc.max(reduce(pc.add, told)).as_py() > 1:
        raise _Odd("a value of two kinds")


def _nested(sent: FieldDescriptor, column: pa.StructArray) -> pa.Array:
    """Arrays and maps, which are few, as the bytes of their message."""
    if column.null_count == len(column):
        return pa.nulls(len(column), pa.binary())
    made = _message_of(sent)
    return pa.array([None if one is None else made(_given(one)) for one in column.to_pylist()], pa.binary())


@cache
def _message_of(sent: FieldDescriptor) -> Callable[[dict[str, Any]], bytes]:
    def made(held: dict[str, Any]) -> bytes:
        value = ParseDict({sent.json_name: held}, AnyValue())
        inner: bytes = getattr(value, sent.name).SerializeToString()
        return inner

    return made


def _given(held: Any) -> Any:
    """What was given of an object; what Arrow filled up is left out."""
    if isinstance(held, dict):
        return {name: _given(value) for name, value in held.items() if value is not None}
    return [_given(one) for one in held] if isinstance(held, list) else held


def _unhexed(column: pa.Array) -> pa.Array:
    """Ids as bytes. Raises _Odd for what is no hex of an id's length."""
    filled = pc.fill_null(column, "") if column.null_count else column
    sizes = set(pc.unique(pc.binary_length(filled)).to_pylist())
    if not sizes <= {0, 16} and not sizes <= {0, 32}:
        raise _Odd("an id of another length")
    offsets, content = contents(filled)
    try:
        raw = bytes.fromhex(bytes(content).decode("ascii"))
    except ValueError as error:
        raise _Odd("an id that is no hex") from error
    if len(raw) * 2 != len(content):
        raise _Odd("an id with blanks")
    halved = pc.cast(pc.divide(offsets, pa.scalar(2, pa.int32())), pa.int32())
    return pa.BinaryArray.from_buffers(pa.binary(), len(filled), [None, halved.buffers()[1], pa.py_buffer(raw)])
