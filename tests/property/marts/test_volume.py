"""What is expected of a flow, and when it is called silent, held against plain Python; and how often a flow that is
well is called silent in a year. A failure prints its seed; `VOLUME_SEED` plays it again.
"""

from __future__ import annotations

import os
import random
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from math import exp
from statistics import median, quantiles
from zoneinfo import ZoneInfo

import pytest

from tests.arrivals import HOUR, Arrivals, Company, Volumes, mad, silent_by_hand, utc

pytestmark = pytest.mark.req("X7")
SEED = int(os.environ.get("VOLUME_SEED", "0")) or random.SystemRandom().randrange(1, 10**6)
RESTS = {date(2026, 1, 1), date(2026, 4, 3), date(2026, 4, 6), date(2026, 5, 1), date(2026, 5, 25), date(2026, 12, 25)}
BERLIN = Company("NOV-DE", "Europe/Berlin", frozenset(RESTS))
NEW_YORK = Company("NOV-US", "America/New_York", frozenset({date(2026, 5, 25), date(2026, 7, 3), date(2026, 11, 26)}))
FIRST, DAYS = utc(2026, 1, 1), 365
SAMPLE = 70
"""Silences of each kind of flow that are looked at, each for all of its hours."""


def people(dice: random.Random, company: Company, rate: float, days: int = DAYS) -> dict[datetime, int]:
    """Arrivals by chance (Poisson), `rate` in an hour, on working days from eight to six by the company's clock."""
    zone, found = ZoneInfo(company.zone), dict[datetime, int]()
    for hour in (FIRST + HOUR * at for at in range(days * 24)):
        there = hour.astimezone(zone)
        if there.weekday() < 5 and 8 <= there.hour < 18 and there.date() not in company.closed:
            found[hour] = chance(dice, rate)
    return found


def chance(dice: random.Random, rate: float) -> int:
    """A number of Poisson's distribution, by Knuth's product of uniform numbers."""
    number, left = 0, dice.random()
    while left > exp(-rate):
        number, left = number + 1, left * dice.random()
    return number


def nightly(dice: random.Random, zone: str, weekday: int | None = None, most: int = 1) -> dict[datetime, int]:
    """A job shortly before or after three, by the clock of a zone, each night or each week."""
    found = dict[datetime, int]()
    for day in (FIRST.date() + timedelta(days=at) for at in range(DAYS)):
        if weekday is None or day.weekday() == weekday:
            at = datetime(day.year, day.month, day.day, 2, dice.choice((50, 56, 59)), tzinfo=ZoneInfo(zone))
            at = (at + timedelta(minutes=dice.randrange(6))).astimezone(UTC).replace(minute=0)
            found[at] = found.get(at, 0) + dice.randint(1, most)
    return found


def before(arrivals: Arrivals, moment: datetime) -> dict[datetime, int]:
    return {hour: number for hour, number in arrivals.items() if hour < moment}


def test_what_is_expected_of_each_hour_is_the_median_and_its_spread_of_twelve_weeks() -> None:
    dice = random.Random(SEED)
    print(f"VOLUME_SEED={SEED}")
    came = people(dice, BERLIN, dice.choice((0.4, 2.0, 9.0)), 130)
    now, volumes = utc(2026, 5, 7, 15), Volumes([BERLIN])
    volumes.came({("time-to-bill", "NOV-DE"): before(came, now)})
    volumes.at(now)
    zone = ZoneInfo(BERLIN.zone)
    there = {hour.astimezone(zone).replace(tzinfo=None): number for hour, number in before(came, now).items()}
    told = {(one["weekday"], one["hour"]): one for one in volumes.rows("SELECT * FROM derived.state.mart_expected")}
    assert len(told) == 168
    for (weekday, hour), one in told.items():
        days = [date(2026, 5, 7) - timedelta(days=at) for at in range(1, 85)]
        days = [day for day in days if day.isoweekday() == weekday and day not in BERLIN.closed]
        counts = [there.get(datetime(day.year, day.month, day.day, hour), 0) for day in days]
        tenths = quantiles(counts, n=10, method="inclusive")
        said = (one["days"], one["with_any"], one["expected"], one["spread"])
        assert said == (len(days), sum(map(bool, counts)), median(counts), mad(counts)), f"{weekday} {hour}"
        assert (one["low"], one["high"]) == (pytest.approx(tenths[0]), pytest.approx(tenths[-1]))


def test_a_flow_is_silent_when_plain_python_says_so() -> None:
    dice = random.Random(SEED)
    print(f"VOLUME_SEED={SEED}")
    flows: dict[str, Arrivals] = {f"people-{rate}": people(dice, BERLIN, rate, 200) for rate in (0.3, 4, 15)}
    flows |= {"nightly": nightly(dice, "Europe/Berlin"), "batch": nightly(dice, "UTC", most=900)}
    flows |= {"weekly": nightly(dice, "UTC", weekday=2)}
    volumes, seen = Volumes([BERLIN]), {True: 0, False: 0}
    for _ in range(5):
        stopped = FIRST + HOUR * dice.randrange(20 * 24, 180 * 24)
        now = stopped + HOUR * dice.choice((1, 3, 6, 9, 20, 28, 50, 80, 120, 190))
        standing = {name: before(came, stopped) for name, came in flows.items()}
        volumes.came({(name, "NOV-DE"): came for name, came in standing.items()})
        told = {one["flow"]: one["state"] == "silent" for one in volumes.at(now)}
        by_hand = {name: silent_by_hand(came, now, BERLIN) for name, came in standing.items() if any(came.values())}
        assert told == by_hand, f"stopped {stopped}, now {now}"
        for silent in told.values():
            seen[silent] += 1
    assert min(seen.values()) >= 3, "one that is never silent, or always, proves nothing"


def kinds(dice: random.Random) -> dict[str, Mapping[str, Arrivals]]:
    """A year of flows that are well, by company."""
    return {
        "scarce": {"NOV-DE": people(dice, BERLIN, 0.7)},
        "usual": {"NOV-DE": people(dice, BERLIN, 5)},
        "two zones": {"NOV-DE": people(dice, BERLIN, 2), "NOV-US": people(dice, NEW_YORK, 9)},
        "nightly": {"": nightly(dice, "Europe/Berlin")},
        "by a clock that never changes": {"": nightly(dice, "UTC", most=400)},
        "weekly": {"": nightly(dice, "UTC", weekday=6)},
        "monthly": {"NOV-DE": {utc(2026, month, 1, 9): 500 for month in range(1, 13)}},
    }


def test_a_year_of_flows_that_are_well_gives_no_false_case() -> None:
    """Each silence of the year is looked at just before it ends, when it is longest: as it would be seen then, for all
    of its hours. Of many a sample is.
    """
    dice = random.Random(SEED)
    print(f"VOLUME_SEED={SEED}")
    false, looked = list[str](), 0
    for kind, companies in kinds(dice).items():
        hours = sorted({hour for came in companies.values() for hour, number in came.items() if number})
        ends = [until for since, until in pairwise(hours) if until - since > HOUR * 2]
        ends = sorted(dice.sample(ends, min(len(ends), SAMPLE)))
        looked += len(ends)
        volumes = Volumes([BERLIN, NEW_YORK])
        told = volumes.at_each(ends, companies)
        false += [
            f"{kind} {one['legal_entity']} {one['until_at']}: {one['state']}" for one in told if one["state"] in FALSE
        ]
    print(f"false cases in a year of {len(kinds(random.Random(0)))} kinds of flows, {looked} silences: {len(false)}")
    assert false == [] and looked > 250


FALSE = {"silent", "few"}
