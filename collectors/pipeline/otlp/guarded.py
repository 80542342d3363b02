"""OTLP requests without the secrets in their texts, whatever field holds them: what is spooled and decoded afterwards.

A look through the bytes tells most requests that need nothing from the few that are taken apart.
"""

from __future__ import annotations

from typing import Any

from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import DecodeError

from collectors.pipeline.protect import body_hinted, foreign_secret
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
    _guard(request)
    left: bytes = request.SerializeToString()
    return left


def _guard(message: Any) -> None:
    if message.DESCRIPTOR.name == "KeyValue" and foreign_secret(message.key):
        message.key, message.value.string_value = without_secrets(message.key), MASK
        return
    for field, value in message.ListFields():
        if field.type == FieldDescriptor.TYPE_MESSAGE:
            for inner in value if field.is_repeated else (value,):
                _guard(inner)
        elif field.type == FieldDescriptor.TYPE_STRING and not field.is_repeated:
            if (left := without_secrets(value)) is not value:
                setattr(message, field.name, left)
        elif field.name == "bytes_value" and (raw := masked_bytes(value)) is not value:
            message.bytes_value = raw
