"""A flow of which nothing comes is one case that says what was expected, and closes by itself with the next arrival; a
source that is not read is not called silent as well (X7, X8).
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from models.derivation.refresh import refresh
from models.journal import Journal
from tests.detecting import reported
from tests.unit.cases.lakes import NOW, Lake

LAST = NOW - timedelta(hours=5)


class Hand:
    moment = NOW

    def now(self) -> datetime:
        return self.moment


def arrivals(lake: Lake, flow: str, number: int, until: datetime) -> None:
    """So many an hour for eight weeks; all hours alike, so that it does not matter when the test runs."""
    lake.batch += 1
    lake.connection.execute(
        "INSERT INTO lake.main.records BY NAME SELECT $1 AS batch_id, n, CAST(n AS VARCHAR) AS record_id, "
        "'source_event' AS kind, 'admitted' AS status, 'kantata' AS system, $2 AS flow, "
        "moment AS occurred_at, moment AS recorded_at "
        "FROM (SELECT moment, CAST(row_number() OVER () AS INTEGER) AS n FROM range($3::TIMESTAMPTZ, $4::TIMESTAMPTZ, "
        "INTERVAL 1 HOUR) r(moment), range($5))",
        [lake.batch, flow, until - timedelta(weeks=8), until, number],
    )


def polled(lake: Lake, at: datetime) -> None:
    lake.connection.execute("DELETE FROM journal.main.cursor")
    micros = round(at.timestamp() * 1_000_000)
    columns = {"system": "kantata", "stream": "time", "polled_at": micros, "known_at": micros, "read_at": micros}
    lake._insert("journal.main.cursor", columns)


def told(lake: Lake, journal: Journal, clock: Hand, minutes: int = 1) -> list[dict[str, Any]]:
    clock.moment += timedelta(minutes=minutes)
    refresh(lake.connection, "EUR", clock)
    assert reported(lake.connection, journal, clock).failed == {}
    with journal.engine.connect() as connection:
        rows = connection.exec_driver_sql(
            "SELECT * FROM case_ WHERE cause = 'silent-flow' AND status = 'open'"
        ).mappings()
        return [dict(row) for row in rows]


@pytest.mark.req("X7", "X8")
def test_a_silence_is_a_case_once_its_source_was_read_and_closes_with_the_next_arrival(journal: Journal) -> None:
    lake, clock = Lake(), Hand()
    arrivals(lake, "time-to-bill", 5, LAST)
    arrivals(lake, "master-data", 1, NOW)  # by which it is known that somebody watched
    polled(lake, LAST)
    assert told(lake, journal, clock) == [], "until when did anybody ask?"
    polled(lake, NOW + timedelta(minutes=1))
    [case] = told(lake, journal, clock)
    assert case["title"].startswith("time-to-bill from kantata has been silent since Wed 30 Sep 06:00 UTC")
    assert "20 (20 to 20) were to be expected: 8 of 8 comparable weeks brought something" in case["explanation"]
    assert (case["owner"], case["flow"], case["system"], case["severity"]) == (
        "integration",
        "time-to-bill",
        "kantata",
        "high",
    )
    lake.record("source_event", clock.moment, flow="time-to-bill", system="kantata", status="admitted")
    assert told(lake, journal, clock) == []
