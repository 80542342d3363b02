"""What waits on its way into the lake is not called silent: neither while the feed is stuck nor while it catches up."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from collectors.abreast import Abreast
from collectors.detecting import Detecting
from collectors.detection import turn_of
from collectors.pipeline.commits import Commits
from collectors.receivers.journal_feed import FeedReceiver
from models.catalogue import load_catalogue
from models.domain.clock import SystemClock
from models.domain.record import Record, RecordKind
from models.journal.feed import Feed
from models.journal.ports.reporter import ReporterPort, open_reporter
from models.lake.writer import open_writer
from tests.unit.lake.samples import settings_at

pytestmark = pytest.mark.req("X7")
HOUR = timedelta(hours=1)


@dataclass
class Road:
    """A feed that is at `top`, of which the lake has all up to `kept`, on a clock in seconds."""

    top_: int = 0
    kept: int = 0
    at: float = 0.0
    waits: float = 0.0

    def top(self) -> int:
        return self.top_

    def confirmed(self, consumer: str) -> int:
        return self.kept

    def abreast(self) -> Abreast:
        return Abreast(self, lambda: (self.waits,), lambda: self.at)


def test_a_feed_of_which_all_is_kept_is_abreast_however_much_comes() -> None:
    road = Road(top_=7)
    abreast = road.abreast()
    for turn in range(1, 100):
        road.at, road.kept, road.top_ = 10.0 * turn, road.top_, road.top_ + 50
        abreast.look()
        assert abreast.now() == (turn > 1), "what came within ten seconds is always on its way"


def test_a_stuck_feed_is_not_abreast_nor_is_one_that_catches_up() -> None:
    road = Road(top_=1, kept=1)
    abreast = road.abreast()
    abreast.look()
    for road.at in range(0, 7200, 10):
        road.top_ += 1
        abreast.look()
        assert abreast.now() == (road.at <= 120)
    road.kept = road.top_ - 100
    abreast.look()
    assert not abreast.now(), "a thousand seconds are still to come"
    road.kept = road.top_
    abreast.look()
    assert abreast.now()


def test_what_waits_on_a_road_of_this_collector_counts_too() -> None:
    road = Road(waits=121.0)
    abreast = road.abreast()
    abreast.look()
    assert not abreast.now()
    road.waits = 119.0
    assert abreast.now()


class Installation:
    """A journal, a lake and detectors; its feed is copied when the test says so."""

    def __init__(self, home: Path) -> None:
        settings, clock = settings_at(home), SystemClock()
        self.journal: ReporterPort = open_reporter(settings.journal_address, clock)
        self._commits = Commits(lambda: open_writer(settings, clock))
        self._feed = Feed(self.journal.engine, clock)
        self._copying = FeedReceiver(self.journal.feed, self.journal.leases, "one", self._commits, clock, 1.0)
        self._catalogue = load_catalogue(settings)
        self._detecting = Detecting(settings, self._catalogue, clock)
        self.seconds = 0.0
        self._abreast = Abreast(self.journal.feed, monotonic=lambda: self.seconds)

    def came(self, flow: str, number: int, since: datetime, until: datetime) -> None:
        """So many events an hour."""
        hours = int((until - since) / HOUR)
        times = [since + HOUR * hour for hour in range(hours) for _ in range(number)]
        kind, about = RecordKind.SOURCE_EVENT, {"flow": flow, "system": "kantata", "status": "admitted"}
        with self.journal.engine.begin() as connection:
            self._feed.append(connection, [Record(kind, at, **about) for at in times])

    def copy(self) -> None:
        while self._copying.copy():
            pass

    def silent(self) -> set[Any]:
        """A turn of detection, five minutes after the one before, and the flows with an open case of silence."""
        self.seconds += 300
        self._abreast.look()
        turn = turn_of(self.journal, self._catalogue.service_levels)
        turn = type(turn)(turn.circuits, turn.service_levels, abreast=self._abreast.now())
        found = self._detecting.found(turn)
        assert not found.failed
        self.journal.cases.report_all(found.findings, found.rates)
        with self.journal.engine.connect() as connection:
            asked = "SELECT flow FROM case_ WHERE cause = 'silent-flow' AND status = 'open'"
            return {row[0] for row in connection.exec_driver_sql(asked)}

    def close(self) -> None:
        self._commits.close(1.0)
        self.journal.close()


@pytest.fixture
def house(tmp_path: Path) -> Iterator[Installation]:
    with closing(Installation(tmp_path / "home")) as made:
        yield made


@pytest.mark.req("X8")
def test_a_planted_silence_is_a_case_and_what_a_stuck_feed_holds_back_is_none(house: Installation) -> None:
    now = datetime.now(UTC)
    began, stuck = now - timedelta(weeks=6), now - 6 * HOUR
    house.came("time-to-bill", 3, began, stuck)
    house.came("quote-to-project", 3, began, stuck)
    house.came("master-data", 1, began, now)  # by which it is known that somebody watched
    house.copy()
    house.came("time-to-bill", 3, stuck, now + HOUR)
    assert house.silent() == set(), "nobody can say what did not come while something waits in the feed"
    house.copy()
    assert house.silent() == {"quote-to-project"}
    house.came("quote-to-project", 3, now, now + HOUR)
    house.copy()
    house.came("time-to-bill", 3, now, now + HOUR)
    assert house.silent() == {"quote-to-project"}, "something waits again: the case stays as it is"
