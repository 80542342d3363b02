"""Who is told what and when: processes first, quiet hours, the summary of the day, conditions of an audience (X10)."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from models.ailing import Ailing
from models.alerting.choosing import digest_due
from models.domain.audience import Audience
from models.domain.case import cause_title
from models.journal import Journal
from tests.alerting import OPERATIONS, RATES, Desk, Wall, found

pytestmark = pytest.mark.req("X10")
DEAD = Ailing("engine", None, "the engine is not running", "nothing is read", None, None, "start it")
STUCK = Ailing("collect", "detection", "the collector hangs", "cases stand still", None, None, "see its log")


def titles(journal: Journal, audience: str = "operations") -> list[tuple[str, str]]:
    told = sorted(journal.alerts.recent(500), key=lambda one: one.made_at)
    return [(one.alert.kind, one.alert.title) for one in told if one.audience == audience]


@pytest.mark.req("X18")
def test_who_is_dead_for_a_minute_rings_first_beside_the_cap_and_once_a_period(journal: Journal, wall: Wall) -> None:
    ailing: list[Ailing] = []
    audience = replace(OPERATIONS, cap=1, quiet=(time(0), time(23, 59)))
    desk = Desk(journal, [audience, replace(audience, name="finance", pulse=False)], ailing=lambda: ailing,
                now=lambda: wall.seconds)  # fmt: skip
    assert journal.alerts.hold("one", 1e6)
    desk.ring()
    ailing.append(DEAD)
    for _ in range(6):
        desk.ring()
        wall.forward(timedelta(seconds=11))
    assert titles(journal) == [], "a process that starts anew is no news"
    desk.ring()
    assert titles(journal) == [("pulse", "The engine is not running")] and titles(journal, "finance") == []
    ailing.append(STUCK)
    for _ in range(30):
        wall.forward(timedelta(seconds=60))
        desk.ring()
    assert titles(journal)[1:] == [("pulse", "The collector hangs")]
    for _ in range(35):
        wall.forward(timedelta(seconds=60))
        desk.ring()
    assert len(titles(journal)) == 4, "each goes on and is told once more in the next hour"
    first = journal.alerts.due()[0]
    assert first.alert.kind == "pulse"


def test_what_comes_in_quiet_hours_rings_after_them_and_the_day_begins_with_a_summary(
    journal: Journal, wall: Wall
) -> None:
    now = journal.alerts.now()
    soon = (now + timedelta(minutes=30)).time().replace(second=0, microsecond=0)
    quiet = ((now - timedelta(hours=2)).time(), soon)
    desk = Desk(journal, [replace(OPERATIONS, quiet=quiet, digest=soon)], now=lambda: wall.seconds)
    journal.alerts.hold("one", 1e6)
    journal.cases.report("d", [found("project-missing", "PRJ-1", "60000")], RATES)
    desk.ring()
    assert titles(journal) == []
    wall.forward(timedelta(minutes=31))
    desk.ring()
    desk.ring()
    assert sorted(titles(journal)) == [
        ("case", f"critical case: {cause_title('project-missing')}"),
        ("digest", "1 open case"),
    ]
    [digest] = [one.alert for one in journal.alerts.recent() if one.alert.kind == "digest"]
    assert digest.data["money"] == [{"kind": "billing_blocked", "amount": "60000.00", "currency": "EUR"}]


def test_a_summary_comes_once_a_day_when_nothing_stands_too(journal: Journal, wall: Wall) -> None:
    at = journal.alerts.now().time().replace(second=0, microsecond=0)
    desk = Desk(journal, [replace(OPERATIONS, rings=False, digest=at)], now=lambda: wall.seconds)
    journal.alerts.hold("one", 1e7)
    for _ in range(8 * 24):
        desk.ring()
        wall.forward(timedelta(hours=1))
    assert titles(journal) == [("digest", "No case is open")] * 8


def test_a_summary_waits_for_its_hour_in_its_zone_and_is_told_late_but_not_much() -> None:
    audience = Audience("a", (), digest=time(8), zone=ZoneInfo("America/New_York"))
    eight = datetime(2026, 3, 8, 8, tzinfo=audience.zone).astimezone(UTC)  # the night in which clocks change
    assert eight.hour == 12
    spans = (timedelta(minutes=-1), timedelta(0), timedelta(hours=5), timedelta(hours=7))
    assert [digest_due(audience, None, eight + span) for span in spans] == [False, True, True, False]
    assert not digest_due(audience, eight, eight + timedelta(hours=1))
    assert digest_due(audience, eight - timedelta(days=1), eight)


@pytest.mark.parametrize(
    ("condition", "keys"),
    [
        ({}, ["A", "B", "C"]),
        ({"severity": "high"}, ["A"]),
        ({"at_least": Decimal(5000)}, ["A"]),
        ({"money_kinds": ("revenue_at_risk",)}, ["B"]),
        ({"legal_entities": ("ACME-US",)}, ["B"]),
        ({"causes": ("over-cap",)}, ["B"]),
        ({"flows": ("time-to-bill",)}, ["A", "B", "C"]),
        ({"flows": ("quote-to-project",)}, []),
        ({"owners": ("psa",)}, []),
    ],
)
def test_an_audience_is_told_of_what_fits_all_it_says(
    journal: Journal, wall: Wall, condition: dict[str, object], keys: list[str]
) -> None:
    findings = [
        found("project-missing", "A", "20000"),
        found("over-cap", "B", "200", "revenue_at_risk", legal_entity="ACME-US"),
        found("rate-missing", "C", "300", legal_entity=None),
    ]
    journal.cases.report("d", findings, RATES)
    journal.alerts.hold("one", 1e6)
    Desk(journal, [replace(OPERATIONS, **condition)]).ring()  # type: ignore[arg-type]
    told = [case["subject"]["key"] for one in journal.alerts.recent() for case in one.alert.data["cases"]]
    assert sorted(told) == keys


def test_who_has_no_road_is_passed_over_and_what_was_told_is_forgotten_in_the_end(journal: Journal, wall: Wall) -> None:
    journal.cases.report("d", [found("project-missing", "A"), found("over-cap", "B")], RATES)
    journal.alerts.hold("one", 1e9)
    desk = Desk(journal, [OPERATIONS, replace(OPERATIONS, name="nobody", roads=())], now=lambda: wall.seconds)
    desk.ring()
    assert {one.audience for one in journal.alerts.recent()} == {"operations"}
    for one in journal.alerts.due():
        journal.alerts.delivered(one.alert_id)
    journal.cases.report("d", [found("project-missing", "A")], RATES)
    wall.forward(timedelta(days=31))
    journal.alerts.tidy()
    topics = {case["case_id"]: case["cause"] for case in journal.cases.page().rows}
    assert journal.alerts.count() == 0 and set(journal.alerts.told("operations", topics)) == set(topics)
    desk.ring()
    assert journal.alerts.count() == 0, "of what still stands it has been told"


@pytest.mark.req("X18")
def test_who_takes_over_has_watched_and_rings_at_once(journal: Journal, wall: Wall) -> None:
    """The collector that rang is killed with the engine; the console goes on as soon as the lease has ended."""
    first, heir = (Desk(journal, [OPERATIONS], owner=name, ailing=lambda: [DEAD], now=lambda: wall.seconds)
                   for name in ("first", "heir"))  # fmt: skip
    first.turn()
    for _ in range(13):
        wall.forward(timedelta(seconds=5))
        heir.turn()
    assert titles(journal) == [("pulse", "The engine is not running")]
