"""How far the content of a log file has been read, and how that content is known again wherever it turns up."""

from __future__ import annotations

import hashlib
import re
from dataclasses import asdict, dataclass, replace
from functools import lru_cache
from pathlib import PurePath
from typing import Any

from collectors.tailing.content import Compressed, Plain

SEEN = 1024  # bytes at the beginning, and before the place, that tell one content from others
_NUMBERED = re.compile(r"[-_.]?\d(?:[\dTtZz:._-]*\d)?[Zz]?")
_COMPRESSED = re.compile(r"\.(gz|bz2|xz)$")


@dataclass(frozen=True, slots=True)
class Place:
    """Everything before `offset` of a content is in the lake. `head` and `tail` are digests of its first bytes and of
    the last ones before the offset; path, device and inode are where it was seen last.

    `skipping`: the offset is inside a line that is too long. `deleted`: its name was given to another file or to none.
    `raw`: of a compressed file as it lies there, which has been read to its end. `copy_of`: of a copy, as far as it was
    written when it was seen; the key of the place of what it is a copy of.
    """

    source: str
    path: str
    device: int
    inode: int
    offset: int = 0
    head: str = ""
    tail: str = ""
    skipping: bool = False
    deleted: bool = False
    raw: bool = False
    copy_of: int | None = None

    @property
    def family(self) -> str:
        return family(self.path)

    @property
    def carries(self) -> bool:
        """Whether a file may go on from here."""
        return not self.raw and self.copy_of is None

    def is_of(self, content: Plain | Compressed) -> bool:
        """Whether this is a place in that content."""
        count = min(self.offset, SEEN)
        if not count or digest(content.read(0, count)) != self.head:
            return False
        last = content.read(self.offset - count, count)
        return len(last) == count and digest(last) == self.tail

    def moved(self, head: bytes, last: bytes, offset: int, skipping: bool = False) -> Place:
        """The place at `offset`; `head` and `last` are at least SEEN bytes of the beginning and before it, if there are
        so many.
        """
        count = min(offset, SEEN)
        tail = digest(last[-count:] if count else b"")
        return replace(self, offset=offset, head=digest(head[:count]), tail=tail, skipping=skipping)

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def digest(content: bytes) -> str:
    """SHA-256, as much of it as tells contents of one machine apart."""
    return hashlib.sha256(content).hexdigest()[:32]


@lru_cache(10_000)
def family(path: str) -> str:
    """What a log and what is left of it have in common: folder, and name without numbers, dates and compression."""
    parts = PurePath(path)
    return str(parts.parent / _NUMBERED.sub("", _COMPRESSED.sub("", parts.name)))
