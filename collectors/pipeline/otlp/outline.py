"""How many parts a large request has, counted without building them.

Two bytes of protobuf can be an empty span, and a decoder gives each of them dozens of bytes: a body within the limit
could take gigabytes. So large bodies are first read with a descriptor that leaves everything below items and attributes
as bytes. Without the columnar decoder every body is walked on the wire, no further than an honest request goes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import pyarrow as pa
from google.protobuf.descriptor import Descriptor
from google.protobuf.message import DecodeError

from collectors.pipeline.otlp.columnar import columnar_decoder
from collectors.pipeline.otlp.descriptor import descriptor
from collectors.pipeline.otlp.wire import fields
from collectors.pipeline.refusal import MOST_ITEMS, Malformed, TooLarge, too_many

LARGE_BYTES = 1 << 20
_MOST_PARTS = 10 * MOST_ITEMS
_ITEM_DEPTH = 2  # resources, scopes, items


def check_outline(signal: str, body: bytes) -> None:
    """Raises TooLarge when a large body holds more items or parts than any honest request; Malformed when it cannot be
    read.
    """
    message = f"{signal.capitalize()}Outline"
    if len(body) < LARGE_BYTES and columnar_decoder(message) is not None:
        return
    try:
        _check(_parts(message, body))
    except DecodeError as error:
        raise Malformed(f"the body is no OTLP {signal} request in protobuf: {error}") from error


def _check(parts: Iterable[tuple[int, int]]) -> None:
    items = everything = 0
    for depth, count in parts:
        everything += count
        items += count if depth == _ITEM_DEPTH else 0
        if items > MOST_ITEMS:
            raise too_many(items, "items")
        if everything > _MOST_PARTS:
            raise TooLarge(f"the body holds more than {_MOST_PARTS} items and attributes")


def _parts(message: str, body: bytes) -> Iterator[tuple[int, int]]:
    """Depth and count of parts, by columns or one by one."""
    if (handler := columnar_decoder(message)) is not None:
        try:
            column = handler.list_to_record_batch([body]).column(0)
        except (KeyboardInterrupt, SystemExit):
            raise
        except BaseException:  # noqa: BLE001 - a panic of a Rust extension is no Exception
            return walked(memoryview(body), descriptor(message), 0)
        return sizes(column, 0)
    return walked(memoryview(body), descriptor(message), 0)


def sizes(array: pa.Array, depth: int) -> Iterator[tuple[int, int]]:
    """Depth and length of every list below a nested column."""
    if pa.types.is_list(array.type):
        flat = array.flatten()
        yield depth, len(flat)
        yield from sizes(flat, depth + 1)
    elif pa.types.is_struct(array.type):
        for child in array.flatten():
            yield from sizes(child, depth)


def walked(body: memoryview, message: Descriptor, depth: int) -> Iterator[tuple[int, int]]:
    """Depth of every part of a message on the wire, each counted once. Raises DecodeError."""
    for number, content in fields(body):
        field = message.fields_by_number.get(number)
        if field is None or content is None:
            continue
        if field.is_repeated:
            yield depth, 1
        if field.message_type is not None:
            yield from walked(content, field.message_type, depth + field.is_repeated)
