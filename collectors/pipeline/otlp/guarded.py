"""OTLP requests without the secrets in their texts, whatever field holds them: what is spooled and decoded afterwards.

A look through the bytes tells most requests that need nothing from the few that are taken apart.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pyarrow as pa
from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import DecodeError

from collectors.pipeline.protect import body_hinted, foreign_secret, hinted
from models.domain.secrets import MASK, masked_bytes, without_secrets


def guarded(made: type[Any], body: bytes) -> bytes:
    """The request, of the message class `made`, with every secret masked; as it is where it cannot be read."""
    if not body_hinted(body):
        return body
    try:
        request = made.FromString(body)
    except DecodeError:
        return body
    request.DiscardUnknownFields()
    texts = list(_texts(request))
    found = hinted(pa.array([_text(held) for _, _, held in texts], pa.binary()))
    for (message, name, value), secret in zip(texts, found, strict=True):
        if secret:
            setattr(message, name, masked_bytes(value) if isinstance(value, bytes) else without_secrets(value))
    left: bytes = request.SerializeToString()
    return left


def _texts(message: Any) -> Iterator[tuple[Any, str, str | bytes]]:
    """Every text below, with the message and the field that hold it; what a name gives away is masked at once."""
    if message.DESCRIPTOR.name == "KeyValue" and foreign_secret(message.key):
        message.value.string_value = MASK
    for field, value in message.ListFields():
        if field.type == FieldDescriptor.TYPE_MESSAGE:
            for inner in value if field.is_repeated else (value,):
                yield from _texts(inner)
        elif field.name == "bytes_value" or (field.type == FieldDescriptor.TYPE_STRING and not field.is_repeated):
            yield message, field.name, value


def _text(held: str | bytes) -> bytes:
    return held if isinstance(held, bytes) else held.encode()
