"""A closed period keeps the rates that were known when it was closed; opened again it is computed anew (M6)."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from models.derivation.refresh import refresh
from tests.unit.cases.lakes import NOW, Lake, hours_ago, money

D = Decimal
PROJECT = "PRJ-1001"
HOURS = {
    "time_entry_id": "TE-1",
    "project_code": PROJECT,
    "work_date": "2026-08-20",
    "hours": "8.00",
    "billable": True,
    "bill_rate": money("100.00", "GBP"),
    "cost_rate": money("60.00", "GBP"),
    "approval": "approved",
    "approved_at": "2026-08-21T08:00:00Z",
}


class Stopped:
    def now(self) -> Any:
        return NOW


def at(day: int, hour: int = 12) -> datetime:
    return datetime(2026, 9, day, hour, tzinfo=UTC)


@pytest.fixture
def lake() -> Lake:
    """Two companies of one ERP, each with eight hours of August in pounds; a rate of July and one of August."""
    made = Lake()
    for number, entity in (("", "ACME-DE"), ("2", "ACME-US")):
        code, fact = PROJECT + number, f"TE-1{number}"
        for system in ("salesforce", "netsuite", "kantata"):
            made.observe(system, "project", code, hours_ago(2000), legal_entity=entity, name="Portal", currency="EUR")
        hours = {**HOURS, "project_code": code, "time_entry_id": fact}
        made.observe("kantata", "time_entry", fact, hours_ago(900), legal_entity=entity, **hours)
        made.observe(
            "netsuite",
            "time_entry",
            f"{fact}-v1",
            hours_ago(900),
            legal_entity=entity,
            **hours,
            posting_id=f"{fact}-v1",
        )
    lines = [{"posting_id": "TE-12-v1", "amount": money("800.00", "GBP")}]
    made.observe(
        "netsuite",
        "invoice",
        "INV-2",
        at(1),
        legal_entity="ACME-US",
        project_code=f"{PROJECT}2",
        status="open",
        issued_on="2026-08-31",
        lines=lines,
    )
    rate(made, 1, "1.10", "2026-07-01", hours_ago(2000))
    rate(made, 2, "1.20", "2026-08-15", hours_ago(1000))
    return made


def rate(lake: Lake, number: int, units: str, day: str, seen: datetime, **more: Any) -> None:
    fields = {"base": "EUR", "quote": "GBP", "rate": units, "effective_date": day, **more}
    lake.observe("netsuite", "exchange_rate", str(number), seen, **fields)


def august(lake: Lake, closed: bool, seen: datetime, entity: str | None = None, **more: Any) -> None:
    fields = {"name": "Aug 2026", "first": "2026-08-01", "last": "2026-08-31", "closed": closed, **more}
    lake.observe("netsuite", "accounting_period", "8" + (entity or ""), seen, legal_entity_id=entity, **fields)


def worth(lake: Lake) -> tuple[dict[str, Decimal], ...]:
    """What the work, its margin, its invoice line and the reconciliation of the two systems say, by company."""
    refresh(lake.connection, "EUR", Stopped())
    asked = (
        "SELECT legal_entity, bill_reporting + cost_reporting AS money FROM mart_work",
        "SELECT legal_entity, revenue_reporting + cost_reporting AS money FROM mart_margin",
        "SELECT legal_entity, amount_reporting AS money FROM mart_invoice_line",
        "SELECT legal_entity, erp_reporting + psa_reporting AS money FROM mart_reconciliation",
    )
    return tuple({row["legal_entity"]: row["money"] for row in lake.rows(sql)} for sql in asked)


def by(rate_de: str, rate_us: str) -> tuple[dict[str, Decimal], ...]:
    """The same at a rate for each company: 800 GBP billed, 480 GBP of cost."""
    de, us = D(rate_de), D(rate_us)
    both = {"ACME-DE": 1280 * de, "ACME-US": 1280 * us}
    return both, both, {"ACME-US": 800 * us}, {"ACME-DE": 1600 * de, "ACME-US": 1600 * us}


@pytest.mark.finding("F1d")
@pytest.mark.req("M6")
def test_a_rate_that_comes_after_the_closing_changes_the_open_companys_month_only(lake: Lake) -> None:
    august(lake, False, at(1))
    august(lake, True, at(5), "ACME-DE")
    assert worth(lake) == by("1.20", "1.20")
    rate(lake, 3, "1.50", "2026-08-18", at(7))
    assert worth(lake) == by("1.20", "1.50")


@pytest.mark.req("M6")
def test_a_correction_and_a_deletion_after_the_closing_change_nothing_in_it(lake: Lake) -> None:
    august(lake, False, at(1))
    august(lake, True, at(5))
    rate(lake, 2, "9.99", "2026-08-15", at(7))
    assert worth(lake) == by("1.20", "1.20")
    lake.observe("netsuite", "exchange_rate", "2", at(8), present=False)
    assert worth(lake) == by("1.20", "1.20")
    rate(lake, 4, "1.30", "2026-09-01", at(9))
    asked = "SELECT rate FROM mart_fx WHERE currency = 'GBP'"
    assert lake.rows(asked) and worth(lake) == by("1.20", "1.20")
    assert lake.rows(asked) == [{"rate": D("1.30")}], "today is converted by what is known today"


@pytest.mark.req("M6")
def test_a_closing_keeps_the_rate_that_the_same_reading_misses(lake: Lake) -> None:
    """Which of the two came first nobody can say, and an amount of a closed month must not be without a rate."""
    august(lake, False, at(1))
    august(lake, True, at(5))
    for number in ("1", "2"):
        lake.observe("netsuite", "exchange_rate", number, at(5), present=False)
    assert worth(lake) == by("1.20", "1.20")
    rate(lake, 3, "1.70", "2026-08-18", at(7))
    assert worth(lake) == by("1.20", "1.20")


@pytest.mark.req("M6")
def test_a_period_that_is_opened_again_is_computed_anew_and_frozen_anew(lake: Lake) -> None:
    august(lake, False, at(1))
    august(lake, True, at(5))
    rate(lake, 3, "1.50", "2026-08-18", at(7))
    assert worth(lake) == by("1.20", "1.20")
    august(lake, False, at(8))
    assert worth(lake) == by("1.50", "1.50")
    august(lake, True, at(9))
    rate(lake, 5, "1.70", "2026-08-19", at(10))
    assert worth(lake) == by("1.50", "1.50")
    assert [row["closed_at"] for row in lake.rows("SELECT DISTINCT closed_at FROM mart_period")] == [at(9)]


@pytest.mark.req("M6")
def test_opened_and_closed_between_two_readings_is_a_new_closing_and_a_touched_record_is_none(lake: Lake) -> None:
    august(lake, False, at(1))
    august(lake, True, at(5), closed_on="2026-09-05", changed_at=at(5, 9).isoformat())
    rate(lake, 3, "1.50", "2026-08-18", at(7))
    august(lake, True, at(8), closed_on="2026-09-05", changed_at=at(8).isoformat(), name="August 2026")
    assert worth(lake) == by("1.20", "1.20")
    august(lake, True, at(9), closed_on="2026-09-09", changed_at=at(9).isoformat())
    assert worth(lake) == by("1.50", "1.50")


@pytest.mark.req("M6")
def test_what_counts_is_when_the_vendor_took_it_and_not_when_it_was_read(lake: Lake) -> None:
    """One reading shows the closing of ten o'clock, a rate entered at nine and one entered at eleven."""
    august(lake, False, at(1))
    august(lake, True, at(5, 12), changed_at=at(5, 10).isoformat())
    rate(lake, 3, "1.50", "2026-08-18", at(5, 12), changed_at=at(5, 9).isoformat())
    rate(lake, 4, "1.90", "2026-08-19", at(5, 12), changed_at=at(5, 11).isoformat())
    assert worth(lake) == by("1.50", "1.50")


@pytest.mark.req("M6")
def test_rates_that_were_there_at_the_first_reading_hold_in_periods_closed_long_before() -> None:
    """And a currency of which nothing was known at the closing is converted as if the period were open."""
    lake = Lake()
    lake.observe("netsuite", "project", PROJECT, legal_entity="ACME-DE", name="Portal", currency="EUR")
    lake.observe("netsuite", "time_entry", "TE-1-v1", legal_entity="ACME-DE", **HOURS, posting_id="TE-1-v1")
    dollars = {"time_entry_id": "TE-9", "bill_rate": money("1.00", "USD"), "cost_rate": money("1.00", "USD")}
    lake.observe("netsuite", "time_entry", "TE-9-v1", legal_entity="ACME-DE", **{**HOURS, **dollars})
    rate(lake, 1, "1.10", "2026-07-01", at(20), changed_at=at(19).isoformat())
    august(lake, True, at(20), closed_on="2026-09-03")
    rate(lake, 2, "1.20", "2026-08-15", at(21))
    rate(lake, 3, "0.50", "2026-08-15", at(21), quote="USD")
    refresh(lake.connection, "EUR", Stopped())
    (row,) = lake.rows("SELECT revenue_reporting FROM mart_margin")
    assert row["revenue_reporting"] == D("880.00") + D("4.00")
    assert lake.rows("SELECT closed_at FROM mart_period") == [{"closed_at": datetime(2026, 9, 4, tzinfo=UTC)}]


@pytest.mark.req("M6")
def test_a_triangulated_rate_of_a_closed_period_is_that_of_its_closing_too(lake: Lake) -> None:
    """In dollars: GBP by way of EUR, whose rate to the dollar was corrected later; then a direct one came."""
    rate(lake, 6, "0.80", "2026-08-01", hours_ago(1000), quote="USD")
    august(lake, False, at(1))
    august(lake, True, at(5))
    rate(lake, 6, "0.40", "2026-08-01", at(7), quote="USD")
    rate(lake, 7, "3.00", "2026-08-02", at(7), base="USD")
    refresh(lake.connection, "USD", Stopped())
    assert lake.rows("SELECT DISTINCT bill_reporting FROM mart_work") == [{"bill_reporting": D("1200.00")}]
