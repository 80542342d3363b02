"""When a flow of which nothing came is called silent, and when that says nothing (X7, C9)."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from models.derivation.refresh import refresh
from tests.arrivals import HOUR, Arrivals, Company, Volumes, utc
from tests.unit.cases.lakes import Lake

pytestmark = pytest.mark.req("X7")
BERLIN = Company("NOV-DE", "Europe/Berlin", frozenset({date(2026, 6, 4)}))
NEW_YORK = Company("NOV-US", "America/New_York")
STOPPED = utc(2026, 6, 10, 9)
"""A Wednesday at eleven by the clock of Berlin; the Thursday before was a holiday there."""


def steady(company: Company, number: int = 12, until: datetime = STOPPED, weeks: int = 14) -> dict[datetime, int]:
    """So many in each hour of each working day from eight to six, by the company's clock."""
    zone, found = ZoneInfo(company.zone), dict[datetime, int]()
    for hour in (until - HOUR * at for at in range(1, weeks * 168)):
        there = hour.astimezone(zone)
        if there.weekday() < 5 and 8 <= there.hour < 18 and there.date() not in company.closed:
            found[hour] = number
    return found


def states(volumes: Volumes, now: datetime, **more: object) -> dict[str, str]:
    """What is said of each company, the whole under `all`."""
    told = volumes.at(now, **more)  # type: ignore[arg-type]
    return {"all" if one["whole"] else one["legal_entity"]: one["state"] for one in told}


def of(arrivals: Arrivals, companies: tuple[Company, ...] = (BERLIN,)) -> Volumes:
    volumes = Volumes(companies)
    volumes.came({("time-to-bill", companies[0].name): arrivals})
    return volumes


def test_two_hours_without_any_of_what_always_came_are_silence_and_say_what_was_expected() -> None:
    volumes = of(steady(BERLIN))
    assert states(volumes, STOPPED + HOUR) == {"all": "usual"}
    [one] = volumes.at(STOPPED + HOUR * 3)
    assert (one["state"], one["missed"], one["missed_low"], one["missed_high"]) == ("silent", 36.0, 36.0, 36.0)
    assert (one["comparable"], one["with_any"], one["confidence"]) == (12, 12, 13 / 14)
    assert (one["missed_from"], one["missed_until"]) == (STOPPED, STOPPED + HOUR * 3)
    assert one["last_at"] == STOPPED - timedelta(minutes=40)
    assert (one["zone"], one["closed_days"]) == ("Europe/Berlin", [date(2026, 6, 4)])


def test_a_silence_goes_on_through_the_night_and_ends_with_the_next_arrival() -> None:
    volumes = of(steady(BERLIN))
    for hours in (14, 40, 24 * 9):
        [one] = volumes.at(STOPPED + HOUR * hours)
        assert one["state"] == "silent" and one["missed_until"] <= STOPPED + HOUR * min(hours, 168)
    volumes = of({**steady(BERLIN), STOPPED + HOUR * 40: 1})
    assert states(volumes, STOPPED + HOUR * 41) == {"all": "usual"}


def test_nights_weekends_and_holidays_expect_nothing() -> None:
    friday_evening = utc(2026, 6, 5, 16)
    assert states(of(steady(BERLIN, until=friday_evening)), friday_evening + HOUR * 61) == {"all": "usual"}
    before_the_holiday = utc(2026, 6, 3, 16)
    volumes = of(steady(BERLIN, until=before_the_holiday))
    [one] = volumes.at(before_the_holiday + HOUR * 26)
    assert (one["state"], one["expected"]) == ("usual", None)
    assert states(volumes, before_the_holiday + HOUR * 42) == {"all": "silent"}, "the day after it is a working day"


def test_what_is_not_known_for_four_weeks_is_still_learnt() -> None:
    assert states(of(steady(BERLIN, weeks=3)), STOPPED + HOUR * 5) == {"all": "learning"}
    assert states(of(steady(BERLIN, weeks=6)), STOPPED + HOUR * 5) == {"all": "silent"}


def test_hours_that_nobody_watched_say_nothing() -> None:
    away = [STOPPED + HOUR * at for at in range(4)]
    assert states(of(steady(BERLIN)), STOPPED + HOUR * 4, unwatched=away) == {"all": "usual"}
    volumes = of(steady(BERLIN))
    volumes.came({("time-to-bill", "NOV-DE"): steady(BERLIN), ("other", "NOV-DE"): dict.fromkeys(away, 1)})
    told = {one["flow"]: one["state"] for one in volumes.at(STOPPED + HOUR * 4, unwatched=away)}
    assert told["time-to-bill"] == "silent", "another flow came then, so somebody did watch"


@pytest.mark.parametrize("read", [STOPPED + HOUR, None])
def test_a_source_that_is_not_read_is_not_called_silent_too(read: datetime | None) -> None:
    assert states(of(steady(BERLIN)), STOPPED + HOUR * 6, heard={"psa": read})["all"] != "silent"


def test_one_past_week_without_any_does_not_hide_a_silence_and_two_do() -> None:
    lost = {STOPPED - timedelta(days=7 * week) + HOUR * at for week in (3,) for at in range(-6, 9)}
    came = {hour: number for hour, number in steady(BERLIN).items() if hour not in lost}
    [one] = of(came).at(STOPPED + HOUR * 4)
    assert (one["state"], one["with_any"], one["comparable"]) == ("silent", 11, 12)
    lost |= {STOPPED - timedelta(days=7 * 5) + HOUR * at for at in range(-6, 9)}
    came = {hour: number for hour, number in came.items() if hour not in lost}
    assert states(of(came), STOPPED + HOUR * 4) == {"all": "usual"}


def test_a_job_of_each_night_that_did_not_run_is_told_an_hour_later_also_where_clocks_changed() -> None:
    zone = ZoneInfo("Europe/Berlin")
    nights = [datetime(2026, 1, 1, 3, tzinfo=zone) + timedelta(days=at) for at in range(120)]
    came = {night.astimezone(utc(2026, 1, 1).tzinfo): 1 for night in nights if night.date() < date(2026, 3, 30)}
    last = max(came)
    assert last == utc(2026, 3, 29, 1), "the night in which the clocks went forward"
    assert states(of(came), last + HOUR * 25) == {"all": "usual"}
    assert states(of(came), last + HOUR * 26) == {"all": "silent"}
    by_utc = {utc(2026, 1, 1, 1) + timedelta(days=at): 1 for at in range(88)}
    for hours in (1, 2, 3, 23, 24):
        assert states(of(by_utc), max(by_utc) + HOUR * hours) == {"all": "usual"}, "late by our clock, not by its own"


def test_a_flow_of_each_month_is_never_silent() -> None:
    came = {utc(2026, month, 1, 9): 400 for month in range(1, 7)}
    assert states(of(came), utc(2026, 7, 3)) == {"all": "usual"}


def test_of_two_companies_the_one_that_is_silent_is_told_by_its_own_clock() -> None:
    now = utc(2026, 6, 10, 17)
    volumes = Volumes((BERLIN, NEW_YORK))
    german, american = steady(BERLIN, until=now), steady(NEW_YORK, until=utc(2026, 6, 9, 23))
    volumes.came({("time-to-bill", "NOV-DE"): german, ("time-to-bill", "NOV-US"): american})
    assert states(volumes, utc(2026, 6, 10, 13)) == {"all": "usual", "NOV-DE": "usual", "NOV-US": "usual"}
    assert states(volumes, now) == {"all": "usual", "NOV-DE": "usual", "NOV-US": "silent"}


def test_a_quarter_of_the_least_is_too_little_and_a_third_is_not() -> None:
    monday = utc(2026, 6, 8)
    for number, state in ((2, "few"), (4, "usual")):
        day = {hour: number for hour in steady(BERLIN, until=monday + HOUR * 48) if hour >= monday + HOUR * 24}
        came = {**steady(BERLIN, until=monday + HOUR * 24), **day}
        [one] = of(came).at(monday + HOUR * 48)
        assert (one["state"], one["came"], one["expected"]) == (state, number * 10, 120.0)


def test_what_is_derived_step_by_step_is_what_is_derived_from_nothing() -> None:
    class Clock:
        moment = STOPPED

        def now(self) -> datetime:
            return self.moment

    lake, clock, steps = Lake(), Clock(), 0
    places = ("mart_arrival", "mart_expected", "mart_volume")
    for at in range(0, 24 * 35, 12):
        moment = STOPPED - timedelta(days=35) + HOUR * at
        lake.record("source_event", moment, flow="time-to-bill", system="psa", status="admitted", legal_entity="NOV-DE")
    refresh(lake.connection, "EUR", clock)
    for company, flow, hours in (("NOV-DE", "time-to-bill", 1), ("NOV-UK", "master-data", 26)):
        clock.moment += HOUR * hours
        for name in (flow, "time-to-bill"):
            lake.record("source_event", clock.moment, flow=name, system="psa", legal_entity=company)
        refresh(lake.connection, "EUR", clock)
        before = {name: sorted(map(str, lake.rows(f"SELECT * FROM {name}"))) for name in places}
        lake.connection.execute("DELETE FROM derived.state.stand; DELETE FROM derived.state.seen")
        lake.connection.execute("DELETE FROM derived.state.mark; DROP TABLE derived.state.arrived")
        refresh(lake.connection, "EUR", clock)
        after = {name: sorted(map(str, lake.rows(f"SELECT * FROM {name}"))) for name in places}
        assert before == after
        steps += len(before["mart_volume"])
    assert steps == 1 + 4
