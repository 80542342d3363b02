"""Each day's control totals are sealed records; a change of a month that was over is restated beside the old (X12)."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from collectors.day_end import DayEnd
from models.domain.record import Record
from models.journal import open_journal
from models.journal.journal import Journal

NAMES = ("source", "landed", "on_its_way", "cases", "written_off", "unexplained", "target", "unsourced")


class Clock:
    def __init__(self, at: datetime) -> None:
        self.at = at

    def now(self) -> datetime:
        return self.at


@pytest.fixture
def clock() -> Clock:
    return Clock(datetime(2026, 12, 1, 0, 5, tzinfo=UTC))


@pytest.fixture
def journal(tmp_path: Path, clock: Clock) -> Any:
    opened = open_journal(f"sqlite:///{tmp_path / 'journal.sqlite'}", clock)
    yield opened
    opened.close()


def total(period: str = "2026-11", **changed: Any) -> dict[str, Any]:
    row = {"flow": "time-to-bill", "source": "kantata", "target": "netsuite", "entity": "time_entry"}
    row |= {"legal_entity": "NOV-DE", "currency": "EUR", "period": period, "apart": None}
    row |= {f"{name}_count": 0 for name in NAMES} | {f"{name}_amount": Decimal("0.00") for name in NAMES}
    full = {
        "source_count": 1,
        "source_amount": Decimal("800.00"),
        "landed_count": 1,
        "landed_amount": Decimal("800.00"),
    }
    return {**row, **full, **changed}


def sealed(journal: Journal) -> list[Record]:
    return [record for page in journal.feed.read(0) for record in page.records if record.kind == "totals"]


@pytest.mark.req("X12")
def test_a_day_is_sealed_once_with_what_changed_since_the_day_before(journal: Journal) -> None:
    seal = journal.sealed_totals.seal
    assert seal(date(2026, 11, 29), [total()]) == 2
    assert seal(date(2026, 11, 29), [total(source_amount=Decimal(1))]) == 0, "a sealed day stays as it is"
    assert seal(date(2026, 11, 30), [total(), total("2026-12")]) == 2
    day, first, *rest = sealed(journal)
    assert (day.entity, day.business_key, day.body["totals"]) == ("day", "totals:2026-11-29", 1)
    assert (first.amount, first.legal_entity, first.status) == (Decimal("800.00"), "NOV-DE", "sealed")
    assert [(one.entity, one.body.get("period")) for one in rest] == [("day", None), ("time_entry", "2026-12")]


@pytest.mark.req("X12")
def test_a_change_of_a_month_that_was_over_is_a_restatement_with_its_reason(journal: Journal) -> None:
    seal = journal.sealed_totals.seal
    seal(date(2026, 11, 29), [total()])
    seal(date(2026, 11, 30), [total(landed_amount=Decimal("700.00"))])
    seal(date(2026, 12, 1), [total(landed_amount=Decimal("700.00")), total("2026-12")])
    assert {one.status for one in sealed(journal)} == {"sealed"}, "while the month goes on its totals grow"
    changed = total(landed_amount=Decimal("0.00"), cases_amount=Decimal("800.00"), apart="1 gone")
    seal(date(2026, 12, 2), [changed, total("2026-12"), total("2026-10")])
    last, new = sealed(journal)[-2:]
    assert (last.status, last.body["before"]["landed_amount"]) == ("restated", "700.00")
    assert last.body["reason"].startswith("landed_amount 700.00 → 0.00") and last.body["reason"].endswith("1 gone")
    assert (new.status, new.body["period"]) == ("restated", "2026-10"), "what comes late into a month that was over"


@pytest.mark.req("X12", "M7")
def test_a_period_of_weeks_is_over_when_its_books_say_so(journal: Journal) -> None:
    """In quarters of 4, 4 and 5 weeks September ends on the 26th, and its totals of the 28th are restated."""
    seal, ends = journal.sealed_totals.seal, {"period_ends": date(2026, 9, 26)}
    seal(date(2026, 9, 25), [total("2026-09", **ends)])
    seal(date(2026, 9, 26), [total("2026-09", **ends, source_amount=Decimal(900))])
    seal(date(2026, 9, 27), [total("2026-09", **ends, source_amount=Decimal(950))])
    assert {one.status for one in sealed(journal)} == {"sealed"}, "the last sealed day was its last"
    seal(date(2026, 9, 28), [total("2026-09", **ends, source_amount=Decimal(990))])
    assert (sealed(journal)[-1].status, sealed(journal)[-1].body["before"]["source_amount"]) == ("restated", "950")
    seal(date(2026, 9, 29), [])
    assert (sealed(journal)[-1].status, sealed(journal)[-1].amount) == ("restated", 0), "what is no more too"


@pytest.mark.req("X12")
def test_totals_that_are_no_more_are_sealed_as_nothing(journal: Journal) -> None:
    journal.sealed_totals.seal(date(2026, 11, 29), [total()])
    journal.sealed_totals.seal(date(2026, 11, 30), [])
    assert sealed(journal)[-1].amount == 0
    assert journal.sealed_totals.seal(date(2026, 12, 1), []) == 1, "nothing has changed since"


@pytest.mark.req("X12")
def test_days_on_which_no_collector_ran_are_sealed_as_unwatched(journal: Journal) -> None:
    """Off from the 29th to the 30th: what stood then nobody saw, and an auditor is told so."""
    seal = journal.sealed_totals.seal
    seal(date(2026, 11, 28), [total()])
    assert seal(date(2026, 12, 1), [total(), total("2026-12")]) == 4
    days = [(one.body["day"], one.status) for one in sealed(journal) if one.entity == "day"]
    assert days == [
        ("2026-11-28", "sealed"),
        ("2026-11-29", "unwatched"),
        ("2026-11-30", "unwatched"),
        ("2026-12-01", "sealed"),
    ]
    assert seal(date(2026, 11, 30), [total()]) == 0, "nor is it sealed later with what stands by then"


@pytest.mark.req("X12")
def test_the_first_turn_after_midnight_seals_the_day_that_was_watched(journal: Journal, clock: Clock) -> None:
    end = DayEnd(journal.sealed_totals, journal.sealed_figures, clock)
    assert not end.due(), "of the day before the first start nothing is known"
    clock.at = datetime(2026, 12, 2, 0, 1, tzinfo=UTC)
    assert end.due() == {"": date(2026, 12, 1)} and end.over() == date(2026, 12, 1)
    end.seal(end.due(), [total()])
    assert not end.due()
    assert not DayEnd(journal.sealed_totals, journal.sealed_figures, clock).due(), "nor after a restart"
    clock.at = datetime(2026, 12, 3, 0, 1, tzinfo=UTC)
    assert DayEnd(journal.sealed_totals, journal.sealed_figures, clock).due() == {"": date(2026, 12, 2)}


@pytest.mark.req("X12", "M7")
def test_a_companys_day_is_sealed_at_its_own_midnight(journal: Journal, clock: Clock) -> None:
    """In Auckland eighteen hours before New York; before, both waited for the last midnight of all."""
    zones = {"NOV-NZ": ZoneInfo("Pacific/Auckland"), "NOV-US": ZoneInfo("America/New_York")}
    east, west, nobody = total(legal_entity="NOV-NZ"), total(legal_entity="NOV-US"), total(legal_entity=None)
    end = DayEnd(journal.sealed_totals, journal.sealed_figures, clock, zones)
    assert not end.due()
    for at, ended, over in (
        ((2, 10, 59), {"": 1, "NOV-NZ": 1, "NOV-US": 1}, 1),
        ((2, 11, 0), {"NOV-NZ": 2}, 1),
        ((3, 0, 0), {"": 2}, 1),
        ((3, 5, 0), {"NOV-US": 2}, 2),
    ):
        clock.at = datetime(2026, 12, *at, tzinfo=UTC)
        due, already = end.due(), len(sealed(journal))
        assert (due, end.over()) == ({one: date(2026, 12, day) for one, day in ended.items()}, date(2026, 12, over))
        end.seal(due, [east, west, nobody])
        assert not end.due()
        days = {one.legal_entity: one.body["day"] for one in sealed(journal)[already:] if one.entity == "day"}
        assert days == {one or None: f"2026-12-{day:02d}" for one, day in ended.items()}
    told = [(one.legal_entity, one.body["day"]) for one in sealed(journal) if one.entity != "day"]
    assert sorted(told, key=str) == [("NOV-NZ", "2026-12-01"), ("NOV-US", "2026-12-01"), (None, "2026-12-01")]


@pytest.mark.req("X12", "M7")
def test_the_totals_of_one_company_are_not_gone_because_another_was_sealed(journal: Journal) -> None:
    """Nor is a day that was sealed for all before days were a company's sealed again, or its month begun anew."""
    seal, one = journal.sealed_totals.seal, lambda company: company or ""
    seal(date(2026, 11, 29), [total(), total(legal_entity="NOV-UK")])
    assert journal.sealed_totals.last_day("NOV-UK") == date(2026, 11, 29)
    assert seal(date(2026, 12, 1), [total(legal_entity="NOV-UK")], "NOV-UK", one) == 2, "and the 30th nobody watched"
    late = total(legal_entity="NOV-UK", landed_amount=Decimal(0))
    assert seal(date(2026, 12, 2), [late], "NOV-UK", one) == 2
    assert (sealed(journal)[-1].status, sealed(journal)[-1].legal_entity) == ("restated", "NOV-UK")
    assert journal.sealed_totals.last_day("NOV-DE") == date(2026, 11, 29)
