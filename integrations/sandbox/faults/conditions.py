"""Faults of the wire: what the gateway does to a vendor's requests before or after the work (S7, E3).

A condition is armed for one vendor, for a number of requests or until a moment (an outage). Kinds: throttled (429 or
the vendor's own concurrency error), quota (a daily quota error), unavailable (5xx), dropped (the work is done, the
connection closes without an answer), expired (the session ends once), fault (SOAP processing fault). Each emulator
answers them as its vendor would.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

KINDS = ("throttled", "quota", "unavailable", "dropped", "expired", "fault")


@dataclass
class Condition:
    """Met by `left` more requests that match method and path; with `until`, by all up to that moment (world time)."""

    vendor: str
    kind: str
    left: int = 1
    until: datetime | None = None
    methods: tuple[str, ...] = ()
    path: str = ""


class Conditions:
    """Which conditions are armed, and how many requests met each kind."""

    def __init__(self) -> None:
        self.armed: list[Condition] = []
        self.met: dict[tuple[str, str], int] = {}

    def arm(self, condition: Condition) -> None:
        if condition.kind not in KINDS:
            raise ValueError(f"unknown condition {condition.kind!r}: use one of {', '.join(KINDS)}")
        self.armed.append(condition)

    def meet(self, vendor: str, method: str, path: str, now: datetime) -> str | None:
        """The kind that hits this request, if any."""
        if not self.armed:
            return None
        self.armed = [
            one
            for one in self.armed
            if (one.until is None and one.left > 0) or (one.until is not None and one.until > now)
        ]
        for one in self.armed:
            if one.vendor == vendor and one.path in path and (not one.methods or method in one.methods):
                one.left -= 1
                self.met[vendor, one.kind] = self.met.get((vendor, one.kind), 0) + 1
                return one.kind
        return None

    def clear(self) -> None:
        self.armed.clear()
