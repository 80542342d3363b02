"""What is in a file, as bytes from a place on: of a plain file, or of a compressed one as it was before."""

from __future__ import annotations

import bz2
import gzip
import lzma
import os
import zlib
from collections.abc import Callable, Mapping
from typing import Any

_OPENED: Mapping[str, Callable[[str], Any]] = {".gz": gzip.open, ".bz2": bz2.open, ".xz": lzma.open}
_FOREIGN = (".zst", ".zip", ".lz4", ".7z", ".tgz", ".tar", ".Z", ".br")
_AT_ONCE = 1 << 20


class Damaged(Exception):
    """A compressed file that ends early, or is none."""


def is_compressed(path: str) -> bool:
    """Whether a file of this name is compressed in a way that is read here."""
    return path.endswith(tuple(_OPENED))


def is_foreign(path: str) -> bool:
    """Whether a file of this name is packed in a way that is not."""
    return path.endswith(_FOREIGN)


class Plain:
    """A plain file, by a handle that outlives its name. Methods raise OSError.

    Parked it has no handle, so that there may be more files than handles; it is opened again when it is read.
    """

    def __init__(self, path: str) -> None:
        self.path = path
        self._file: int | None = _opened(path)
        found = os.fstat(self._file)
        self.node = (found.st_dev, found.st_ino)
        self._stamp = (found.st_size, found.st_mtime_ns)

    def stamp(self) -> tuple[int, int]:
        """What moves when something is written: size and time of the last change."""
        if self._file is not None:
            found = os.fstat(self._file)
        else:
            try:
                found = os.stat(self.path)
            except FileNotFoundError:
                return self._stamp  # renamed, and not found again yet
            if (found.st_dev, found.st_ino) != self.node:
                return self._stamp
        self._stamp = (found.st_size, found.st_mtime_ns)
        return self._stamp

    def size(self) -> int:
        return self.stamp()[0]

    def deleted(self) -> bool:
        """Whether no name leads to it any more, as far as the handle tells."""
        return self._file is not None and os.fstat(self._file).st_nlink == 0

    def read(self, offset: int, count: int) -> bytes:
        file = self._handle()
        found = os.pread(file, count, offset)
        while found and len(found) < count and (more := os.pread(file, count - len(found), offset + len(found))):
            found += more
        return found

    def park(self) -> None:
        if self._file is not None:
            os.close(self._file)
        self._file = None

    close = park

    def _handle(self) -> int:
        if self._file is None:
            self._file = _opened(self.path)
        return self._file


class Compressed:
    """A compressed file as it was before. Reading on costs what it passes, reading back begins anew. Methods raise
    OSError, or Damaged.
    """

    def __init__(self, path: str) -> None:
        self.path = path
        self._file = _OPENED[os.path.splitext(path)[1]](path)
        found = os.stat(path)
        self.node = (found.st_dev, found.st_ino)
        self._size: int | None = None

    def stamp(self) -> tuple[int, int]:
        """Always the same: nobody writes into one that is whole."""
        return 0, 0

    def size(self) -> int:
        """How long it is, which takes reading it to its end."""
        if self._size is None:
            at = _AT_ONCE
            while self.read(at, 1):
                at += _AT_ONCE
            self._size = int(_guarded(self._file.tell))
        return self._size

    def deleted(self) -> bool:
        return False

    def read(self, offset: int, count: int) -> bytes:
        def sought() -> bytes:
            self._file.seek(offset)
            found: bytes = self._file.read(count)
            return found

        found: bytes = _guarded(sought)
        return found

    def park(self) -> None:
        """It is read to its end at once."""

    def close(self) -> None:
        self._file.close()


def opened(path: str) -> Plain | Compressed:
    """The content of a file. Raises OSError."""
    return Compressed(path) if is_compressed(path) else Plain(path)


def same_start(one: Plain | Compressed, other: Plain | Compressed) -> bool:
    """Whether the shorter content is how the longer one begins, as far as its ends tell."""
    size = min(one.size(), other.size())
    count = min(size, 4096)
    return all(one.read(at, count) == other.read(at, count) for at in (0, size - count))


def _opened(path: str) -> int:
    return os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)


def _guarded(work: Callable[[], Any]) -> Any:
    try:
        return work()
    except (EOFError, zlib.error, lzma.LZMAError) as error:
        raise Damaged(str(error)) from error
    except OSError as error:
        if error.errno is None:  # what gzip and bz2 say of bytes that are not theirs
            raise Damaged(str(error)) from error
        raise
