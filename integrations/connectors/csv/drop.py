"""A drop folder: batch files that come one by one, each read once and acknowledged in a file beside it.

A file waits until it is whole: its name is final, and its size and time have not moved for a while, or its `.done` is
there. What was read is known by its content's digest in the acknowledgement, so that a copy under another name is
nothing new; who wants a file read again takes its acknowledgement away.
"""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from stat import S_ISREG
from threading import RLock
from typing import Any

import orjson

from models.domain.errors import Misconfigured, Retriable

ACK, DONE = ".ack.json", ".done"
LARGEST_MIB = 64
SETTLED_SECONDS = 2.0
_UNFINISHED = (".part", ".partial", ".tmp", ".temp", ".filepart", ".crdownload", ".swp", ACK, DONE)
_HIDDEN = (".", "~$")
Stamp = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Batch:
    """One file of the folder: its content by digest, and when it came in milliseconds since 1970. `why` tells what
    makes it unreadable as a whole.
    """

    path: Path
    digest: str
    changed: int
    size: int
    why: str | None = None


class Drop:
    """The files of a pattern; `settings` are drop, settle, done and largest_mib of the mapping. Thread-safe."""

    def __init__(
        self, folder: Path, settings: Mapping[str, Any], seconds: Callable[[], float] = time.monotonic
    ) -> None:
        self._folder, self._seconds, self._lock = folder, seconds, RLock()
        self.pattern = str(settings["drop"])
        if self.pattern.startswith("/") or ".." in Path(self.pattern).parts:
            raise Misconfigured(f"drop = {self.pattern!r}: give a pattern of names within the folder, time-*.csv say")
        self._settle, self._marked = float(settings.get("settle", SETTLED_SECONDS)), bool(settings.get("done", False))
        self._largest = int(settings.get("largest_mib", LARGEST_MIB)) << 20
        self._since: dict[Path, tuple[Stamp, float]] = {}
        self._digests: dict[Path, tuple[Stamp, Batch]] = {}
        self._acks: dict[Path, tuple[Stamp, dict[str, Any]]] = {}

    def next(self, stream: str) -> Batch | None:
        """The oldest whole file that a stream has not read, None where all are; a copy of one that was read is
        acknowledged as such.
        """
        with self._lock:
            read = self._read(stream)
            for batch in sorted(self._whole(), key=lambda one: (one.changed, one.path.name)):
                if (before := read.get(batch.digest)) is None:
                    return batch
                if batch.path.name not in before:
                    why = f"the same content came as {before[0]}, nothing was read again: see what was said of it"
                    self.acknowledge(batch, stream, {"status": "known", "why": why})
            return None

    def again(self, name: str, digest: str) -> Batch | None:
        """The file that is being read, as long as it is there with the same content."""
        with self._lock:
            found = [batch for batch in self._all() if batch.path.name == name and batch.digest == digest]
            return found[0] if found else None

    def read(self, stream: str) -> list[Batch]:
        """The files that a stream has read and that are still there, the last one read first."""
        with self._lock:
            told = [(self._told(batch, stream), batch) for batch in self._all() if batch.why is None]
            read = [(ack.get("version", 0), batch) for ack, batch in told if ack]
            return [batch for _, batch in sorted(read, key=lambda one: (one[0], one[1].path.name), reverse=True)]

    def acknowledge(self, batch: Batch, stream: str, result: Mapping[str, Any]) -> None:
        """Say beside a file what became of it in a stream; whole or not at all. Safe to repeat."""
        with self._lock:
            held = self._ack(batch.path)
            streams = held.get("streams", {}) if held.get("digest") == batch.digest else {}
            streams = {**streams, stream: dict(result)}
            body = {"file": batch.path.name, "digest": batch.digest, "bytes": batch.size, "streams": streams}
            _write(_ack_of(batch.path), orjson.dumps(body, option=orjson.OPT_INDENT_2) + b"\n")

    def _told(self, batch: Batch, stream: str) -> Mapping[str, Any]:
        """What was said of a file's present content in a stream; nothing where it was not read yet."""
        held = self._ack(batch.path)
        result = held.get("streams", {}).get(stream) if held.get("digest") == batch.digest else None
        return result if isinstance(result, dict) else {}

    def _read(self, stream: str) -> dict[str, list[str]]:
        """The names under which each content was read."""
        read: dict[str, list[str]] = {}
        for path in self._paths(f"{self.pattern}{ACK}", lambda name: name.endswith(ACK)):
            held = self._held(path)
            if isinstance(held.get("streams"), dict) and stream in held["streams"]:
                read.setdefault(str(held.get("digest")), []).append(str(held.get("file")))
        return read

    def _whole(self) -> list[Batch]:
        now, seen, whole = self._seconds(), {}, []
        for batch in self._all():
            stamp = self._digests[batch.path][0]
            held, since = self._since.get(batch.path, (stamp, now))
            seen[batch.path] = (stamp, since if held == stamp else now)
            settled = now - seen[batch.path][1] >= self._settle
            if _done_of(batch.path).exists() if self._marked else settled:
                whole.append(batch)
        self._since = seen
        return whole

    def _all(self) -> list[Batch]:
        found = [self._batch(path) for path in self._paths(self.pattern, _final)]
        batches = [batch for batch in found if batch is not None]
        self._digests = {one.path: self._digests[one.path] for one in batches}
        return batches

    def _paths(self, pattern: str, wanted: Callable[[str], bool]) -> Iterator[Path]:
        if not self._folder.is_dir():
            raise Misconfigured(f"{self._folder} is not there: make the folder, or change `folder` in the systems file")
        yield from (path for path in self._folder.glob(pattern) if wanted(path.name))

    def _batch(self, path: Path) -> Batch | None:
        """A file with its digest, which is made anew when the file moved."""
        try:
            about = path.lstat()
        except OSError:
            return None  # taken away since the folder was listed
        if not S_ISREG(about.st_mode):
            return None
        stamp = (about.st_mtime_ns, about.st_size, about.st_mode)
        held = self._digests.get(path)
        if held is None or held[0] != stamp:
            held = self._digests[path] = (stamp, self._looked_at(path, stamp))
        return held[1]

    def _looked_at(self, path: Path, stamp: Stamp) -> Batch:
        changed, size, place = stamp[0] // 1_000_000, stamp[1], ":".join(map(str, stamp))
        if size > self._largest:
            why = f"it has {size} bytes, more than {self._largest >> 20} MiB: divide it, or raise largest_mib"
            return Batch(path, f"unread:{place}", changed, size, why)
        try:
            with path.open("rb") as file:
                digest = hashlib.file_digest(file, "sha256").hexdigest()
        except OSError as error:
            return Batch(path, f"unread:{place}", changed, size, f"it cannot be read: {error.strerror}")
        return Batch(path, f"sha256:{digest}", changed, size)

    def _ack(self, path: Path) -> dict[str, Any]:
        return self._held(_ack_of(path))

    def _held(self, path: Path) -> dict[str, Any]:
        """What an acknowledgement says; nothing where there is none, or none of ours."""
        try:
            about = path.stat()
            stamp = (about.st_mtime_ns, about.st_size, about.st_ino)
            held = self._acks.get(path)
            if held is None or held[0] != stamp:
                body = orjson.loads(path.read_bytes())
                held = self._acks[path] = (stamp, body if isinstance(body, dict) else {})
            return held[1]
        except (OSError, orjson.JSONDecodeError):
            return {}


def _final(name: str) -> bool:
    return not name.startswith(_HIDDEN) and not name.lower().endswith(_UNFINISHED)


def _ack_of(path: Path) -> Path:
    return path.with_name(path.name + ACK)


def _done_of(path: Path) -> Path:
    return path.with_name(path.name + DONE)


def _write(path: Path, content: bytes) -> None:
    part = path.with_name(f".{path.name}.tmp")
    try:
        with part.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except OSError as error:
        raise Retriable(f"the acknowledgement {path} cannot be written: {error.strerror}") from error
