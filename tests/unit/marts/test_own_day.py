"""Each amount has the rate and the period of its own day, where its company is; no day has no rate (M6, M7)."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

import app.readings.tieout
from app.console.reconciliation.closing import over
from app.readings.tieout.rows import Ending
from collectors.detectors.run import run_all
from collectors.detectors.turn import Turn
from models.catalogue import Books, Calendar, LegalEntity
from models.derivation.refresh import refresh
from models.domain.periods import FiscalYear
from models.sql_statements import statements
from tests.findings.books import entry, firm, posted
from tests.unit.cases.lakes import NOW, Lake, hours_ago, money
from tests.unit.marts.test_tieout import LEVELS, LONG_AGO, Stopped

D = Decimal
TIEOUT = statements(Path(app.readings.tieout.__file__).with_name("tieout.sql"))
BERLIN = LegalEntity(
    "NOV-DE", "Nov", "DE", "EUR", ZoneInfo("Europe/Berlin"), Calendar(frozenset({5, 6}), frozenset(), FiscalYear())
)
POUNDS = {"bill_rate": money("100.00", "GBP")}


def derived(lake: Lake) -> Lake:
    refresh(lake.connection, "EUR", Stopped(), LEVELS, books=Books(45, {"NOV-DE": BERLIN}))
    return lake


def rows(lake: Lake, sql: str) -> dict[str, dict[str, Any]]:
    return {row["key"]: row for row in lake.rows(sql)}


@pytest.fixture(scope="module")
def books() -> Lake:
    """A pound was 1.20 until the 25th and is 1.00 today; a sale was won in the night to September, Berlin's."""
    lake = firm()
    for day, rate in (("2026-01-01", "1.20"), ("2026-09-25", "1.00")):
        told = {"base": "EUR", "quote": "GBP", "rate": rate, "effective_date": day}
        lake.observe("netsuite", "exchange_rate", day, hours_ago(100), **told)
    for number, changed in enumerate((POUNDS, {**POUNDS, "work_date": None}, {"work_date": None}), 1):
        entry(lake, number, hours_ago(90), changed_at=LONG_AGO, **changed)
        posted(lake, number, created_at=LONG_AGO, **changed)
    total = money("800.00", "GBP")
    lines = [{"posting_id": "TE-kantata-1-v1", "amount": total}]
    lake.observe("netsuite", "invoice", "INV-1", status="open", issued_on="2026-09-21", total=total, lines=lines)
    lake.observe("netsuite", "payment", "P-1", invoice_number="INV-1", paid_on="2026-09-29", amount=total)
    won = {"value": money("7000.00"), "currency": "EUR", "closed_at": "2026-08-31T22:30:00Z"}
    lake.observe("salesforce", "project", "PRJ-1002", hours_ago(100), **won)
    lake.observe("netsuite", "contract", "CT-PRJ-1002", project_code="PRJ-1002", value=money("7000.00"))
    return derived(lake)


@pytest.mark.req("M6")
def test_a_failure_is_worth_what_its_work_was_on_its_day() -> None:
    """Worked, or sold, when a pound was 1.20 and refused when it was 1.00; what says no day is of the one it came."""
    lake = firm()
    for day, rate in (("2026-01-01", "1.20"), ("2026-09-25", "1.00")):
        told = {"base": "EUR", "quote": "GBP", "rate": rate, "effective_date": day}
        lake.observe("netsuite", "exchange_rate", day, hours_ago(100), **told)
    key = entry(lake, 1, hours_ago(90), changed_at=LONG_AGO, **POUNDS)
    dead = {"state": "dead", "at": hours_ago(30), "amount": "800.00", "currency": "GBP"}
    lake.run("run-1", f"time_entry:{key}", **dead)
    lake.run("run-2", "project:PRJ-1002", **dead)
    # Berlin's 25th, and UTC's 24th.
    lake.run(
        "run-3", "project:PRJ-1003", **dead, legal_entity="NOV-DE", payload='{"closed_at": "2026-09-24T21:59:00Z"}'
    )
    lake.run(
        "run-4", "project:PRJ-1004", **dead, legal_entity="NOV-DE", payload='{"closed_at": "2026-09-24T22:30:00Z"}'
    )
    lake.run("run-5", "time_entry:nowhere", **dead, payload='{"work_date": "2026-09-20"}')
    shown = rows(derived(lake), "SELECT run_id AS key, amount_reporting FROM mart_failure")
    assert {key: row["amount_reporting"] for key, row in shown.items()} == {
        "run-1": D("960.00"),
        "run-2": D("800.00"),
        "run-3": D("960.00"),
        "run-4": D("800.00"),
        "run-5": D("960.00"),
    }


@pytest.mark.req("M6")
def test_what_waits_for_a_sale_that_no_reading_shows_is_worth_what_it_was_on_the_day_of_the_sale() -> None:
    lake = firm()
    for day, rate in (("2026-01-01", "1.20"), ("2026-09-25", "1.00")):
        told = {"base": "EUR", "quote": "GBP", "rate": rate, "effective_date": day}
        lake.observe("netsuite", "exchange_rate", day, hours_ago(100), **told)
    waits = {"waiting_for": "opportunity:PRJ-1002", "waiting_missing": '["cost_centre"]', "waiting_owner": "crm"}
    sold = {"amount": "800.00", "currency": "GBP", "payload": '{"closed_at": "2026-09-20T10:00:00Z"}'}
    lake.run("run-1", "project:PRJ-1002", "waiting", hours_ago(2), "quote-to-project", **waits, **sold)
    turn = Turn(service_levels=LEVELS)
    found = run_all(derived(lake).connection, turn, Stopped()).findings["paused_run"]
    assert [(one.amount, one.reporting) for one in found] == [(D("800.00"), D("960.00"))]


@pytest.mark.req("M6", "X12")
def test_a_joint_and_a_receivable_are_at_the_rate_of_their_day(books: Lake) -> None:
    asked = "SELECT item_key AS key, source_reporting, target_reporting FROM mart_tieout WHERE entity = 'invoice_line'"
    assert rows(books, asked)["TE-kantata-1"]["source_reporting"] == D("960.00")
    assert rows(books, "SELECT entity AS key, * FROM mart_joint WHERE period = '2026-09'")["invoice_line"][
        "landed_reporting"
    ] == D("960.00")
    invoice = rows(books, "SELECT * FROM derived.state.receivable")["INV-1"]
    assert (invoice["total"], invoice["paid"]) == (D("960.00"), D("960.00")), "paid in full, whatever a pound is today"


@pytest.mark.req("M6")
def test_what_has_no_day_takes_no_days_rate_and_says_so(books: Lake) -> None:
    work = rows(books, "SELECT item_key AS key, * FROM mart_work")
    assert (work["TE-kantata-2"]["bill_reporting"], work["TE-kantata-2"]["blocker"]) == (None, "not-convertible")
    assert (work["TE-kantata-3"]["bill_reporting"], work["TE-kantata-3"]["blocker"]) == (D("800.00"), None)
    joint = books.rows("SELECT sum(unconverted) AS n FROM mart_joint WHERE entity = 'time_entry'")
    assert joint == [{"n": 2}], "of either side, and in no sum"


@pytest.mark.req("M7", "X12")
def test_a_sale_belongs_to_the_period_that_it_was_where_its_company_is(books: Lake) -> None:
    sales = rows(books, "SELECT item_key AS key, * FROM mart_tieout WHERE entity = 'contract'")
    assert (sales["PRJ-1002"]["period"], sales["PRJ-1002"]["target_period"]) == ("2026-09", "2026-09")


@pytest.mark.req("X17")
@pytest.mark.parametrize("order", [("v1", "v1-R", "v2"), ("v2", "v1-R", "v1")])
def test_deleted_work_that_is_billed_costs_what_its_standing_posting_costs(order: tuple[str, ...]) -> None:
    """In whichever order one reading showed its postings."""
    lake = firm()
    taken = {"time_entry_id": "TE-kantata-1", "project_code": "PRJ-1001", "work_date": "2026-09-20"}
    worth = {"bill_rate": money("100.00"), "cost_rate": money("60.00")}
    for name in order:
        hours = {"v1": "8.00", "v1-R": "-8.00", "v2": "6.00"}[name]
        told = {**taken, **worth, "hours": hours, "reversal": name.endswith("-R")}
        lake.observe("netsuite", "time_entry", f"TE-kantata-1-{name}", NOW, **told)
    lines = [{"posting_id": "TE-kantata-1-v2", "amount": money("600.00")}]
    told = {"status": "open", "issued_on": "2026-09-25", "total": money("600.00")}
    lake.observe("netsuite", "invoice", "INV-1", **told, lines=lines)
    (work,) = derived(lake).rows("SELECT gone, bill_amount, cost_amount FROM mart_work")
    assert work == {"gone": True, "bill_amount": D("600.00"), "cost_amount": D("360.00")}


@pytest.mark.req("M7", "O3")
def test_what_should_be_billed_by_now_follows_the_periods_of_its_company() -> None:
    """On 30 September a fiscal year of weeks is in the period of the 27th, and the one before began on 23 August."""
    lake = firm()
    for number, day in enumerate(("2026-08-20", "2026-08-25"), 1):
        entry(lake, number, work_date=day, changed_at=LONG_AGO)
    weeks = Calendar(frozenset({5, 6}), frozenset(), FiscalYear("4-4-5", 12, 5))
    books = Books(45, {"NOV-DE": LegalEntity("NOV-DE", "Nov", "DE", "EUR", ZoneInfo("UTC"), weeks)})
    refresh(lake.connection, "EUR", Stopped(), LEVELS, books=books)
    last = lake.rows("SELECT last_from FROM mart_today WHERE legal_entity = 'NOV-DE'")[0]["last_from"].isoformat()
    late = lake.rows("SELECT late FROM derived.state.figure_sum WHERE world = 'reported'")[0]["late"]
    assert late == 800 * sum(day < last for day in ("2026-08-20", "2026-08-25")) and late == 800


def company(zone: str, calendar: Calendar = Calendar(frozenset({5, 6}), frozenset())) -> Books:
    return Books(45, {"NOV-DE": LegalEntity("NOV-DE", "Nov", "DE", "EUR", ZoneInfo(zone), calendar)})


def figures(lake: Lake, books: Books) -> dict[str, Any]:
    refresh(lake.connection, "EUR", Stopped(), LEVELS, books=books)
    return {name: row["value"] for name, row in rows(lake, "SELECT name AS key, value FROM mart_kpi").items()}


@pytest.mark.finding("F16i")
@pytest.mark.req("M7", "O3")
def test_the_days_that_figures_count_begin_and_end_at_the_companys_midnight() -> None:
    """In Auckland it is 1 October already: its September is over, and each of its days began twelve hours before."""
    lake = firm()
    entry(lake, 1, submitted_at="2026-09-20T08:00:00Z", approved_at="2026-09-21T08:00:00Z")
    posted(lake, 1)
    lines = [{"posting_id": "TE-kantata-1-v1", "amount": money("800.00")}]
    bill = {"status": "open", "issued_on": "2026-09-23", "total": money("800.00")}
    lake.observe("netsuite", "invoice", "INV-1", hours_ago(1), **bill, lines=lines)
    asked = "SELECT CAST(max(day) AS VARCHAR) AS key FROM mart_kpi_day WHERE basis = 'kept'"
    names = ("time_entry_lag", "invoice_cycle_time", "invoice_readiness_time")
    for books, counted, today in (
        (company("UTC"), (D("8.00"), D("1.58"), None), "2026-09-30"),
        (company("Pacific/Auckland"), (D("20.00"), D("1.08"), D("46.00")), "2026-10-01"),
    ):
        told = figures(lake, books)
        assert tuple(told[name] for name in names) == counted
        assert [*rows(lake, asked)] == [today], "whose days the trends are of"


@pytest.mark.req("M7", "O5")
def test_the_firms_day_is_not_over_before_it_is_for_its_last_company() -> None:
    lake = firm()
    one = company("Pacific/Auckland").legal_entities["NOV-DE"]
    west = LegalEntity("NOV-US", "Nov", "US", "USD", ZoneInfo("America/New_York"), one.calendar)
    figures(lake, Books(45, {"NOV-DE": one, "NOV-US": west}))
    assert lake.rows("SELECT day FROM derived.state.firm_day") == [{"day": date(2026, 9, 30)}]


@pytest.mark.req("M6", "M7")
@pytest.mark.parametrize(
    ("zones", "rate"), [(("Pacific/Auckland",), "1.50"), (("Pacific/Auckland", "Europe/Berlin"), "1.20")]
)
def test_the_rate_of_today_is_that_of_the_firms_day(zones: tuple[str, ...], rate: str) -> None:
    """In Auckland it is 1 October already, for a firm with a company in Berlin it is not."""
    lake = firm()
    for day, worth in (("2026-01-01", "1.20"), ("2026-10-01", "1.50")):
        told = {"base": "EUR", "quote": "GBP", "rate": worth, "effective_date": day}
        lake.observe("netsuite", "exchange_rate", day, hours_ago(100), **told)
    days = Calendar(frozenset({5, 6}), frozenset())
    companies = {zone: LegalEntity(zone, "Nov", "NZ", "EUR", ZoneInfo(zone), days) for zone in zones}
    figures(lake, Books(45, companies))
    assert lake.rows("SELECT rate FROM mart_fx WHERE currency = 'GBP'") == [{"rate": D(rate)}]


@pytest.mark.req("M7", "X12")
@pytest.mark.parametrize(
    ("zone", "calendar", "over"),
    [
        ("America/New_York", Calendar(frozenset({5, 6}), frozenset()), datetime(2026, 10, 1, 4, tzinfo=UTC)),
        ("Pacific/Auckland", Calendar(frozenset({5, 6}), frozenset()), datetime(2026, 9, 30, 11, tzinfo=UTC)),
        # The ninth period of weeks of this year ends on 26 September.
        (
            "Europe/Berlin",
            Calendar(frozenset({5, 6}), frozenset(), FiscalYear("4-4-5", 12, 5)),
            datetime(2026, 9, 26, 22, tzinfo=UTC),
        ),
    ],
)
def test_a_month_is_over_when_it_is_where_its_company_is(zone: str, calendar: Calendar, over: datetime) -> None:
    """What was read before that shows no whole month: the checklist of closing it asks for a reading after it."""
    lake = firm()
    figures(lake, company(zone, calendar))
    assert ends(lake, "2026-09") == over


@pytest.mark.req("M7", "X12")
def test_a_month_is_over_when_it_is_for_the_last_company() -> None:
    lake = firm()
    east, days = company("Pacific/Auckland").legal_entities["NOV-DE"], Calendar(frozenset({5, 6}), frozenset())
    west = LegalEntity("NOV-US", "Nov", "US", "USD", ZoneInfo("America/New_York"), days)
    figures(lake, Books(45, {"NOV-DE": east, "NOV-US": west}))
    assert ends(lake, "2026-09") == datetime(2026, 10, 1, 4, tzinfo=UTC)
    figures(lake, Books(45, {}))
    assert ends(lake, "2026-12") == datetime(2027, 1, 1, tzinfo=UTC), "of nobody's zone it is UTC's"


def ends(lake: Lake, month: str) -> datetime | None:
    """When the month is over for every company, of `mart_today` and `mart_calendar`."""
    found = lake.connection.execute(TIEOUT["ends"], {"month": month}).to_arrow_table().to_pylist()
    return over([Ending(**row) for row in found])


@pytest.mark.req("X12")
def test_months_to_come_which_milestones_have_are_no_choice() -> None:
    plan = [{"milestone_id": "M1", "due": "2027-02-15", "amount": money("10.00")}]
    lake = firm()
    lake.observe(
        "netsuite", "contract", "CT-PRJ-1001", project_code="PRJ-1001", value=money("7000.00"), milestones=plan
    )
    derived(lake)
    assert "2027-02" in {row["period"] for row in lake.rows("SELECT period FROM mart_totals")}
    asked = [period for (period,) in lake.connection.execute(TIEOUT["periods"]).fetchall()]
    assert asked == sorted(asked, reverse=True) and asked and max(asked) <= "2026-09"


@pytest.mark.req("M7", "O4")
def test_work_is_planned_for_the_working_days_of_the_company() -> None:
    """Friday and Saturday are the weekend, Monday was a holiday: six of eight days have passed, not seven of ten."""
    lake = firm()
    plan = {"value": money("1000.00"), "cost": money("500.00"), "hours": "10"}
    lake.observe("planview", "budget", "PRJ-1001", **plan)
    baseline = {"baseline_starts_on": "2026-09-21", "baseline_ends_on": "2026-10-02", "forecast_ends_on": "2026-10-02"}
    left = {"hours_to_complete": "1", "cost_to_complete": money("1.00"), "complete": "50"}
    lake.observe("planview", "forecast", "PRJ-1001", **baseline, **left)
    dubai = Calendar(frozenset({4, 5}), frozenset({date(2026, 9, 28)}))
    for books, planned in ((company("UTC"), D("70.0000")), (company("Asia/Dubai", dubai), D("75.0000"))):
        figures(lake, books)
        assert lake.rows("SELECT planned FROM mart_forecast") == [{"planned": planned}]
