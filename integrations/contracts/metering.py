"""Calls as they go out: whoever reads through a connector hears of each call before it is made, and all are counted.

One question to a connector may be many calls at its vendor (pages, look-ups), and the vendor counts calls.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

_before: ContextVar[Callable[[], None] | None] = ContextVar("before_call", default=None)


@contextmanager
def metered(before: Callable[[], None]) -> Iterator[None]:
    """Have `before` run ahead of each call made in this block, in this thread; what it raises stops the call."""
    token = _before.set(before)
    try:
        yield
    finally:
        _before.reset(token)


def before_call() -> None:
    """A connector's transport is about to call; whatever this raises is for the engine to hear."""
    if (before := _before.get()) is not None:
        before()


@dataclass(frozen=True, slots=True)
class Made:
    """Calls made of a system; `used` of `allowed` calls a day are the vendor's own count, where it told."""

    calls: int = 0
    used: int | None = None
    allowed: int | None = None


class Tally:
    """Calls of one process by system, until they are drained. Thread-safe."""

    def __init__(self) -> None:
        self._made: dict[str, Made] = {}
        self._lock, self._mine = threading.Lock(), threading.local()

    def add(self, system: str) -> None:
        """A call of a system goes out."""
        self._mine.calls = self.of_thread + 1
        with self._lock:
            made = self._made.get(system, Made())
            self._made[system] = Made(made.calls + 1, made.used, made.allowed)

    def told(self, system: str, used: int, allowed: int) -> None:
        """The vendor said how many calls of its day are used, and how many it allows."""
        with self._lock:
            self._made[system] = Made(self._made.get(system, Made()).calls, used, allowed)

    def drained(self) -> dict[str, Made]:
        """What was counted since the last time."""
        with self._lock:
            made, self._made = self._made, {}
            return made

    @property
    def of_thread(self) -> int:
        """Calls that this thread ever made: the difference of two looks is what went out between them."""
        return int(getattr(self._mine, "calls", 0))


TALLY = Tally()
"""One for the process, since a vendor counts the calls of an account, whoever made them."""
