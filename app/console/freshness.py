"""How old the data of a page is, for its heading."""

from __future__ import annotations

from datetime import UTC, datetime

from app.console.asking import read, world_now
from app.console.widgets import freshness as words
from app.console.widgets.heading import Fresh, zone
from app.console.widgets.markup import Html
from app.readings.systems import reading as systems
from app.readings.viewer import Viewer


def fresh(viewer: Viewer) -> Fresh:
    """The line and the banner of a page's heading; both go on while the page is open."""

    def line() -> Html:
        return words.age(read(viewer, systems.read_until), world_now(), zone())

    def banner() -> Html | None:
        return words.banner(read(viewer, systems.stale), datetime.now(UTC), zone())

    return Fresh(line, banner)
