"""How long each part of the collector has been in trouble: what passes is no news, what stays is."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

from models.domain.beats import SAID, Beat
from models.domain.secrets import without_secrets

Parts = Callable[[], Mapping[str, tuple[str | None, float]]]
"""Each part's fault, None while it is well, and for how many seconds a fault may last."""


class Pulse:
    """Asks the parts at every beat, and tells whose fault has lasted for too long."""

    def __init__(self, parts: Parts, now: Callable[[], float] = time.monotonic) -> None:
        self._parts, self._now = parts, now
        self._well: dict[str, float] = {}

    def beat(self) -> None:
        """Note who is well."""
        self.beats()

    def beats(self) -> list[Beat]:
        """How each part stands."""
        now, found = self._now(), []
        for name, (fault, seconds) in self._parts().items():
            if fault is None:
                self._well[name] = now
            age = now - self._well.setdefault(name, now)
            found.append(Beat(name, age, seconds, fault and without_secrets(fault)[:SAID]))
        return found

    def overdue(self) -> list[str]:
        """The faults that have lasted for longer than they may."""
        return [f"{one.fault} (for {one.age:.0f} s)" for one in self.beats() if one.fault and one.late]


def under_way(what: str, since: float | None, seconds: float) -> str | None:
    """That something which began at `since`, by the monotonic clock, takes longer than so many seconds."""
    took = 0.0 if since is None else time.monotonic() - since
    return f"{what} has been under way for {took:.0f} s" if took > seconds else None
