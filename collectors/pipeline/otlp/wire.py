"""Protobuf's wire format, one field at a time (protobuf.dev, "Encoding")."""

from __future__ import annotations

from collections.abc import Iterator

from google.protobuf.message import DecodeError

_FIXED = {1: 8, 5: 4}
_LONGEST_VARINT = 10


def fields(body: memoryview) -> Iterator[tuple[int, memoryview | None]]:
    """Number of each field, and its content where that has a length. Raises DecodeError for what is no protobuf."""
    return ((number, content) for number, _, content in pieces(body))


def delimited(number: int, content: bytes | memoryview) -> bytes:
    """A field that has a length, as it stands on the wire."""
    return b"".join((_written(number << 3 | 2), _written(len(content)), content))


def pieces(body: memoryview) -> Iterator[tuple[int, memoryview, memoryview | None]]:
    """The same with all bytes of each field between. Raises DecodeError."""
    place = 0
    while place < len(body):
        start = place
        tag, place = _varint(body, place)
        number, kind = tag >> 3, tag & 7
        content: memoryview | None = None
        if kind == 0:
            _, place = _varint(body, place)
        elif kind == 2:
            size, place = _varint(body, place)
            content, place = body[place : place + size], place + size
        elif kind in _FIXED:
            place += _FIXED[kind]
        else:
            raise DecodeError(f"wire type {kind} is not offered")
        if number == 0 or place > len(body):
            raise DecodeError("the body ends early" if number else "a field has no number")
        yield number, body[start:place], content


def _written(value: int) -> bytes:
    taken = bytearray()
    while value >= 0x80:
        taken.append(value & 0x7F | 0x80)
        value >>= 7
    taken.append(value)
    return bytes(taken)


def _varint(body: memoryview, place: int) -> tuple[int, int]:
    value = 0
    for shift, byte in enumerate(body[place : place + _LONGEST_VARINT]):
        value |= (byte & 0x7F) << (7 * shift)
        if byte < 0x80:
            return value, place + shift + 1
    raise DecodeError("a number does not end")
