"""OTLP requests without the secrets in their texts, whatever field holds them: what is spooled and decoded afterwards.

A look through the bytes tells most requests that need nothing; in the few others, it tells the parts that are taken
apart.
"""

from __future__ import annotations

from typing import Any

from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import DecodeError

from collectors.pipeline.hint import hinted
from collectors.pipeline.protect import foreign_secret
from models.domain.secrets import MASK, masked_bytes, without_secrets

_LOOKS = 4  # resources, scopes, items, attributes: a look at each level of what a sender nests would cost its square


def guarded(made: type[Any], body: bytes) -> bytes:
    """The request, of the message class `made`, with every secret masked; as it is where it cannot be read."""
    if not any(hinted([body])):
        return body
    try:
        request = made.FromString(body)
    except DecodeError:
        return body
    request.DiscardUnknownFields()
    _mask(request, _LOOKS)
    left: bytes = request.SerializeToString()
    return left


def _mask(message: Any, looks: int) -> None:
    """Mask the secrets in all texts of the message and of those in it, which are looked at first on so many levels."""
    if message.DESCRIPTOR.name == "KeyValue" and foreign_secret(message.key):
        message.value.string_value = MASK
    parts: list[Any] = []
    for field, value in message.ListFields():
        if field.type == FieldDescriptor.TYPE_MESSAGE:
            parts += value if field.is_repeated else [value]
        elif field.name == "bytes_value":
            message.bytes_value = masked_bytes(value)
        elif field.type == FieldDescriptor.TYPE_STRING and not field.is_repeated:
            setattr(message, field.name, without_secrets(value))
    near = hinted([part.SerializeToString() for part in parts]) if looks else [True] * len(parts)
    for part, secret in zip(parts, near, strict=True):
        if secret:
            _mask(part, looks - 1)
