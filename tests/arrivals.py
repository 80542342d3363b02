"""Arrivals of flows held against their past, for tests: the marts of volume over a database in memory, and what they
should say, told a second time in plain Python.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from statistics import median, variance
from typing import Any
from zoneinfo import ZoneInfo

import duckdb
import pyarrow as pa

from models.marts.definitions import FOLDER
from models.sql_statements import statements

HOUR, WEEK = timedelta(hours=1), timedelta(days=7)
MADE = ("watched", "present_day", "volume_series", "mart_expected", "mart_volume")

_ARRIVALS = pa.schema(
    [
        ("hour", pa.timestamp("us", tz="UTC")),
        *((name, pa.string()) for name in ("flow", "system", "instance", "legal_entity")),
        ("arrivals", pa.int64()),
        ("last_at", pa.timestamp("us", tz="UTC")),
    ]
)

Arrivals = Mapping[datetime, int]
"""How many came in each hour of UTC."""


@dataclass(frozen=True)
class Company:
    """A legal entity with the days on which it rests."""

    name: str
    zone: str = "UTC"
    closed: frozenset[date] = frozenset()


class Volumes:
    """The marts of volume over arrivals that a test gives; every hour counts as watched unless `unwatched`."""

    def __init__(self, companies: Sequence[Company] = (Company("NOV-DE"),)) -> None:
        self.companies = companies
        self.connection = duckdb.connect(config={"threads": 1})
        run = self.connection.execute
        run("SET TimeZone = 'UTC'")
        run("ATTACH ':memory:' AS derived; CREATE SCHEMA derived.state")
        run("CREATE TABLE derived.state.legal_entity (legal_entity VARCHAR, zone VARCHAR)")
        run("CREATE TABLE derived.state.closed_day (legal_entity VARCHAR, day DATE)")
        run("CREATE TABLE derived.state.mart_watch (hour TIMESTAMPTZ)")
        run("CREATE TABLE derived.state.listened (system VARCHAR, until TIMESTAMPTZ)")
        run("CREATE TABLE derived.state.mart_today (zone VARCHAR, today DATE)")
        for one in companies:
            run("INSERT INTO derived.state.legal_entity VALUES (?, ?)", [one.name, one.zone])
            for day in sorted(one.closed):
                run("INSERT INTO derived.state.closed_day VALUES (?, ?)", [one.name, day])

    def came(self, flows: Mapping[tuple[str, str], Arrivals]) -> None:
        """Arrivals by flow and company, all of one system."""
        self._page([(flow, company, hours) for (flow, company), hours in flows.items()])
        self.connection.execute("CREATE OR REPLACE TABLE derived.state.mart_arrival AS FROM page")

    def at(
        self, now: datetime, heard: Mapping[str, datetime | None] | None = None, unwatched: Iterable[datetime] = ()
    ) -> list[dict[str, Any]]:
        """What the mart says at a moment; `heard` says up to when systems were read, where that is not now."""
        run, present = self.connection.execute, now.replace(minute=0, second=0, microsecond=0)
        self._heard({"": present, "*": present, **(heard or {})})
        run("DELETE FROM derived.state.mart_watch")
        run(
            "INSERT INTO derived.state.mart_watch "
            "SELECT unnest(range(?::TIMESTAMPTZ, ?::TIMESTAMPTZ, INTERVAL 1 HOUR))",
            [present - timedelta(days=200), present],
        )
        run("DELETE FROM derived.state.mart_today")
        for zone in {"UTC", *(one.zone for one in self.companies)}:
            run("INSERT INTO derived.state.mart_today VALUES (?, ?)", [zone, now.astimezone(ZoneInfo(zone)).date()])
        for hour in unwatched:
            run("DELETE FROM derived.state.mart_watch WHERE hour = ?", [hour])
        return self._made(MADE)

    def at_each(self, moments: Sequence[datetime], companies: Mapping[str, Arrivals]) -> list[dict[str, Any]]:
        """What the mart says of one flow at each of these whole hours, as if nothing had come since: each is a system
        of its own, heard up to then.
        """
        self._page([("flow", company, hours) for company, hours in companies.items()])
        self.connection.register("moments", pa.table({"until": pa.array(moments, pa.timestamp("us", tz="UTC"))}))
        run = self.connection.execute
        run(
            "CREATE OR REPLACE TABLE derived.state.mart_arrival AS "
            "SELECT p.* REPLACE (CAST(until AS VARCHAR) AS system) FROM page p JOIN moments ON hour < until"
        )
        run("DELETE FROM derived.state.listened")
        run("INSERT INTO derived.state.listened SELECT CAST(until AS VARCHAR), until FROM moments")
        run(
            "INSERT INTO derived.state.mart_watch "
            "SELECT unnest(range(min(until) - INTERVAL 14 DAY, max(until), INTERVAL 1 HOUR)) FROM moments"
        )
        return self._made([name for name in MADE if name not in ("present_day", "mart_expected")])

    def _page(self, flows: Iterable[tuple[str, str, Arrivals]]) -> None:
        rows = [
            {
                "hour": hour,
                "flow": flow,
                "system": "psa",
                "instance": "",
                "legal_entity": company,
                "arrivals": number,
                "last_at": hour + timedelta(minutes=20),
            }
            for flow, company, hours in flows
            for hour, number in hours.items()
            if number
        ]
        self.connection.register("page", pa.Table.from_pylist(rows, _ARRIVALS))

    def _heard(self, until: Mapping[str, datetime | None]) -> None:
        self.connection.execute("DELETE FROM derived.state.listened")
        for system, hour in until.items():
            self.connection.execute("INSERT INTO derived.state.listened VALUES (?, ?)", [system, hour])

    def _made(self, names: Iterable[str]) -> list[dict[str, Any]]:
        for name in names:
            for statement, sql in statements(FOLDER / f"{name}.sql").items():
                if statement != "touched":
                    self.connection.execute(sql)
        return self.rows("SELECT * FROM derived.state.mart_volume ORDER BY flow, system, legal_entity")

    def rows(self, sql: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.connection.execute(sql).to_arrow_table().to_pylist()
        return found


def mad(numbers: Sequence[float]) -> float:
    """Median absolute deviation from the median."""
    middle = median(numbers)
    return float(median(abs(one - middle) for one in numbers))


def silent_by_hand(arrivals: Arrivals, now: datetime, company: Company) -> bool:
    """Whether a flow of one company is silent at a moment, by the words of the mart's head; every hour was watched."""
    zone, local = ZoneInfo(company.zone), defaultdict[datetime, int](int)
    for hour, number in arrivals.items():
        local[hour.astimezone(zone).replace(tzinfo=None, minute=0)] += number
    known = [hour for hour, number in local.items() if number]
    first, begun = min(known), max(known) + HOUR
    until = now.astimezone(zone).replace(tzinfo=None, minute=0, second=0, microsecond=0)
    length = min(max(int((until - begun) / HOUR), 0), 168)
    return any(_told(local, begun, told, first, company.closed) for told in range(2, length + 1))


def _told(
    local: Mapping[datetime, int], begun: datetime, length: int, first: datetime, closed: frozenset[date]
) -> bool:
    """Whether these first hours of a silence tell it."""
    hours = [begun + HOUR * at for at in range(length)]
    held, inner = list[int](), list[int]()
    for week in range(1, 13):
        shift = WEEK * week
        if begun - shift < first:
            continue
        at_work = [hour for hour in hours if hour.date() not in closed]
        if any((hour - shift).date() in closed for hour in at_work):
            continue
        within = sum(local.get(hour - shift, 0) for hour in at_work if hour not in (hours[0], hours[-1]))
        eroded = sum(min(local.get(hour - shift + HOUR * near, 0) for near in (-1, 0, 1)) for hour in at_work)
        held.append(max(within, eroded))
        inner.append(within)
    if len(held) < 4 or sum(one > 0 for one in held) < 0.9 * len(held):
        return False
    spread = max(1.4826 * mad(held), median(held) ** 0.5)
    by_the_clock = len(held) >= 8 and min(inner) > 0 and variance(inner) <= 0.1 * sum(inner) / len(inner)
    return bool((median(held) > 0 and median(held) >= 3 * spread) or by_the_clock)


def utc(year: int, month: int, day: int, hour: int = 0) -> datetime:
    return datetime(year, month, day, hour, tzinfo=UTC)
