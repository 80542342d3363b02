"""One content of a log file, followed from a place in it to where it ends for now."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from collectors.tailing.content import Compressed, Plain
from collectors.tailing.cutting import Cutting, Ripe
from collectors.tailing.piece import Piece
from collectors.tailing.place import SEEN, Place

LEAST_BLOCK = 2 << 20
SHOWS = 256  # bytes in which most logs show that they are others


class Replaced(Exception):
    """The content is not the one that was read before: the file was cut off, or written anew."""


@dataclass(frozen=True, slots=True)
class Patience:
    """For how many seconds nothing has to come until the end of a file counts: a record of whole lines; a line without
    its end; all that is in a file whose name has gone to another.
    """

    record: float = 2.0
    line: float = 60.0
    rotated: float = 10.0


class Tail:
    """Reads a content on from `place`. `now` is monotonic seconds, throughout."""

    def __init__(self, place: Place, content: Plain | Compressed, cut: Cutting, limit: int, now: float) -> None:
        self.place, self.content = place, content
        self.rotated = False
        self.quiet_since = now
        self._cut, self._block = cut, max(2 * limit, LEAST_BLOCK)
        count = min(place.offset, SEEN)
        self.start = content.read(0, SHOWS)
        self._head, self._last = content.read(0, count), content.read(place.offset - count, count)
        self._rest = b""
        self._stamp: tuple[int, int] | None = None
        self._ripe = Ripe.NEXT

    def begins_like(self, start: bytes) -> bool:
        """Whether a content with this start may be the same as far as both go, which spares looking closer at most."""
        count = min(len(start), len(self.start))
        return start[:count] == self.start[:count]

    @property
    def ended(self) -> bool:
        """Whether all that was there when it was read last has been read, whatever it ends with."""
        return self._ripe is Ripe.ALL

    def read(self, now: float, patience: Patience) -> tuple[int, Sequence[Piece]]:
        """The next records, and the offset of the block in which they stand; the place has moved behind them.

        Raises Replaced, and OSError or Damaged.
        """
        offset, stamp = self.place.offset, self.content.stamp()
        if stamp != self._stamp:
            self.quiet_since = now
        ripe = self._ripeness(now, patience)
        if stamp == self._stamp and ripe <= self._ripe:
            return offset, ()
        block = self.content.read(offset, self._block)
        self._check(block)
        full = len(block) == self._block
        cut = self._cut(block, Ripe.NEXT if full else ripe, self.place.skipping)
        self._stamp, self._ripe = (None, Ripe.NEXT) if full else (stamp, ripe)
        self._advance(block, cut.taken, cut.skipping)
        return offset, cut.pieces

    def rest(self) -> tuple[int, Sequence[Piece], bool]:
        """What was seen of a content that is gone, and was no whole record yet; and whether it ended with a line, so
        that the place is behind it.
        """
        offset, rest = self.place.offset, self._rest
        cut = self._cut(rest, Ripe.ALL, self.place.skipping)
        if whole := rest.endswith(b"\n"):
            self._advance(rest, len(rest), False)
        return offset, cut.pieces, whole

    def is_start_of(self, content: Plain | Compressed) -> bool:
        """Whether what was seen here, of which nothing was read yet, is how another content begins."""
        return not self.place.offset and content.read(0, len(self._rest)) == self._rest

    def check(self) -> None:
        """Raises Replaced where the content is another one now."""
        if self._stamp is not None and self.content.stamp() != self._stamp:
            self._check(self._rest)

    def _check(self, block: bytes) -> None:
        """After a block was read: it can only be of the same content if that is still there."""
        if isinstance(self.content, Compressed):
            return  # nobody writes into one
        gone = self.content.size() < self.place.offset + len(block) or not block.startswith(self._rest)
        if gone or (self.place.offset and not self.place.is_of(self.content)):
            raise Replaced(self.place.path)

    def _ripeness(self, now: float, patience: Patience) -> Ripe:
        quiet = now - self.quiet_since
        if isinstance(self.content, Compressed) or quiet >= (patience.rotated if self.rotated else patience.line):
            return Ripe.ALL
        return Ripe.LINES if quiet >= patience.record else Ripe.NEXT

    def _advance(self, block: bytes, taken: int, skipping: bool) -> None:
        self._rest = block[taken:]
        if taken:
            if len(self._head) < SEEN:
                self._head = (self._head + block[:taken])[:SEEN]
            self._last = (self._last + block[max(0, taken - SEEN) : taken])[-SEEN:]
            self.place = self.place.moved(self._head, self._last, self.place.offset + taken, skipping)
        elif skipping != self.place.skipping:
            self.place = replace(self.place, skipping=skipping)
