"""A request body as the sender meant it: inflated, never beyond the limit, at a cost that grows with its size."""

from __future__ import annotations

import zlib

from collectors.pipeline.refusal import Malformed, TooLarge, UnknownEncoding

MOST_MEMBERS = 10_000  # of a gzip body: SDKs send one, parallel gzip one for each 64 KiB
_GZIP = 31  # zlib's window bits for the gzip container
_FIRST_PIECE, _LARGEST_PIECE = 256, 1 << 16


def plain_body(body: bytes, encoding: str, limit: int) -> bytes:
    """The body without its content encoding (gzip or none), at most `limit` bytes.

    Raises TooLarge, UnknownEncoding, or Malformed for broken or cut gzip. Inflating stops at the limit, so a
    decompression bomb costs no more memory than an honest body.
    """
    if encoding in ("", "identity"):
        if len(body) > limit:
            raise _too_large(limit, "")
        return body
    if encoding not in ("gzip", "x-gzip"):
        raise UnknownEncoding(f"content encoding {encoding[:40]!r} is not offered: send gzip or none")
    return _inflated(memoryview(body), limit)


def beginning(body: bytes, encoding: str, limit: int) -> bytes:
    """At most the first `limit` bytes of a refused body: inflated where that can be done, so that secrets in it can be
    seen and masked.
    """
    if encoding not in ("gzip", "x-gzip"):
        return body[:limit]
    try:
        return zlib.decompressobj(_GZIP).decompress(body[:limit], limit)
    except zlib.error:
        return body[:limit]


def _inflated(body: memoryview, limit: int) -> bytes:
    parts: list[bytes] = []
    place, members, room = 0, 0, limit + 1
    while place < len(body):
        members += 1
        if members > MOST_MEMBERS:
            raise Malformed(f"the gzip body has more than {MOST_MEMBERS} members: send it as one")
        place, inflated = _member(body, place, room)
        parts += inflated
        room -= sum(map(len, inflated))
        if room <= 0:
            raise _too_large(limit, " after inflating")
    if not members:
        raise Malformed("the body is no gzip: it is empty")
    return b"".join(parts)


def _member(body: memoryview, place: int, room: int) -> tuple[int, list[bytes]]:
    """Where the member at `place` ends, and what it inflates to, up to `room` bytes.

    It is fed in pieces that grow: zlib copies what follows a member, and that must not be the rest of the body.
    """
    inflater, parts, piece = zlib.decompressobj(_GZIP), list[bytes](), _FIRST_PIECE
    while not inflater.eof and room > 0:
        if place >= len(body):
            raise Malformed("the gzip body ends early")
        fed = body[place : place + piece]
        try:
            parts.append(inflater.decompress(fed, room))
        except zlib.error as error:
            raise Malformed(f"the body is no gzip: {error}") from error
        place += len(fed) - len(inflater.unused_data)
        room -= len(parts[-1])
        piece = min(2 * piece, _LARGEST_PIECE)
    return place, parts


def _too_large(limit: int, when: str) -> TooLarge:
    size = f"{limit >> 20} MiB" if limit >= 1 << 20 else f"{limit >> 10} KiB"
    return TooLarge(f"the body is larger than {size}{when}")
