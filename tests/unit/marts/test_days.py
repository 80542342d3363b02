"""Days and periods of the place: a moment is a day where its company is, a month what its books call one."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from collectors.detectors.contract import item_finding
from models.catalogue import Books, Calendar, LegalEntity
from models.derivation.refresh import refresh
from models.domain.explanations import explain
from models.domain.finding import Cause
from models.domain.periods import FiscalYear
from tests.unit.cases.lakes import NOW, Lake, hours_ago, money

PROJECT = "PRJ-1001"


class Stopped:
    def now(self) -> Any:
        return NOW


def company(zone: str, year: FiscalYear = FiscalYear()) -> Books:
    calendar = Calendar(frozenset({5, 6}), frozenset(), year)
    return Books(45, {"ACME-US": LegalEntity("ACME-US", "Acme Inc", "US", "EUR", ZoneInfo(zone), calendar)})


def lake(completed_at: str) -> Lake:
    """A project with a milestone that is done, and eight hours of the last of August in PSA and ERP."""
    made = Lake()
    for system in ("salesforce", "netsuite", "kantata"):
        made.observe(system, "project", PROJECT, hours_ago(900), legal_entity="ACME-US", name="Portal", currency="EUR")
    stone = {
        "milestone_id": "M1",
        "name": "Design",
        "due": "2026-02-01",
        "amount": money("1000.00"),
        "completed_at": completed_at,
        "accepted": True,
    }
    made.observe(
        "netsuite", "contract", f"CT-{PROJECT}", legal_entity="ACME-US", project_code=PROJECT, milestones=[stone]
    )
    hours = {
        "time_entry_id": "TE-1",
        "project_code": PROJECT,
        "work_date": "2026-08-31",
        "hours": "8.00",
        "billable": True,
        "bill_rate": money("100.00"),
        "cost_rate": money("60.00"),
        "approval": "approved",
    }
    made.observe("kantata", "time_entry", "TE-1", legal_entity="ACME-US", **hours)
    made.observe("netsuite", "time_entry", "TE-1-v1", legal_entity="ACME-US", **hours, posting_id="TE-1-v1")
    return made


def milestone(books: Books, completed_at: str) -> date:
    filled = lake(completed_at)
    refresh(filled.connection, "EUR", Stopped(), books=books)
    (row,) = filled.rows("SELECT work_date FROM mart_work WHERE kind = 'milestone'")
    return row["work_date"]


@pytest.mark.finding("C11c")
@pytest.mark.req("M7")
@pytest.mark.parametrize(
    ("zone", "day"),
    [("America/Los_Angeles", date(2026, 1, 31)), ("UTC", date(2026, 2, 1)), ("Pacific/Auckland", date(2026, 2, 1))],
)
def test_a_moment_is_the_day_that_it_is_where_its_company_is(zone: str, day: date) -> None:
    assert milestone(company(zone), "2026-02-01T01:00:00Z") == day


@pytest.mark.req("M7")
def test_a_day_without_a_time_is_that_day_everywhere() -> None:
    assert milestone(company("America/Los_Angeles"), "2026-02-01") == date(2026, 2, 1)


@pytest.mark.req("M7")
def test_a_company_that_nobody_told_of_counts_in_utc_and_months() -> None:
    assert milestone(Books(), "2026-02-01T01:00:00Z") == date(2026, 2, 1)


@pytest.mark.req("M7")
def test_margin_and_tie_out_are_told_in_the_periods_of_the_company() -> None:
    """In quarters of 4, 4 and 5 weeks the last of August 2026 is in September's."""
    books = company("America/New_York", FiscalYear("4-4-5"))
    for chosen, period, month in ((books, "2026-09", date(2026, 8, 23)), (Books(), "2026-08", date(2026, 8, 1))):
        filled = lake("2026-02-01")
        refresh(filled.connection, "EUR", Stopped(), books=chosen)
        (row,) = filled.rows("SELECT period, month, cost_reporting FROM mart_margin WHERE cost_reporting > 0")
        assert row == {"period": period, "month": month, "cost_reporting": Decimal("480.00")}
        asked = "SELECT DISTINCT period, target_period FROM mart_tieout WHERE entity = 'time_entry'"
        assert filled.rows(asked) == [{"period": period, "target_period": period}]


class At:
    def __init__(self, moment: str) -> None:
        self.moment = datetime.fromisoformat(moment)

    def now(self) -> Any:
        return self.moment


def today(moment: str, zone: str, year: FiscalYear = FiscalYear()) -> dict[str, Any]:
    made = Lake()
    refresh(made.connection, "EUR", At(moment), books=company(zone, year))
    (row,) = made.rows("SELECT * EXCLUDE (legal_entity) FROM mart_today WHERE legal_entity <> ''")
    return row


@pytest.mark.req("M7")
@pytest.mark.parametrize(
    ("moment", "zone", "day"),
    [
        ("2026-11-30T11:30:00Z", "Pacific/Auckland", date(2026, 12, 1)),
        ("2026-11-30T10:30:00Z", "Pacific/Auckland", date(2026, 11, 30)),
        ("2026-12-01T03:30:00Z", "America/New_York", date(2026, 11, 30)),
        ("2026-03-28T23:30:00Z", "Europe/Berlin", date(2026, 3, 29)),
        ("2026-03-29T22:30:00Z", "Europe/Berlin", date(2026, 3, 30)),
        ("2026-10-25T22:30:00Z", "Europe/Berlin", date(2026, 10, 25)),
        ("2026-10-25T23:30:00Z", "Europe/London", date(2026, 10, 25)),
    ],
)
def test_today_is_the_day_of_the_company_across_the_date_line_and_when_clocks_change(
    moment: str, zone: str, day: date
) -> None:
    told = today(moment, zone)
    assert (told["today"], told["period"]) == (day, f"{day:%Y-%m}")


@pytest.mark.req("M7")
@pytest.mark.parametrize(("zone", "days", "due"), [("America/New_York", 30, False), ("Pacific/Auckland", 31, True)])
def test_ages_and_due_dates_are_counted_by_the_companys_today(zone: str, days: int, due: bool) -> None:
    """At two in the morning UTC of October it is still September in New York and has long been October in Auckland."""
    filled = lake("2026-02-01")
    line = {"legal_entity": "ACME-US", "project_code": PROJECT, "status": "open", "total": money("10.00"), "lines": []}
    filled.observe("netsuite", "invoice", "INV-1", issued_on="2026-08-31", **line)
    refresh(filled.connection, "EUR", At("2026-10-01T02:00:00Z"), books=company(zone))
    assert filled.rows("SELECT age_days FROM mart_work WHERE kind = 'time'") == [{"age_days": days}]
    assert filled.rows("SELECT due FROM derived.state.receivable") == [{"due": due}]


@pytest.mark.req("M7")
def test_work_and_its_findings_are_of_the_period_that_the_books_say() -> None:
    for year, period in ((FiscalYear("4-4-5"), "2026-09"), (FiscalYear(), "2026-08")):
        filled = lake("2026-02-01")
        refresh(filled.connection, "EUR", Stopped(), books=company("America/New_York", year))
        (row,) = filled.rows("SELECT * FROM mart_work WHERE kind = 'time'")
        assert row["period"] == period
        words = explain("rate-missing")
        cause = Cause("rate-missing", "", words.explanation, words.next_action, "psa", words.money_kind, "medium")
        assert item_finding(row, "f", cause).period == period


@pytest.mark.req("M7")
def test_the_period_before_and_the_quarter_are_those_of_the_books() -> None:
    """The 28th of September 2026: in months September after August, in weeks the second day of October."""
    months, weeks = (
        today("2026-09-28T12:00:00Z", "America/New_York", year) for year in (FiscalYear(), FiscalYear("4-4-5"))
    )
    assert (months["period"], months["last_from"], months["quarter_from"]) == (
        "2026-09",
        date(2026, 8, 1),
        date(2026, 7, 1),
    )
    assert (weeks["period"], weeks["period_from"]) == ("2026-10", date(2026, 9, 27))
    assert (weeks["last_from"], weeks["quarter_from"]) == (date(2026, 8, 23), date(2026, 9, 27))


@pytest.mark.req("M6")
def test_what_is_billed_and_what_it_was_worth_differ_by_no_rate() -> None:
    """Work of August billed in September, when the pound was worth more: both are converted at the bill's rate."""
    filled = lake("2026-02-01")
    for number, (day, rate) in enumerate((("2026-08-01", "1.10"), ("2026-09-01", "1.20"))):
        fields = {"base": "EUR", "quote": "GBP", "rate": rate, "effective_date": day}
        filled.observe("netsuite", "exchange_rate", str(number), **fields)
    pounds = {"bill_rate": money("100.00", "GBP"), "work_date": "2026-08-31", "hours": "8.00", "billable": True}
    for system, key in (("kantata", "TE-1"), ("netsuite", "TE-1-v1")):
        filled.observe(system, "time_entry", key, time_entry_id="TE-1", project_code=PROJECT, **pounds)
    line = {"posting_id": "TE-1-v1", "amount": money("800.00", "GBP")}
    filled.observe(
        "netsuite", "invoice", "INV-1", project_code=PROJECT, status="open", issued_on="2026-09-05", lines=[line]
    )
    refresh(filled.connection, "EUR", Stopped())
    asked = "SELECT bill_reporting, work_reporting FROM mart_work WHERE item_key = 'TE-1' AND state = 'billed'"
    assert filled.rows(asked) == [{"bill_reporting": Decimal("960.00"), "work_reporting": Decimal("960.00")}]
