"""Bytes of a log file, cut into its records: by lines, by a pattern that begins a record, or by bodies that go on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import IntEnum

from collectors.tailing.continued import Continued
from collectors.tailing.piece import Piece, joined
from models.catalogue.logs import LogSource
from models.catalogue.patterns import Pattern

_BOM = b"\xef\xbb\xbf"
_SHOWS = 1024  # bytes of a line in which it shows whether it begins a record


class Ripe(IntEnum):
    """How much of the end of a file counts as a record, which depends on how long nothing has come after it."""

    NEXT = 0  # a record that something follows
    LINES = 1  # one of whole lines too
    ALL = 2  # also a line without its end


@dataclass(slots=True)
class Cut:
    """Records of a block, how much of it is done with them, and whether it ends inside a line that is too long."""

    pieces: list[Piece] = field(default_factory=list)
    taken: int = 0
    skipping: bool = False


Cutting = Callable[[bytes, Ripe, bool], Cut]
"""From a block, how much of its end counts, and whether it begins inside a line that was too long."""
Grouping = Callable[[bytes, list[Piece]], tuple[list[Piece], list[Piece]]]
"""From a block and its lines: the records that are whole, and those of the last lines, which may go on."""


def cutting(source: LogSource) -> Cutting:
    """How the files of a source are cut. A record of several lines that gets too long ends where it does."""
    limit, grouping = source.line_bytes, _grouping(source)

    def cut(block: bytes, ripe: Ripe, skipping: bool) -> Cut:
        found = _lines(block, ripe, skipping, limit)
        if grouping is None or not found.pieces:
            return found
        found.pieces, rest = grouping(block, found.pieces)
        if rest and (ripe is not Ripe.NEXT or found.skipping or found.taken - rest[0].start > limit):
            found.pieces += rest
        elif rest:
            found.taken = rest[0].start
        return found

    return cut


def _grouping(source: LogSource) -> Grouping | None:
    said = source.format
    if said.begins is not None:
        return _Beginnings(said.begins, source.line_bytes).grouped
    return Continued(said.continued, said.body, source.line_bytes).grouped if said.continued is not None else None


def _lines(block: bytes, ripe: Ripe, skipping: bool, limit: int) -> Cut:
    """The lines of a block without their ends, blank ones left out."""
    end, at = len(block) if ripe is Ripe.ALL else block.rfind(b"\n") + 1, 0
    if skipping and not (at := block.find(b"\n") + 1):
        return Cut(taken=len(block), skipping=ripe is not Ripe.ALL)
    pieces = list(_split(block, at, end, limit))
    if len(block) - end <= limit:
        return Cut(pieces, end)
    rest = block[end:].lstrip(b"\0\r")  # past a hole, left by a writer that kept its old place
    if len(rest) - rest.endswith(b"\r") <= limit:
        return Cut(pieces, len(block) - len(rest))
    pieces.append(Piece(len(block) - len(rest), rest[:limit], len(rest)))
    return Cut(pieces, len(block), True)


def _split(block: bytes, at: int, end: int, limit: int) -> Iterator[Piece]:
    for line in block[at:end].split(b"\n"):
        bare = line.strip(b"\0\r")
        if bare and not bare.isspace():
            start = at + line.index(bare)
            if not start:
                bare = bare.removeprefix(_BOM)
            yield Piece(start, bare) if len(bare) <= limit else Piece(start, bare[:limit], len(bare))
        at += len(line) + 1


class _Beginnings:
    """Joins lines to records: each begins with a line that matches."""

    def __init__(self, pattern: str, limit: int) -> None:
        self._begins, self._limit = Pattern(pattern).begins, limit

    def grouped(self, block: bytes, lines: list[Piece]) -> tuple[list[Piece], list[Piece]]:
        whole, group = list[Piece](), list[Piece]()
        for line in lines:
            if group and self._ends(group, line):
                whole.append(joined(block, group))
                group = []
            group.append(line)
        return whole, [joined(block, group)] if group else []

    def _ends(self, group: list[Piece], line: Piece) -> bool:
        too_long = line.size or group[-1].size or line.end - group[0].start > self._limit
        return bool(too_long) or self._begins(line.raw[:_SHOWS])
