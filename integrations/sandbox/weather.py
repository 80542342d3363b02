"""Faults of the wire: what a vendor's front door does to a request before or after the work (S7, E3).

A disturbance is armed for one vendor with a number of requests it hits, or until a moment (an outage). Kinds:
throttled (429 or the vendor's own concurrency error), quota (a daily quota error), unavailable (5xx),
dropped (the work is done, the connection closes without an answer), refused (dropped before any work),
expired (the session ends once), fault (SOAP processing fault). Each vendor says in its own words what these look like.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

KINDS = ("throttled", "quota", "unavailable", "dropped", "expired", "fault")


@dataclass
class Disturbance:
    """`left` requests whose method and path match still meet it; with `until`, all of them up to that moment (world
    time).
    """

    vendor: str
    kind: str
    left: int = 1
    until: datetime | None = None
    methods: tuple[str, ...] = ()
    path: str = ""


class Weather:
    """Which disturbances are armed, and how often each kind struck."""

    def __init__(self) -> None:
        self.armed: list[Disturbance] = []
        self.struck: dict[tuple[str, str], int] = {}

    def arm(self, disturbance: Disturbance) -> None:
        if disturbance.kind not in KINDS:
            raise ValueError(f"unknown disturbance {disturbance.kind!r}: use one of {', '.join(KINDS)}")
        self.armed.append(disturbance)

    def strike(self, vendor: str, method: str, path: str, now: datetime) -> str | None:
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
                self.struck[vendor, one.kind] = self.struck.get((vendor, one.kind), 0) + 1
                return one.kind
        return None

    def clear(self) -> None:
        self.armed.clear()
