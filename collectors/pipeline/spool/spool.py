"""Segments of accepted requests, in order, each one batch of one writer.

A segment's number is the number of its batch in the lake, and its content never changes once it is closed: so the same
requests always make the same batch, and a batch that landed without our learning of it is not stored twice.
"""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Sequence
from pathlib import Path

from collectors.pipeline.spool.frame import Frame, encoded, frames
from models.action_log import action

_log = logging.getLogger(__name__)
_SUFFIX = ".segment"
_AT_ONCE = 512  # buffers per gathering write, below every system's IOV_MAX


class SpoolFull(Exception):
    """The spool holds as much as it may: the sender has to wait."""


class Segment:
    """One file of frames; open for appending by one thread, or closed."""

    def __init__(self, path: Path, number: int) -> None:
        self.path, self.number = path, number
        self.size = path.stat().st_size if path.exists() else 0
        self.torn = False  # half a write could not be cut off: nothing more may be appended
        self._file: int | None = None

    def append(self, added: Sequence[Frame]) -> None:
        """Make `added` durable, all or none. Raises OSError (e.g. disk full) with the file as it was before."""
        buffers = [part for frame in added for part in encoded(frame)]
        try:
            file = self._opened()
            for start in range(0, len(buffers), _AT_ONCE):
                _write(file, buffers[start : start + _AT_ONCE])
            os.fdatasync(file)
        except OSError:
            self._undo()
            raise
        self.size += sum(map(len, buffers))

    def frames(self) -> list[Frame]:
        return list(frames(self.path.read_bytes()))

    def close(self) -> None:
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def remove(self) -> None:
        self.close()
        self.path.unlink(missing_ok=True)

    def _opened(self) -> int:
        if self._file is None:
            self._file = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
            sync_folder(self.path.parent)
        return self._file

    def _undo(self) -> None:
        """Cut off what was half written; what was acknowledged before stays. A cut that fails leaves a torn tail, which
        reading skips.
        """
        if self._file is None:
            return
        try:
            os.ftruncate(self._file, self.size)
        except OSError as error:
            self.torn = True
            action(_log, logging.WARNING, "segment.torn", segment=self.path.name, why=error)


class Spool:
    """The segments of one writer in one folder, at most `limit` bytes. Methods may be called from several threads."""

    def __init__(self, folder: Path, limit: int) -> None:
        self._folder, self._limit = folder, limit
        self._lock = threading.Lock()
        self._bytes = 0
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)

    def recover(self, landed: int) -> list[Segment]:
        """What a former process left and the lake does not hold: closed segments numbered above `landed`, oldest first.

        Segments up to `landed` are in the lake and go; empty ones were never acknowledged and go too.
        """
        left = []
        for path in sorted(self._folder.glob(f"*{_SUFFIX}")):
            segment = Segment(path, int(path.stem))
            if segment.number <= landed or not segment.size:
                segment.remove()
            else:
                left.append(segment)
        self._bytes = sum(segment.size for segment in left)
        return left

    def segment(self, number: int) -> Segment:
        """A new, still empty segment; its file appears with its first frames."""
        return Segment(self._folder / f"{number:012d}{_SUFFIX}", number)

    def append(self, segment: Segment, added: Sequence[Frame], spare: float = 0.0) -> None:
        """Make `added` durable in `segment`, all or none, and leave the share `spare` of the spool free.

        Raises SpoolFull or OSError.
        """
        wanted = sum(len(frame.payload) for frame in added)
        with self._lock:
            if self._bytes + wanted > self._limit * (1 - spare):
                raise SpoolFull(f"the spool holds {self._bytes >> 20} MiB of {self._limit >> 20} MiB")
        before = segment.size
        segment.append(added)
        with self._lock:
            self._bytes += segment.size - before

    def drop(self, segment: Segment) -> None:
        """Forget a segment that the lake holds durably."""
        segment.remove()
        with self._lock:
            self._bytes -= segment.size

    @property
    def bytes(self) -> int:
        return self._bytes


def sync_folder(folder: Path) -> None:
    """Make names created in a folder durable."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _write(file: int, buffers: list[bytes]) -> None:
    views = [memoryview(buffer) for buffer in buffers if buffer]
    while views:
        written = os.writev(file, views)
        while views and written >= len(views[0]):
            written -= len(views.pop(0))
        if written:
            views[0] = views[0][written:]
