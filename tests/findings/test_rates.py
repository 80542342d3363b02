"""Exchange rates: by their own date, by their base, and only for what they were valid for."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from integrations.connectors.netsuite.observations import rate_observation
from tests.findings.books import entry, firm, given, mart, posted
from tests.unit.cases.lakes import NOW, Lake, hours_ago, money


def rates(*rows: tuple[str, str, str]) -> Lake:
    """A lake with the rates (base, currency, rate) that the ERP holds, in the order given."""
    lake = Lake()
    for number, (base, currency, rate) in enumerate(rows, 1):
        seen = rate_observation(
            {
                "id": str(number),
                "basecurrency": base,
                "transactioncurrency": currency,
                "exchangerate": rate,
                "effectivedate": "2026-09-30",
            }
        )
        lake.observe("netsuite", "exchange_rate", seen.key, hours_ago(10 - number), **dict(seen.fields))
    return lake


def rate(lake: Lake, currency: str, reporting: str = "EUR") -> Decimal | None:
    rows = mart(lake, f"SELECT rate FROM mart_fx WHERE currency = '{currency}'", reporting)
    return rows[0]["rate"] if rows else None


@pytest.mark.finding("F1a")
@pytest.mark.req("M6")
def test_the_rate_with_the_latest_date_counts_and_not_the_one_that_came_last():
    """In 0.1.0 a rate dated 2020 that arrived last replaced today's and revenue fell by 1.16 M.

    Wanted: the rate of the latest date.
    """
    lake = Lake()
    lake.observe("netsuite", "exchange_rate", "USD", hours_ago(5), currency="USD", rate="0.9213", as_of="2026-09-30")
    lake.observe("netsuite", "exchange_rate", "USD", hours_ago(1), currency="USD", rate="0.50", as_of="2020-01-01")
    assert rate(lake, "USD") == Decimal("0.9213")


@pytest.mark.finding("F1b")
@pytest.mark.req("M6")
def test_a_rate_to_another_base_does_not_replace_the_rate_to_the_reporting_currency():
    """In 0.1.0 the row of GBP to USD overwrote the one of EUR to USD.

    Wanted: USD is converted by the rate whose base is EUR.
    """
    assert rate(rates(("EUR", "USD", "0.92"), ("GBP", "USD", "0.79")), "USD") == Decimal("0.92")


@pytest.mark.finding("F1c")
@pytest.mark.req("M6")
def test_a_rate_to_the_euro_is_no_rate_to_the_dollar():
    """In 0.1.0 GBP was converted into USD by its rate to EUR.

    Wanted: by a rate to USD, or not at all where there is none.
    """
    assert rate(rates(("EUR", "GBP", "1.15")), "GBP", "USD") is None


@pytest.mark.finding("F1d")
@pytest.mark.req("M6")
def test_a_new_rate_leaves_the_margin_of_an_earlier_month_as_it_was():
    """In 0.1.0 every figure was converted by the one latest rate, so each new rate changed closed months too.

    Wanted: July's revenue stays what the rate of July made it.
    """
    lake = firm()
    lake.observe("netsuite", "exchange_rate", "GBP", hours_ago(2000), currency="GBP", rate="1.20", as_of="2026-07-01")
    priced = {"work_date": "2026-07-10", "bill_rate": money("100.00", "GBP"), "cost_rate": money("60.00", "GBP")}
    entry(lake, **priced)
    posted(lake, **priced, created_at="2026-07-11T10:00:00Z")
    july = "SELECT revenue_reporting FROM mart_margin WHERE month = DATE '2026-07-01'"
    before = mart(lake, july)
    lake.observe(
        "netsuite", "exchange_rate", "GBP", NOW + timedelta(hours=1), currency="GBP", rate="1.00", as_of="2026-09-30"
    )
    given(before == [{"revenue_reporting": Decimal("960.00")}], f"July was {before}")
    assert mart(lake, july) == before


@pytest.mark.finding("F13a")
@pytest.mark.req("M6")
def test_work_that_cannot_be_converted_is_not_simply_ready():
    """In 0.1.0 an entry in a currency without a rate was "ready" with no amount, outside every total.

    Wanted: a reason beside it.
    """
    lake = firm()
    entry(lake, bill_rate=money("100.00", "CHF"))
    posted(lake, bill_rate=money("100.00", "CHF"))
    (row,) = mart(lake, "SELECT state, blocker, bill_reporting FROM mart_work")
    assert row["bill_reporting"] is not None or row["blocker"] is not None
