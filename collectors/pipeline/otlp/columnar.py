"""Request bodies to nested Arrow rows: by columns where that works, else message by message. Nobody else decodes.

`ptars` decodes several times faster, is young, and stands on the way to every acknowledgement: where it is missing,
refuses a body or breaks, protobuf's own decoder has the last word and makes the same rows.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from functools import cache
from typing import Any

import pyarrow as pa
from google.protobuf import message_factory
from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import DecodeError, Message

from collectors.pipeline.otlp.descriptor import FILE, descriptor
from models.action_log import action

try:
    import ptars
except ImportError:  # no wheel for this platform
    ptars = None  # type: ignore[assignment]

_log = logging.getLogger(__name__)
_TYPES = {
    FieldDescriptor.TYPE_STRING: pa.string(),
    FieldDescriptor.TYPE_BYTES: pa.binary(),
    FieldDescriptor.TYPE_BOOL: pa.bool_(),
    FieldDescriptor.TYPE_INT64: pa.int64(),
    FieldDescriptor.TYPE_DOUBLE: pa.float64(),
    FieldDescriptor.TYPE_INT32: pa.int32(),
    FieldDescriptor.TYPE_FIXED64: pa.uint64(),
    FieldDescriptor.TYPE_FIXED32: pa.uint32(),
}


def record_batch(message: str, bodies: Sequence[bytes]) -> pa.RecordBatch:
    """One nested row for each body of `message` (Traces, Logs).

    Raises DecodeError when any body is not readable; call again with each alone to learn which.
    """
    if (handler := columnar_decoder(message)) is not None:
        try:
            return handler.list_to_record_batch(list(bodies))
        except (KeyboardInterrupt, SystemExit):
            raise
        except BaseException as error:  # noqa: BLE001 - a panic of a Rust extension is no Exception
            return _second_opinion(message, bodies, error)
    return plain_batch(message, bodies)


def _second_opinion(message: str, bodies: Sequence[bytes], refused: BaseException) -> pa.RecordBatch:
    try:
        batch = plain_batch(message, bodies)
    except DecodeError as error:
        raise DecodeError(str(refused)) from error  # both refuse, and the columnar decoder says why
    action(_log, logging.WARNING, "columns.refused", message=message, why=refused)
    return batch


@cache
def columnar_decoder(message: str) -> Any:
    """ptars' handler of a message, or None where it is not installed."""
    return None if ptars is None else ptars.HandlerPool([FILE]).get_for_message(descriptor(message))


def plain_batch(message: str, bodies: Sequence[bytes]) -> pa.RecordBatch:
    """The same rows by protobuf's own decoder. Raises DecodeError before a single row is made."""
    described = descriptor(message)
    kind = message_factory.GetMessageClass(described)
    parsed = [kind.FromString(body) for body in bodies]
    schema = pa.schema([_field(field) for field in described.fields])
    return pa.RecordBatch.from_pylist([_row(one) for one in parsed], schema)


def _row(message: Message) -> dict[str, Any]:
    return {field.name: _value(message, field) for field in message.DESCRIPTOR.fields}


def _value(message: Message, field: FieldDescriptor) -> Any:
    """As the columnar decoder has it: null for an absent message or alternative, else the field's own default."""
    if field.has_presence and not message.HasField(field.name):
        return None
    value = getattr(message, field.name)
    if field.message_type is None:
        return list(value) if field.is_repeated else value
    return [_row(one) for one in value] if field.is_repeated else _row(value)


def _field(field: FieldDescriptor) -> pa.Field:
    inner = row_type(field.message_type) if field.message_type else _TYPES[field.type]
    if field.is_repeated:
        return pa.field(field.name, pa.list_(pa.field("item", inner, False)), False)
    return pa.field(field.name, inner, field.has_presence)


@cache
def row_type(message: Descriptor) -> pa.StructType:
    """The nested type of a message's row."""
    return pa.struct([_field(field) for field in message.fields])
