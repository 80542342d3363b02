"""The bytes of one log record."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple


class Piece(NamedTuple):
    """Bytes that make one record, and where they begin in what was cut.

    `size` is how many bytes there were of one that is longer than it may be, as far as that is known, else 0.
    """

    start: int
    raw: bytes
    size: int = 0

    @property
    def end(self) -> int:
        return self.start + max(self.size, len(self.raw))


def joined(block: bytes, pieces: Sequence[Piece]) -> Piece:
    """Neighbours as one, with what stands between them."""
    if len(pieces) == 1:
        return pieces[0]
    start = pieces[0].start
    return Piece(start, block[start : pieces[-1].end].replace(b"\r\n", b"\n"))
