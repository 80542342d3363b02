"""What is written back to files: one JSON line per change, appended once, durable before it is acknowledged."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from typing import Any

import orjson

from models.domain.errors import OutcomeUnknown, Retriable


class Outbox:
    """One file per entity in a folder. Safe for several processes: a lock on the file, and its tail is read before each
    append.
    """

    def __init__(self, folder: Path) -> None:
        self._folder, self._lock = folder, Lock()
        self._read: dict[str, int] = {}
        self._lines: dict[str, dict[str, Mapping[str, Any]]] = {}

    def append(self, entity: str, lines: Sequence[Mapping[str, Any]]) -> list[bool]:
        """Append the lines whose `key` is not there yet; tells for each whether it is new. Durable on return.

        Raises Retriable when the lines could not be written and none of them is there, OutcomeUnknown when some may be.
        """
        with self._lock, self._opened(entity) as file:
            held = self._refresh(entity, file)
            fresh: dict[str, Mapping[str, Any]] = {}
            created = []
            for line in lines:
                created.append(line["key"] not in held and line["key"] not in fresh)
                fresh |= {line["key"]: line} if created[-1] else {}
            if fresh:
                self._read[entity] = self._written(entity, file, fresh)
                # Only now: a key that is held is answered as done.
                held |= fresh
            return created

    def lines(self, entity: str) -> dict[str, Mapping[str, Any]]:
        """Every line by its key, in the order they came."""
        if not self._path(entity).exists():
            return {}
        with self._lock, self._opened(entity) as file:
            return dict(self._refresh(entity, file))

    def _written(self, entity: str, file: int, fresh: Mapping[str, Mapping[str, Any]]) -> int:
        """Put lines at the end of the file, all or none; the file's new size."""
        start = os.fstat(file).st_size
        rest = memoryview(b"".join(orjson.dumps(line) + b"\n" for line in fresh.values()))
        size = start + len(rest)
        try:
            while rest:
                rest = rest[os.write(file, rest) :]
            os.fsync(file)
        except OSError as error:
            self._take_back(entity, file, start, next(iter(fresh)))
            raise Retriable(
                f"the result file {self._path(entity)} cannot be written: {error.strerror}; make room or mend the disk"
            ) from error
        return size

    def _take_back(self, entity: str, file: int, size: int, key: str) -> None:
        try:
            os.ftruncate(file, size)
        except OSError as error:
            raise OutcomeUnknown(
                f"the result file {self._path(entity)} may hold part of a write that failed: {error.strerror}", key
            ) from error

    def _refresh(self, entity: str, file: int) -> dict[str, Mapping[str, Any]]:
        held = self._lines.setdefault(entity, {})
        start, size = self._read.get(entity, 0), os.fstat(file).st_size
        tail = os.pread(file, size - start, start)
        whole = tail[: tail.rfind(b"\n") + 1]
        if whole:
            # Whoever wrote these lines may have died before they were durable, and from here on they count as done.
            os.fsync(file)
        for line in whole.splitlines():
            body = orjson.loads(line)
            held[body["key"]] = body
        if len(whole) < len(tail):
            # A writer died inside its line: it was never acknowledged, so cutting it off loses nothing.
            os.ftruncate(file, start + len(whole))
        self._read[entity] = start + len(whole)
        return held

    @contextmanager
    def _opened(self, entity: str) -> Iterator[int]:
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            file = os.open(self._path(entity), os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
        except OSError as error:
            raise Retriable(f"the result file {self._path(entity)} cannot be opened: {error.strerror}") from error
        try:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield file
        except OSError as error:
            raise Retriable(f"the result file {self._path(entity)} cannot be read: {error.strerror}") from error
        finally:
            os.close(file)

    def _path(self, entity: str) -> Path:
        return self._folder / f"{entity}.jsonl"
