"""How the parts of a process stand: each says when it was well last, and is given so many seconds until the next."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from models.domain.secrets import without_secrets

SAID = 300
"""As many characters of a fault as are told."""


@dataclass(frozen=True, slots=True)
class Beat:
    """A part of a process: `age` seconds since it was well (None: never yet), `allowed` seconds that it may be, `fault`
    what hinders it now.
    """

    part: str
    age: float | None
    allowed: float
    fault: str | None = None

    @property
    def late(self) -> bool:
        """Whether it has not been well for longer than it may."""
        return self.age is None or self.age > self.allowed


class Beats:
    """The parts of this process that work in turns; `allowed` are the seconds each may take between two good turns,
    `otherwise` those of one that is first heard of later.

    One that never had a good turn is as old as this. Methods may be called from several threads.
    """

    def __init__(
        self, allowed: Mapping[str, float], otherwise: float = 60.0, now: Callable[[], float] = time.monotonic
    ) -> None:
        self._allowed, self._otherwise, self._now = dict(allowed), otherwise, now
        self._began = now()
        self._lock = threading.Lock()
        self._well: dict[str, float] = {}
        self._faults: dict[str, str] = {}

    def well(self, part: str) -> None:
        """The part has had a good turn."""
        with self._lock:
            self._allowed.setdefault(part, self._otherwise)
            self._well[part] = self._now()
            self._faults.pop(part, None)

    def ails(self, part: str, fault: str) -> None:
        """A turn of the part failed."""
        with self._lock:
            self._allowed.setdefault(part, self._otherwise)
            self._faults[part] = without_secrets(fault)[:SAID]

    def all(self) -> list[Beat]:
        """How each part stands now."""
        with self._lock:
            now = self._now()
            return [
                Beat(part, now - self._well.get(part, self._began), seconds, self._faults.get(part))
                for part, seconds in self._allowed.items()
            ]
