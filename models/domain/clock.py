"""The one clock of a process, handed in wherever time is read.

In production it is the system's. In the demonstration one world clock drives every process: a small file
says how world time follows wall time, and the sandbox alone moves it.
"""

from __future__ import annotations

import json
import os
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol


class Clock(Protocol):
    """Gives the present as an aware UTC datetime."""

    def now(self) -> datetime: ...


class SystemClock:
    """Wall time, UTC."""

    def now(self) -> datetime:
        return datetime.now(UTC)


class WorldClock:
    """World time read from a clock file: world = world_epoch + (wall - wall_epoch) * rate, in seconds.

    The file is replaced atomically by `set_world_clock`; readers notice by its modification time.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._stamp: tuple[int, int] = (0, 0)
        self._world = self._wall = 0.0
        self._rate = 1.0

    def now(self) -> datetime:
        self._refresh()
        return datetime.fromtimestamp(self._world + (time.time() - self._wall) * self._rate, UTC)

    @property
    def jump(self) -> tuple[int, int]:
        """A value that changes each time the clock file is replaced."""
        self._refresh()
        return self._stamp

    def _refresh(self) -> None:
        stat = os.stat(self._path)
        stamp = (stat.st_mtime_ns, stat.st_ino)
        if stamp != self._stamp:
            setting = json.loads(self._path.read_text())
            self._world, self._wall, self._rate = setting["world"], setting["wall"], setting["rate"]
            self._stamp = stamp


def set_world_clock(path: Path, world: datetime, rate: float = 1.0) -> None:
    """Make the world's present `world`, moving on at `rate` world seconds a wall second; atomic for readers."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_suffix(".new")
    fresh.write_text(json.dumps({"world": world.timestamp(), "wall": time.time(), "rate": rate}))
    os.replace(fresh, path)


def clock_at(path: Path | None) -> Clock:
    """The world clock where its file is given, else the system's."""
    return WorldClock(path) if path else SystemClock()
