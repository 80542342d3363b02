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


class Hand:
    """A world clock and a wall that stand still until a test moves them."""

    def __init__(self, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self._file, self._began = file, time.time()
        self.ahead = 0.0
        monkeypatch.setattr("models.domain.clock.time.time", self)

    def __call__(self) -> float:
        return self._began + self.ahead

    def behind(self, days: float, jumped: float = 0.0) -> None:
        """Jump to `days` before the beginning's present; `jumped` is the second at which that is said to have been."""
        set_world_clock(self._file, self.present() - timedelta(days=days))
        os.utime(self._file, (self._began + jumped, self._began + jumped))

    def present(self) -> datetime:
        return datetime.fromtimestamp(self._began, UTC)

    def watch(self) -> Playback:
        return Playback(WorldClock(self._file), self)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "clock.json"


@pytest.fixture
def hand(file: Path, monkeypatch: pytest.MonkeyPatch) -> Hand:
    return Hand(file, monkeypatch)


@pytest.mark.req("O7")
def test_a_world_that_catches_up_tells_its_day_its_speed_and_when_it_is_live(hand: Hand) -> None:
    """O7: long work shows its progress."""
    hand.behind(60)
    watch = hand.watch()
    first = watch.playing()
    assert first is not None and first.speed is None and "It will be live in a few minutes" in first.in_words("UTC")
    hand.ahead = 20
    hand.behind(50, hand.ahead)
    later = watch.playing()
    assert later is not None and later.speed == pytest.approx(10 * 86_400 / 20)
    assert later.left == pytest.approx((50 * 86_400 + 20) / later.speed)
    day = f"{hand.present() - timedelta(days=50):%a %d %b %Y}"
    assert f"{day}, about 30 days a minute. Live in about 2 minutes" in later.in_words("UTC")


def test_sessions_that_ask_at_once_do_not_keep_the_speed_from_being_known(hand: Hand) -> None:
    hand.behind(60)
    watch = hand.watch()
    for tenth in range(80):
        hand.ahead = tenth / 10
        hand.behind(60 - tenth / 10, hand.ahead)
        playing = watch.playing()
    assert playing is not None and playing.speed == pytest.approx(86_400)


@pytest.mark.parametrize(
    ("left", "said"),
    [(20.0, "Live in less than a minute"), (70.0, "Live in about 1 minute;"), (170.0, "Live in about 3 minutes;")],
)
def test_the_rest_is_told_in_minutes(left: float, said: str) -> None:
    assert said in Playing(datetime(2026, 9, 3, 8, tzinfo=UTC), 40_000.0, left).in_words("Europe/Berlin")


def test_a_live_world_one_that_stands_and_the_systems_clock_say_nothing(hand: Hand) -> None:
    assert Playback(SystemClock()).playing() is None
    hand.behind(0)
    assert hand.watch().playing() is None
    hand.behind(30, -STILL - 1)
    assert hand.watch().playing() is None


def _page(file: str) -> None:
    from pathlib import Path

    import streamlit as st

    from app.console.widgets.playback import Playback, playing_line
    from models.domain.clock import WorldClock

    playing_line(Playback(WorldClock(Path(file))))
    st.title("Any page")


@pytest.mark.req("O7")
def test_the_line_goes_when_the_world_is_live(file: Path) -> None:
    set_world_clock(file, datetime.now(UTC) - timedelta(days=12))
    page = AppTest.from_function(_page, args=(str(file),), default_timeout=60).run()
    assert "plays its history" in page.get("html")[0].proto.body
    set_world_clock(file, datetime.now(UTC))
    assert not page.run().get("html")
