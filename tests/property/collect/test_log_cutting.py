"""Wherever a look at a growing log falls, its records are those of the log as a whole (C2)."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collectors.tailing.cutting import Cutting, Ripe, cutting
from collectors.tailing.piece import Piece
from tests.unit.collect.log_world import source
from tests.unit.collect.test_log_formats import docker

pytestmark = pytest.mark.req("C2")
LIMIT = 1024
texts = st.text(max_size=20).map(str.encode) | st.binary(max_size=20) | st.sampled_from([b"\0" * 9, b"x" * 3000, b" "])
plain = st.lists(texts.map(lambda text: text + b"\n"), max_size=20).map(b"".join)
traced = st.lists(
    st.sampled_from([b"2026-11-30 10:15 INFO a\n", b"\tat x\n", b"\r\n", b"\n", b"y" * 600 + b"\n"]), max_size=20
)
split = st.lists(
    st.sampled_from([docker("a"), docker("b\n"), docker("c", "stderr"), docker("d\n", "stderr"), b"[]\n", b"{\n"]),
    max_size=20,
)


def read(cut: Cutting, content: bytes, looks: list[int]) -> list[tuple[int, bytes, bool]]:
    """The records, with their places in the file, of a log that had grown to these sizes when it was looked at."""
    found: list[tuple[int, bytes, bool]] = []
    at, skipping = 0, False
    for size, ripe in [*((min(look, len(content)), Ripe.NEXT) for look in sorted(looks)), (len(content), Ripe.ALL)]:
        done = cut(content[at:size], ripe, skipping)
        found += [(at + one.start, one.raw, bool(one.size)) for one in done.pieces]
        at, skipping = at + done.taken, done.skipping
    assert at == len(content)
    return found


@settings(max_examples=150, deadline=None)
@given(plain, st.lists(st.integers(0, 4000), max_size=6))
def test_lines(content: bytes, looks: list[int]) -> None:
    cut = cutting(source(Path("/logs"), "text", line_bytes=LIMIT))
    assert read(cut, content, looks) == read(cut, content, [])


@settings(max_examples=150, deadline=None)
@given(traced.map(b"".join), st.lists(st.integers(0, 2000), max_size=6))
def test_records_of_several_lines(content: bytes, looks: list[int]) -> None:
    cut = cutting(source(Path("/logs"), "log4j", line_bytes=LIMIT))
    assert read(cut, content, looks) == read(cut, content, [])


@settings(max_examples=150, deadline=None)
@given(split.map(b"".join), st.lists(st.integers(0, 2000), max_size=6))
def test_lines_that_docker_split(content: bytes, looks: list[int]) -> None:
    cut = cutting(source(Path("/logs"), "docker", line_bytes=LIMIT))
    assert read(cut, content, looks) == read(cut, content, [])


def test_nothing_of_a_block_is_lost_between_its_pieces() -> None:
    """What stands between two records is blank."""
    content = b"a\n\n\0b\r\n   \nc"
    cut = cutting(source(Path("/logs"), "text", line_bytes=LIMIT))
    assert cut(content, Ripe.ALL, False).pieces == [Piece(0, b"a"), Piece(4, b"b"), Piece(11, b"c")]
    assert cut(content, Ripe.NEXT, False).taken == 11
