"""Whatever comes and goes, no audience is told more often than it agreed to, and of what stands it is told (X10)."""

from __future__ import annotations

import itertools
import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from models.domain.alert import Delivery
from models.journal import Journal, open_journal
from tests.alerting import OPERATIONS, RATES, Desk, Wall, found
from tests.unit.engine.hostile import HandClock

pytestmark = pytest.mark.req("X10")
CAUSES = ("project-missing", "over-cap", "rate-missing", "closed-period", "po-missing", "billing-hold", "sow-expired")
HOUR = timedelta(hours=1)


@pytest.fixture
def firm(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Iterator[Firm]:
    with monkeypatch.context() as patched:
        yield Firm(tmp_path_factory.mktemp("firm"), Wall(patched))


class Firm:
    """An installation whose cases come and go; a journal anew for each story."""

    def __init__(self, folder: Path, wall: Wall) -> None:
        self._folder, self.wall, self._numbers = folder, wall, itertools.count()
        self.journal: Journal
        self.clock = HandClock()

    def begin(self, cap: int) -> None:
        self.journal = open_journal(f"sqlite:///{self._folder / str(next(self._numbers))}.sqlite", self.clock)
        audience = replace(OPERATIONS, cap=cap)
        self.desk = Desk(self.journal, [audience], now=lambda: self.wall.seconds)
        self.journal.alerts.hold("one", 1e9)

    def after(self, span: timedelta) -> None:
        self.wall.forward(span)
        self.clock.forward(span.total_seconds())
        self.desk.ring()

    def told(self) -> list[Delivery]:
        return self.journal.alerts.recent(10_000)


def _most_within(moments: list[datetime]) -> int:
    """The most of these moments that lie within any one hour."""
    return max((sum(one <= other < one + HOUR for other in moments) for one in moments), default=0)


def test_2140_failures_of_7_causes_ring_seven_times(firm: Firm) -> None:
    """They come mixed, over 20 minutes; each cause has 40 cases, of which most come after it has rung."""
    firm.begin(cap=20)
    failures = [(CAUSES[n % 7], f"PRJ-{n % 280 // 7}", f"TE-{n}") for n in range(2140)]
    random.Random(7).shuffle(failures)
    findings = [
        replace(found(cause, key), subject_entity="time_entry", subject_key=entry) for cause, key, entry in failures
    ]
    for part in range(214, 2141, 214):
        firm.journal.cases.report("d", findings[:part], RATES)
        firm.after(timedelta(minutes=2))
    assert firm.journal.cases.page(limit=0).total == 280
    assert len(firm.told()) == 7
    for _ in range(60):
        firm.after(timedelta(minutes=1))
    assert len(firm.told()) == 14, "those that came later are told in the next hour"
    firm.after(timedelta(hours=2))
    assert len(firm.told()) == 14, "and then there is silence"


def test_seven_causes_at_once_keep_to_a_cap_and_all_are_told(firm: Firm) -> None:
    firm.begin(cap=3)
    firm.journal.cases.report("d", [found(cause, f"PRJ-{n}") for cause in CAUSES for n in range(5)], RATES)
    firm.after(timedelta(seconds=5))
    assert sorted(one.alert.data["count"] for one in firm.told()) == [5, 5, 25]


STEPS = st.lists(
    st.tuples(
        st.sets(st.tuples(st.sampled_from(CAUSES[:4]), st.integers(1, 3)), max_size=8),
        st.sampled_from([5, 70, 600, 1500, 4000]),
    ),
    min_size=1,
    max_size=12,
)


@settings(max_examples=6, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS, cap=st.integers(1, 4))
def test_nothing_that_comes_and_goes_rings_more_often_than_it_may(
    firm: Firm, steps: list[tuple[set[tuple[str, int]], int]], cap: int
) -> None:
    firm.begin(cap)
    for stuck, seconds in steps:
        firm.journal.cases.report("d", [found(cause, f"PRJ-{n}") for cause, n in sorted(stuck)], RATES)
        firm.after(timedelta(seconds=seconds))
    for _ in range(3):
        firm.after(timedelta(minutes=61))
    told = firm.told()
    assert _most_within([one.made_at for one in told]) <= cap
    by_cause = {cause: [one.made_at for one in told if cause in _causes(one)] for cause in CAUSES}
    assert all(_most_within(moments) <= 1 for moments in by_cause.values())
    by_case = Counter(case["case_id"] for one in told for case in one.alert.data["cases"])
    standing = firm.journal.cases.page(limit=100).rows
    assert all(by_case[case["case_id"]] for case in standing), "what stands has been told"
    last = {case["case_id"]: firm.journal.alerts.told("operations", [case["case_id"]]) for case in standing}
    assert all(last.values())
    firm.journal.close()


def _causes(one: Delivery) -> set[str]:
    return {case["cause"] for case in one.alert.data["cases"]}


def test_a_backlog_of_thousands_is_told_once(firm: Firm) -> None:
    """The first day of alerts, on an installation that has been running: no echo of it for hours."""
    firm.begin(cap=20)
    backlog = [found(CAUSES[n % 7], f"PRJ-{n}", str(1 + n % 97)) for n in range(2_500)]
    firm.journal.cases.report("d", backlog, RATES)
    for _ in range(3):
        firm.after(timedelta(minutes=61))
    told = firm.told()
    assert sum(one.alert.data["count"] for one in told) == 2_500 and len(told) == 7
    money = sum(Decimal(part["amount"]) for one in told for part in one.alert.data["money"])
    assert money == sum(one.amount or 0 for one in backlog)


def test_a_case_that_flaps_rings_once_a_period(firm: Firm) -> None:
    firm.begin(cap=20)
    for turn in range(65):
        firm.journal.cases.report("d", [] if turn % 2 else [found("project-missing", "PRJ-1")], RATES)
        firm.after(timedelta(minutes=2))
    moments = [one.made_at for one in firm.told()]
    assert _most_within(moments) == 1 and 2 <= len(moments) <= 3
