"""Which files a source has at the moment, and which lie beside them."""

from __future__ import annotations

import glob
import os
import stat
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

from collectors.tailing.place import family

Node = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Found:
    """A file that is there; `listed` where the source's globs name it, else it only lies beside what they name.

    `node` is its device and inode, which a network mount may change as it likes.
    """

    path: str
    node: Node
    size: int
    changed: int
    listed: bool

    @property
    def signature(self) -> tuple[int, int]:
        """What stays while nobody writes to it."""
        return self.size, self.changed


def files_of(globs: Collection[str], kin: Collection[str]) -> list[Found]:
    """The files that the globs name, and of the families `kin` those beside them; each once, the oldest first."""
    listed = {path for one in globs for path in glob.glob(one, recursive=True)}
    found: dict[object, Found] = {}
    for path in [*sorted(listed), *sorted(set(_beside(kin)) - listed)]:
        if (one := _looked_at(path, path in listed)) is not None:
            found.setdefault(one.node if one.node[1] else os.path.realpath(path), one)
    return sorted(found.values(), key=lambda one: (one.changed, one.path))


def folder_fault(pattern: str) -> str | None:
    """What is wrong with the folder that a glob begins in."""
    folder = Path(pattern).parent
    while glob.has_magic(str(folder)):
        folder = folder.parent
    if not folder.is_dir():
        return f"the folder {folder} is not there"
    return None if os.access(folder, os.R_OK | os.X_OK) else f"the folder {folder} may not be read"


def _beside(kin: Collection[str]) -> Iterator[str]:
    for folder in {os.path.dirname(one) for one in kin}:
        try:
            names = os.listdir(folder)
        except OSError:
            continue  # what is listed there shows it
        yield from (path for name in names if family(path := os.path.join(folder, name)) in kin)


def _looked_at(path: str, listed: bool) -> Found | None:
    try:
        found = os.stat(path)
    except OSError:
        return None  # gone since it was listed, or a link that leads nowhere
    if not stat.S_ISREG(found.st_mode) or not found.st_size:
        return None
    return Found(path, (found.st_dev, found.st_ino), found.st_size, found.st_mtime_ns, listed)
