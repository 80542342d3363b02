"""How long each part of the collector has been in trouble: what passes is no news, what stays is."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

Parts = Callable[[], Mapping[str, tuple[str | None, float]]]
"""Each part's fault, None while it is well, and for how many seconds a fault may last."""


class Pulse:
    """Asks the parts at every beat, and tells whose fault has lasted for too long."""

    def __init__(self, parts: Parts, now: Callable[[], float] = time.monotonic) -> None:
        self._parts, self._now = parts, now
        self._well: dict[str, float] = {}

    def beat(self) -> None:
        """Note who is well."""
        self.overdue()

    def overdue(self) -> list[str]:
        """The faults that have lasted for longer than they may."""
        now, lasting = self._now(), []
        for name, (fault, seconds) in self._parts().items():
            if fault is None:
                self._well[name] = now
            elif now - self._well.setdefault(name, now) > seconds:
                lasting.append(f"{fault} (for {now - self._well[name]:.0f} s)")
        return lasting
