"""All roads to brokers of one direction, as one work of the collector."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from collectors.brokers.link import Link


class Road(Protocol):
    """One road to one broker."""

    link: Link

    def shown(self) -> dict[str, Any]: ...
    def counts(self) -> Mapping[str, int]: ...


class Roads:
    """Roads by their brokers' names; `direction` says which."""

    def __init__(self, direction: str, roads: Mapping[str, Road]) -> None:
        self._direction, self._roads = direction, roads

    @property
    def fault(self) -> str | None:
        return "; ".join(link.fault for link in self._links if link.fault) or None

    @property
    def _links(self) -> Sequence[Link]:
        return [road.link for road in self._roads.values()]

    def parts(self) -> Mapping[str, str | None]:
        """What hinders each of them."""
        return {link.name: link.fault for link in self._links}

    def shown(self) -> Mapping[str, Any]:
        """How each stands, for people."""
        return {name: {self._direction: road.shown()} for name, road in self._roads.items()}

    def counts(self) -> list[tuple[dict[str, str], float]]:
        """The same as values of a measure."""
        return [
            ({"broker": name, "direction": self._direction, "outcome": outcome}, count)
            for name, road in self._roads.items()
            for outcome, count in road.counts().items()
        ]

    def start(self) -> None:
        for link in self._links:
            link.start()

    def stop(self, seconds: float) -> None:
        """End all at once; they have so many seconds together."""
        until = time.monotonic() + seconds
        for link in self._links:
            link.end()
        for link in self._links:
            link.join(max(0.0, until - time.monotonic()))
