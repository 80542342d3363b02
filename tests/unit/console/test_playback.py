"""While the demonstration plays its history every page says so; a live world and a production system never do."""

from __future__ import annotations

import os
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from app.console.widgets.playback import STILL, Playback, Playing
from models.domain.clock import SystemClock, WorldClock, set_world_clock


class Wall:
    """Wall seconds that a test moves on."""

    def __init__(self) -> None:
        self.ahead = 0.0

    def __call__(self) -> float:
        return time.time() + self.ahead


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "clock.json"


def behind(file: Path, days: float, wall: float = 0.0) -> None:
    """Jump to `days` before the present; `wall` is the second at which that is said to have happened."""
    set_world_clock(file, datetime.now(UTC) - timedelta(days=days))
    os.utime(file, (time.time() + wall, time.time() + wall))


@pytest.mark.req("O7")
def test_a_world_that_catches_up_tells_its_day_its_speed_and_when_it_is_live(file: Path) -> None:
    """O7: long work shows its progress."""
    behind(file, 60)
    wall = Wall()
    watch = Playback(WorldClock(file), wall)
    first = watch.playing()
    assert first is not None and first.speed is None and "It will be live in a few minutes" in first.in_words("UTC")
    wall.ahead = 20
    behind(file, 50, wall.ahead)
    later = watch.playing()
    assert later is not None and later.speed == pytest.approx(10 * 86_400 / 20, rel=0.01)
    assert later.left == pytest.approx(100, rel=0.02)
    assert (
        f"{datetime.now(UTC) - timedelta(days=50):%a %d %b %Y}, about 30 days a minute. Live in about 2 minutes"
        in later.in_words("UTC")
    )


def test_sessions_that_ask_at_once_do_not_keep_the_speed_from_being_known(file: Path) -> None:
    behind(file, 60)
    wall = Wall()
    watch = Playback(WorldClock(file), wall)
    for tenth in range(80):
        wall.ahead = tenth / 10
        behind(file, 60 - tenth / 10, wall.ahead)
        told = watch.playing()
    assert told is not None and told.speed == pytest.approx(86_400, rel=0.02)


@pytest.mark.parametrize(
    ("left", "said"),
    [(20.0, "Live in less than a minute"), (70.0, "Live in about 1 minute;"), (170.0, "Live in about 3 minutes;")],
)
def test_the_rest_is_told_in_minutes(left: float, said: str) -> None:
    assert said in Playing(datetime(2026, 9, 3, 8, tzinfo=UTC), 40_000.0, left).in_words("Europe/Berlin")


def test_a_live_world_one_that_stands_and_the_systems_clock_say_nothing(file: Path) -> None:
    assert Playback(SystemClock()).playing() is None
    behind(file, 0)
    assert Playback(WorldClock(file)).playing() is None
    behind(file, 30, -STILL - 1)
    assert Playback(WorldClock(file)).playing() is None


def _page(file: str) -> None:
    from pathlib import Path

    import streamlit as st

    from app.console.widgets.playback import Playback, playing_line
    from models.domain.clock import WorldClock

    playing_line(Playback(WorldClock(Path(file))))
    st.title("Any page")


@pytest.mark.req("O7")
def test_the_line_goes_when_the_world_is_live(file: Path) -> None:
    behind(file, 12)
    page = AppTest.from_function(_page, args=(str(file),)).run()
    assert "plays its history" in page.get("html")[0].proto.body
    behind(file, 0)
    assert not page.run().get("html")
