"""What was sold, and what a case comes to, is worth what it was on its own day; what no rate converts is told apart
(M6). Held against the same sums in plain Python.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_HALF_EVEN, Decimal
from random import Random
from zoneinfo import ZoneInfo

import pytest

from models.catalogue import Books, Calendar, LegalEntity
from models.derivation.refresh import refresh
from models.domain.periods import FiscalYear
from tests.findings.books import PROJECT, SOLD, Stopped, entry, firm, found, mart, posted
from tests.unit.cases.lakes import NOW, Lake, hours_ago, money
from tests.unit.marts.test_tieout import LEVELS

D = Decimal
ZONES = {"NOV-DE": "Europe/Berlin", "NOV-NZ": "Pacific/Auckland", "NOV-US": "America/New_York"}
READ, CLOSED, LATE = (datetime(2026, *day, 12, tzinfo=UTC) for day in ((7, 5), (9, 5), (9, 20)))
"""When rates were read first, when the first company closed August, and when more of them came."""
RATES = (
    ("GBP", "2026-01-01", "1.20", READ),
    ("GBP", "2026-08-20", "1.10", READ),
    ("GBP", "2026-08-10", "1.31", LATE),
    ("USD", "2026-02-01", "0.90", READ),
    ("USD", "2026-08-15", "0.75", LATE),
)
WORKING = Calendar(frozenset({5, 6}), frozenset(), FiscalYear())


def units(currency: str, day: date, company: str) -> Decimal | None:
    """What a unit is worth in EUR on a day; August of the first company is closed to what came after its closing."""
    frozen = company == "NOV-DE" and (day.year, day.month) == (2026, 8)
    known = {
        date.fromisoformat(since): D(rate)
        for quote, since, rate, at in RATES
        if quote == currency and (at <= CLOSED or not frozen)
    }
    if currency == "EUR":
        return D(1)
    return known[max((since for since in known if since <= day), default=min(known))] if known else None


def worth(amount: str, currency: str, day: date, company: str) -> Decimal | None:
    rate = units(currency, day, company)
    return None if rate is None else (D(amount) * rate).quantize(D("0.01"), ROUND_HALF_EVEN)


def told(lake: Lake) -> None:
    for number, (quote, day, rate, at) in enumerate(RATES):
        fields = {"base": "EUR", "quote": quote, "rate": rate, "effective_date": day}
        lake.observe("netsuite", "exchange_rate", str(number), at, **fields)
    for closed, at in ((False, READ), (True, CLOSED)):
        august = {"name": "Aug 2026", "first": "2026-08-01", "last": "2026-08-31", "closed": closed}
        lake.observe("netsuite", "accounting_period", "8", at, legal_entity_id="NOV-DE", **august)


@pytest.mark.req("M6")
def test_what_was_sold_is_worth_what_it_was_on_the_day_of_the_sale() -> None:
    """Sales of three companies by day and by night while rates moved, with order, budget and estimate."""
    lake, dice, sales = Lake(), Random(7), {}
    told(lake)
    for number in range(24):
        code, company = f"PRJ-{number}", dice.choice(sorted(ZONES))
        amount, currency = f"{dice.randrange(10**6)}.{dice.randrange(100):02d}", dice.choice(("EUR", "GBP", "USD"))
        won = datetime(2026, 7, 28, tzinfo=UTC) + timedelta(hours=dice.randrange(24 * 40))
        estimated = date(2026, 8, 1) + timedelta(days=dice.randrange(40))
        sales[code] = (amount, currency, won.astimezone(ZoneInfo(ZONES[company])).date(), company, estimated)
        sold = {"value": money(amount, currency), "currency": currency, "closed_at": won.isoformat()}
        for system in ("salesforce", "netsuite"):
            lake.observe(system, "project", code, LATE, legal_entity=company, **sold)
        lake.observe("netsuite", "contract", f"CT-{code}", LATE, legal_entity=company, **sold)
        plan = {"value": sold["value"], "cost": money(amount, currency), "hours": "100"}
        lake.observe("planview", "budget", code, LATE, **plan)
        left = {"hours_to_complete": "1", "cost_to_complete": sold["value"], "estimated_on": estimated.isoformat()}
        lake.observe("planview", "forecast", code, LATE, **left)
    companies = {name: LegalEntity(name, name, "DE", "EUR", ZoneInfo(zone), WORKING) for name, zone in ZONES.items()}
    refresh(lake.connection, "EUR", Stopped(), LEVELS, books=Books(45, companies))
    expected = {
        code: (worth(amount, currency, day, company), worth(amount, currency, estimated, company))
        for code, (amount, currency, day, company, estimated) in sales.items()
    }
    asked = (
        "SELECT p.project_key, p.contract_value_reporting AS sold, s.revenue, s.planned, s.cost, f.cost_to_complete "
        "FROM mart_project p JOIN derived.state.sold s USING (project_key) JOIN mart_forecast f USING (project_key)"
    )
    assert {
        row["project_key"]: (row["sold"], row["revenue"], row["planned"], row["cost"], row["cost_to_complete"])
        for row in lake.rows(asked)
    } == {code: (sold, sold, sold, sold, left) for code, (sold, left) in expected.items()}
    today = {code: worth(*sale[:2], NOW.date(), "NOV-US") for code, sale in sales.items()}
    assert sum(today[code] != sold for code, (sold, _) in expected.items()) > 8, "of these a rate has moved since"
    (backlog,) = lake.rows("SELECT value FROM mart_kpi WHERE name = 'backlog'")
    assert backlog["value"] == sum(sold or 0 for sold, _ in expected.values())


@pytest.mark.req("M6")
def test_what_is_sold_in_a_currency_without_a_rate_is_in_no_sum_and_named_with_its_value() -> None:
    lake = firm()
    told(lake)
    francs = {**SOLD, "value": money("9000.00", "CHF"), "currency": "CHF"}
    for system in ("salesforce", "netsuite", "kantata"):
        lake.observe(system, "project", "PRJ-9", hours_ago(500), **francs)
    lake.observe("netsuite", "contract", "CT-PRJ-9", hours_ago(500), project_code="PRJ-9", **francs)
    named = [one for one in found(lake) if one.cause.cause == "not-convertible"]
    assert [(one.project_key, one.amount, one.evidence["value"]) for one in named] == [("PRJ-9", None, "9000.00")]
    asked = "SELECT s.revenue, s.unconverted, p.contract_value FROM derived.state.sold s JOIN mart_project p"
    assert lake.rows(f"{asked} USING (project_key) WHERE project_key = 'PRJ-9'") == [
        {"revenue": None, "unconverted": True, "contract_value": D("9000.00")}
    ]
    assert lake.rows("SELECT value, n FROM mart_kpi WHERE name = 'backlog'") == [{"value": D("50000.00"), "n": 1}]


@pytest.mark.req("M6", "X19")
def test_what_a_case_comes_to_is_at_the_rate_of_what_it_is_about() -> None:
    """Every finding that has money, of work, sales, orders, postings and invoices of days when a pound was 1.20."""
    lake = firm()
    for day, rate in (("2026-01-01", "1.20"), ("2026-09-29", "0.50")):
        fields = {"base": "EUR", "quote": "GBP", "rate": rate, "effective_date": day}
        lake.observe("netsuite", "exchange_rate", day, hours_ago(700), **fields)
    sterling = {**SOLD, "value": money("50000.00", "GBP"), "currency": "GBP"}
    pounds = {"bill_rate": money("100.00", "GBP"), "cost_rate": money("60.00", "GBP")}
    lake.observe("salesforce", "project", "PRJ-2", hours_ago(500), **sterling)  # sold, and nowhere set up
    lake.observe("salesforce", "project", PROJECT, hours_ago(400), system_id="2", **sterling)  # a second of one code
    lake.observe("netsuite", "contract", f"CT-{PROJECT}", hours_ago(400), **{**sterling, "value": money("9.00", "GBP")})
    lake.observe("salesforce", "project", "PRJ-3", hours_ago(500), legal_entity="NOV-UK", **sterling)  # moved
    for number, project in enumerate((PROJECT, "PRJ-3", "PRJ-3", PROJECT), 1):
        for system in ("netsuite", "kantata") if number > 1 else ():
            lake.observe(system, "project", project, hours_ago(500), **SOLD)
        entry(lake, number, hours_ago(300), project_code=project, **pounds)
        posted(lake, number, hours_ago(300), project_code=project, **{**pounds, "hours": f"{number}.00"})
    lines = [
        {"posting_id": "TE-kantata-4-v1", "amount": money("900.00", "GBP")},
        {"kind": "time", "amount": money("7.00", "GBP")},
    ]
    bill = {"status": "open", "issued_on": "2026-09-28", "total": money("907.00", "GBP"), "project_code": PROJECT}
    lake.observe("netsuite", "invoice", "INV-1", hours_ago(20), **bill, lines=lines)
    lake.observe("netsuite", "time_entry", "BY-HAND-1", hours_ago(300), work_date="2026-09-20", hours="2.00", **pounds)
    dead = {"at": hours_ago(90), "amount": "70.00", "currency": "GBP", "error_code": "validation", "system": "netsuite"}
    lake.run("run-1", "project:PRJ-7", flow="quote-to-project", **dead)
    priced = [one for one in found(lake) if one.amount]
    causes = {one.cause.cause for one in priced if one.currency == "GBP"}
    assert len(causes) >= 7, sorted(causes)
    day = {"EUR": D(1), "GBP": D("1.20")}
    told = {(one.cause.cause, one.subject_key): (one.reporting, one.amount * day[one.currency or ""]) for one in priced}
    assert {subject: both for subject, both in told.items() if both[0] != both[1]} == {}


@pytest.mark.req("M6")
def test_a_cap_in_another_currency_is_filled_at_the_rates_of_the_days_of_what_fills_it() -> None:
    """Ten hours at 100.00 and 600.00 billed, in pounds that were 1.20 then and are 0.50 since: 1,920.00 of 1,900.00."""
    lake = firm()
    for day, rate in (("2026-01-01", "1.20"), ("2026-09-29", "0.50")):
        fields = {"base": "EUR", "quote": "GBP", "rate": rate, "effective_date": day}
        lake.observe("netsuite", "exchange_rate", day, hours_ago(700), **fields)
    pounds = {"hours": "10.00", "bill_rate": money("100.00", "GBP")}
    entry(lake, 1, hours_ago(300), **pounds)
    posted(lake, 1, hours_ago(300), **pounds)
    bill = {"status": "open", "issued_on": "2026-09-21", "total": money("600.00", "GBP"), "project_code": PROJECT}
    lines = [{"kind": "fixed_fee", "amount": money("600.00", "GBP")}]
    lake.observe("netsuite", "invoice", "INV-1", hours_ago(20), **bill, lines=lines)
    for hours, (cap, blocker) in zip((200, 190), (("1900.00", "over-cap"), ("1920.00", None)), strict=True):
        agreed = {"project_code": PROJECT, "value": SOLD["value"], "cap": money(cap)}
        lake.observe("netsuite", "contract", f"CT-{PROJECT}", hours_ago(hours), **agreed)
        assert mart(lake, "SELECT blocker FROM mart_work") == [{"blocker": blocker}], cap
    (contract,) = lake.rows("SELECT billed_amount, billed_reporting FROM mart_contract")
    assert contract == {"billed_amount": D("720.00"), "billed_reporting": D("720.00")}
