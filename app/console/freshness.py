"""How old the data of a page is, for its heading."""

from __future__ import annotations

from datetime import UTC, datetime

from app.console.asking import read, world_now
from app.console.widgets import freshness as words
from app.console.widgets.heading import Fresh, zone
from app.console.widgets.markup import Html
from app.readings import processes
from app.readings.systems import reading as systems
from app.readings.viewer import Viewer


def fresh(viewer: Viewer) -> Fresh:
    """The line and the banner of a page's heading; both go on while the page is open."""

    def line() -> Html:
        heard = processes.ages(read(viewer, processes.beats))
        return words.age(read(viewer, systems.read_until), world_now(), zone(), heard)

    def banner() -> Html | None:
        dead, stale = read(viewer, processes.ailing), read(viewer, systems.stale)
        return words.banner(dead, stale, datetime.now(UTC), zone())

    return Fresh(line, banner)
