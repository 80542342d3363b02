"""Whether all that came lately is in the lake: else nothing can be said of what did not come."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterable
from typing import Protocol

CONSUMER = "lake"
LATE_SECONDS = 120.0
"""What came within that may be on its way; marts leave as much (`listened`)."""
LOOKED_SECONDS = 10.0
_LOOKS = 1_000


class Feed(Protocol):
    """How far the journal's feed is, and how far a consumer has kept it."""

    def top(self) -> int: ...
    def confirmed(self, consumer: str) -> int: ...


class Abreast:
    """Holds the journal's feed against what the lake has of it: whichever collector copies it, also while one catches
    up. `waiting` are the seconds for which the oldest has waited on each road of this collector.
    """

    def __init__(
        self,
        feed: Feed,
        waiting: Callable[[], Iterable[float]] = tuple,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._feed, self._waiting, self._monotonic = feed, waiting, monotonic
        self._tops: deque[tuple[float, int]] = deque(maxlen=_LOOKS)
        self._landed: float | None = None

    def look(self) -> None:
        """Note how far the feed is now, and up to which moment all of it is in the lake."""
        self._tops.append((self._monotonic(), self._feed.top()))
        confirmed = self._feed.confirmed(CONSUMER)
        while self._tops and self._tops[0][1] <= confirmed:
            self._landed, _ = self._tops.popleft()

    def now(self) -> bool:
        """Whether all that came up to two minutes ago is in the lake; not before that was seen once."""
        if self._landed is None or self._monotonic() - self._landed > LATE_SECONDS:
            return False
        return max(self._waiting(), default=0.0) <= LATE_SECONDS
