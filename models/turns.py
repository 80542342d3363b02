"""A thread that works turn after turn until it is told to end."""

from __future__ import annotations

import threading
from collections.abc import Callable


class Turns:
    """Calls `turn` on a thread of its own and waits after each call the seconds that it answers; None is the last one.

    `last` is done when turns have ended, for whatever reason. What becomes of a turn's fault is the turn's to say: it
    must not raise.
    """

    def __init__(self, name: str, turn: Callable[[], float | None], last: Callable[[], object] = lambda: None) -> None:
        self._turn, self._last = turn, last
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def going_on(self) -> bool:
        """Whether nobody has told them to end."""
        return not self._ending.is_set()

    def start(self) -> None:
        self._thread.start()

    def stop(self, seconds: float) -> None:
        """No turn begins from now on; one under way, and what is done last, have so many seconds."""
        self._ending.set()
        self._thread.join(seconds)

    def _run(self) -> None:
        while self.going_on() and (pause := self._turn()) is not None:
            self._ending.wait(pause)
        self._last()
