"""A request body as the sender meant it: inflated, never beyond the limit."""

from __future__ import annotations

import zlib

from collectors.pipeline.refusal import Malformed, TooLarge, UnknownEncoding

_GZIP = 31  # zlib's window bits for the gzip container


def plain_body(body: bytes, encoding: str, limit: int) -> bytes:
    """The body without its content encoding (gzip or none), at most `limit` bytes.

    Raises TooLarge, UnknownEncoding, or Malformed for broken or cut gzip. Inflating stops at the limit, so a
    decompression bomb costs no more memory than an honest body.
    """
    if encoding in ("", "identity"):
        return body
    if encoding not in ("gzip", "x-gzip"):
        raise UnknownEncoding(f"content encoding {encoding[:40]!r} is not offered: send gzip or none")
    return _inflated(body, limit)


def beginning(body: bytes, encoding: str, limit: int) -> bytes:
    """At most the first `limit` bytes of a refused body: inflated where that can be done, so that secrets in it can be
    seen and masked.
    """
    if encoding not in ("gzip", "x-gzip"):
        return body[:limit]
    try:
        return zlib.decompressobj(_GZIP).decompress(body, limit)
    except zlib.error:
        return body[:limit]


def _inflated(body: bytes, limit: int) -> bytes:
    parts: list[bytes] = []
    room = limit + 1
    while body:
        inflater = zlib.decompressobj(_GZIP)
        try:
            part = inflater.decompress(body, room)
        except zlib.error as error:
            raise Malformed(f"the body is no gzip: {error}") from error
        parts.append(part)
        room -= len(part)
        if room <= 0:
            raise TooLarge(f"the body is larger than {limit >> 20} MiB after inflating")
        if not inflater.eof:
            raise Malformed("the gzip body ends early")
        body = inflater.unused_data
    if not parts:
        raise Malformed("the body is no gzip: it is empty")
    return b"".join(parts)
