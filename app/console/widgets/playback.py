"""The demonstration plays weeks of history in minutes: which day its world is at, how fast, and when it joins the
wall's clock.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import streamlit as st

from app.console.widgets import formats
from app.console.widgets.heading import draw, zone
from app.console.widgets.markup import block, safe
from models.domain.clock import Clock, WorldClock

LIVE = timedelta(minutes=1)
"""A world no further than this behind the wall is live: history ends with a jump to the wall's own time."""
STILL = 120.0
"""Wall seconds without a jump after which nobody plays: a tick waits 25 at most, and a machine may be slow."""
LOOK_BACK = 180.0
"""Wall seconds over which the speed is measured: ticks come unevenly."""
ENOUGH = 5.0
"""Wall seconds of watching before a speed is shown."""


@dataclass(frozen=True, slots=True)
class Playing:
    """A world on its way to the present: its day, world seconds a wall second and wall seconds until it is live, once
    known.
    """

    day: datetime
    speed: float | None
    left: float | None

    def in_words(self, zone: str | None) -> str:
        fast = (
            f", about {formats.plural(max(round(self.speed * 60 / 86_400), 1), 'day')} a minute" if self.speed else ""
        )
        day = f"{formats.local(self.day, zone):%a %d %b %Y}"
        until = f"{self._when()}; until then the figures are those of that day."
        return f"The demonstration plays its history: {day}{fast}. {until}"

    def _when(self) -> str:
        if self.left is None:
            return "It will be live in a few minutes"
        return (
            "Live in less than a minute"
            if self.left < 50
            else f"Live in about {formats.plural(max(round(self.left / 60), 1), 'minute')}"
        )


class Playback:
    """Watches a world clock; the more often it is asked, the better it knows the speed."""

    def __init__(self, clock: Clock, wall: Callable[[], float] = time.time) -> None:
        self._clock, self._wall = clock, wall
        self._seen: tuple[tuple[float, float], ...] = ()

    def playing(self) -> Playing | None:
        """How history is being played; None for a world that is live or stands, and always on the system's clock."""
        if not isinstance(self._clock, WorldClock):
            return None
        world, wall = self._clock.now(), self._wall()
        if wall - world.timestamp() < LIVE.total_seconds() or wall - self._clock.jump[0] / 1e9 > STILL:
            return None
        speed = self._speed(wall, world.timestamp())
        return Playing(world, speed, (wall - world.timestamp()) / speed if speed else None)

    def _speed(self, wall: float, world: float) -> float | None:
        """World seconds a wall second since the oldest look kept; the tuple is replaced whole: sessions share this."""
        kept = tuple(look for look in self._seen if look[0] >= wall - LOOK_BACK)
        self._seen = kept if kept and wall - kept[-1][0] < 1 else (*kept, (wall, world))
        since, then = self._seen[0]
        passed, gone = wall - since, world - then
        return gone / passed if passed >= ENOUGH and gone > 2 * passed else None


@st.cache_resource(show_spinner=False)
def playback(_clock: Clock) -> Playback:
    """The one that this process watches its clock with."""
    return Playback(_clock)


def playing_line(watch: Playback) -> None:
    """A line on top of every page while history is played, which goes by itself; nothing at all on a live world."""
    if watch.playing():
        _line(watch)


@st.fragment(run_every="2s")
def _line(watch: Playback) -> None:
    now = watch.playing()
    if now:
        draw(block(safe(now.in_words(zone())), "t-note"))
