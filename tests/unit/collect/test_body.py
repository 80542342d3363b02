"""Bodies are inflated up to the limit and no further (C1, N4)."""

from __future__ import annotations

import gzip
import tracemalloc

import pytest

from collectors.pipeline.body import plain_body
from collectors.pipeline.refusal import Malformed, TooLarge, UnknownEncoding

pytestmark = pytest.mark.req("C1", "N4")
LIMIT = 1 << 20


def test_gzip_of_several_members_is_one_body():
    assert plain_body(gzip.compress(b"one ", mtime=0) + gzip.compress(b"two", mtime=0), "gzip", LIMIT) == b"one two"


def test_a_body_of_exactly_the_limit_passes_and_one_byte_more_does_not():
    assert len(plain_body(gzip.compress(b"x" * LIMIT, mtime=0), "gzip", LIMIT)) == LIMIT
    with pytest.raises(TooLarge):
        plain_body(gzip.compress(b"x" * (LIMIT + 1)), "gzip", LIMIT)


@pytest.mark.parametrize(
    "bomb", [gzip.compress(b"\0" * (64 << 20), mtime=0), gzip.compress(b"\0" * (1 << 20), mtime=0) * 64]
)
def test_a_decompression_bomb_costs_no_more_memory_than_an_honest_body(bomb):
    tracemalloc.start()
    with pytest.raises(TooLarge):
        plain_body(bomb, "gzip", LIMIT)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 8 * LIMIT


def test_a_body_of_too_many_members_is_refused_with_a_word():
    with pytest.raises(Malformed, match="10000 members"):
        plain_body(gzip.compress(b"", mtime=0) * 10_001, "gzip", LIMIT)


def test_members_of_every_size_are_read_to_their_ends():
    parts = [bytes([n % 251]) * n for n in (0, 1, 100, 255, 256, 257, 5000, 200_000)]
    body = b"".join(gzip.compress(part, 0, mtime=0) for part in parts)
    assert plain_body(body, "gzip", LIMIT) == b"".join(parts)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\x1f\x8b garbage",
        b"plain",
        gzip.compress(b"x" * 100, mtime=0)[:-4],
        gzip.compress(b"x", mtime=0) + b"tail",
    ],
)
def test_broken_gzip_is_malformed(body):
    with pytest.raises(Malformed, match="gzip"):
        plain_body(body, "gzip", LIMIT)


def test_another_encoding_is_not_offered():
    with pytest.raises(UnknownEncoding, match="'br'"):
        plain_body(b"x", "br", LIMIT)
