"""How a request's body comes in: within its room, within its time, and of one that is too large the beginning alone."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from dataclasses import dataclass
from typing import Any

from collectors.pipeline.rows import BEGINNING
from collectors.room import SMALL_BYTES, Stay

Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
ARRIVAL_SECONDS = 60.0
_DRAIN = 64 << 20  # bytes read and thrown away after a body grew too large, so that the sender hears the answer


class TooSlow(Exception):
    """A body that did not come to its end in time."""


@dataclass(frozen=True, slots=True)
class Arrived:
    """The body, or the beginning of one that is too large; then `size` is how many bytes came, else 0."""

    body: bytes
    size: int


async def arrived(receive: Receive, headers: Mapping[str, str], limit: int, stay: Stay) -> Arrived | None:
    """The body of a request, None when its sender went away. Raises NoRoom or TooSlow."""
    length = headers.get("content-length", "")
    declared = int(length) if length.isascii() and length.isdigit() else SMALL_BYTES
    await stay.take(declared if declared <= limit else BEGINNING)
    try:
        async with asyncio.timeout(ARRIVAL_SECONDS):
            return await _read(receive, limit, stay)
    except TimeoutError as error:
        raise TooSlow(f"the body did not come within {ARRIVAL_SECONDS:.0f} s: send smaller batches") from error


async def _read(receive: Receive, limit: int, stay: Stay) -> Arrived | None:
    parts: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        part = message.get("body", b"")
        size += len(part)
        if size <= limit:
            if size > SMALL_BYTES:
                await stay.take(limit)  # nothing where its length was told before
            parts.append(part)
        elif size - len(part) <= limit:
            parts = [b"".join([*parts, part])[:BEGINNING]]
        if not message.get("more_body") or size > limit + _DRAIN:
            return Arrived(b"".join(parts), size if size > limit else 0)
