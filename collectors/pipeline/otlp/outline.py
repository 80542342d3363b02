"""How many parts a large request has, counted without building them.

Two bytes of protobuf can be an empty span, and a column decoder gives each of them dozens of bytes: a body within the
limit could take gigabytes. So large bodies are first read with a descriptor that leaves everything below items and
attributes as bytes.
"""

from __future__ import annotations

from collections.abc import Iterator

import pyarrow as pa

from collectors.pipeline.otlp.descriptor import columnar_decoder
from collectors.pipeline.refusal import MOST_ITEMS, Malformed, TooLarge, too_many

LARGE_BYTES = 1 << 20
_MOST_PARTS = 10 * MOST_ITEMS


def check_outline(signal: str, body: bytes) -> None:
    """Raises TooLarge when a large body holds more items or parts than any honest request; Malformed when it cannot be
    read.
    """
    if len(body) < LARGE_BYTES:
        return
    try:
        batch = _outlines[signal].list_to_record_batch([body])
    except ValueError as error:
        raise Malformed(f"the body is no OTLP {signal} request in protobuf: {error}") from error
    sizes = list(_list_sizes(batch.column(0), 0))
    if (items := sum(size for depth, size in sizes if depth == _ITEM_DEPTH)) > MOST_ITEMS:
        raise too_many(items, "items")
    if (parts := sum(size for _, size in sizes)) > _MOST_PARTS:
        raise TooLarge(f"the body holds {parts} items and attributes, more than {_MOST_PARTS}")


def _list_sizes(array: pa.Array, depth: int) -> Iterator[tuple[int, int]]:
    if pa.types.is_list(array.type):
        flat = array.flatten()
        yield depth, len(flat)
        yield from _list_sizes(flat, depth + 1)
    elif pa.types.is_struct(array.type):
        for child in array.flatten():
            yield from _list_sizes(child, depth)


_ITEM_DEPTH = 2  # resources, scopes, items
_outlines = {"traces": columnar_decoder("TracesOutline"), "logs": columnar_decoder("LogsOutline")}
