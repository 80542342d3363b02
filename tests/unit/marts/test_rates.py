"""Exchange rates by day: which of those that were entered converts what."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from models.catalogue import Books
from models.derivation.refresh import refresh
from tests.unit.cases.lakes import NOW, Lake, hours_ago

D = Decimal
FIRST = date(1, 1, 1)


class Stopped:
    def now(self) -> Any:
        return NOW


def entered(
    lake: Lake, number: int, base: str | None, quote: str | None, rate: str, day: str | None, **more: Any
) -> None:
    fields = {"base": base, "quote": quote, "rate": rate, "effective_date": day, **more}
    lake.observe("netsuite", "exchange_rate", str(number), hours_ago(100 - number), **fields)


def firm(*rates: tuple[str | None, str | None, str, str | None]) -> Lake:
    lake = Lake()
    for number, (base, quote, rate, day) in enumerate(rates, 1):
        entered(lake, number, base, quote, rate, day)
    return lake


def history(lake: Lake, currency: str, reporting: str = "EUR") -> list[tuple[Any, ...]]:
    refresh(lake.connection, reporting, Stopped())
    asked = f"SELECT valid_from, rate, through, assumed FROM mart_fx_history WHERE currency = '{currency}' ORDER BY 1"
    return [tuple(row.values()) for row in lake.rows(asked)]


def today(lake: Lake, reporting: str = "EUR", rate_days: int = 45) -> dict[str, tuple[Any, ...]]:
    refresh(lake.connection, reporting, Stopped(), books=Books(rate_days))
    rows = lake.rows("SELECT currency, rate, as_of, stale FROM mart_fx")
    return {row["currency"]: (row["rate"], row["as_of"].date(), row["stale"]) for row in rows}


@pytest.mark.req("M6")
def test_each_day_has_the_rate_that_held_then_and_days_before_the_first_take_it_and_say_so() -> None:
    lake = firm(
        ("EUR", "USD", "0.90", "2026-08-01"), ("EUR", "USD", "0.95", "2026-09-01"), ("EUR", "USD", "2", "2027-01-01")
    )
    assert history(lake, "USD") == [
        (FIRST, D("0.90"), None, True),
        (date(2026, 8, 1), D("0.90"), None, False),
        (date(2026, 9, 1), D("0.95"), None, False),
        (date(2027, 1, 1), D("2"), None, False),
    ]
    assert today(lake)["USD"] == (D("0.95"), date(2026, 9, 1), False)
    assert today(lake)["EUR"][0] == 1


@pytest.mark.req("M6")
def test_of_two_rates_for_one_day_the_one_entered_last_counts_and_a_deleted_one_does_not() -> None:
    lake = firm(("EUR", "USD", "0.90", "2026-09-01"), ("EUR", "USD", "0.91", "2026-09-01"))
    assert today(lake)["USD"][0] == D("0.91")
    lake.observe("netsuite", "exchange_rate", "2", NOW, present=False)
    assert today(lake)["USD"][0] == D("0.90")


@pytest.mark.req("M6")
@pytest.mark.parametrize("reporting", ["EUR", "USD", "GBP", "CHF", "SEK"])
def test_any_reporting_currency_is_reached_directly_turned_round_or_by_way_of_a_third(reporting: str) -> None:
    """EUR per USD and GBP, GBP per CHF, and SEK by nobody: what has no way is not there."""
    lake = firm(
        ("EUR", "USD", "0.80", "2026-09-01"), ("EUR", "GBP", "1.25", "2026-09-01"), ("GBP", "CHF", "0.64", "2026-09-02")
    )
    worth = {
        "EUR": {"USD": "0.80", "GBP": "1.25", "CHF": "0.80"},
        "USD": {"EUR": "1.25", "GBP": "1.5625"},
        "GBP": {"EUR": "0.80", "USD": "0.64", "CHF": "0.64"},
        "CHF": {"GBP": "1.5625", "EUR": "1.25"},
        "SEK": {},
    }[reporting]
    rates = today(lake, reporting)
    assert {currency: rate for currency, (rate, _, _) in rates.items()} == {
        reporting: 1,
        **{currency: D(rate) for currency, rate in worth.items()},
    }


@pytest.mark.req("M6")
def test_a_triangulated_rate_changes_with_either_of_its_two_and_gives_way_to_a_direct_one() -> None:
    lake = firm(
        ("EUR", "GBP", "1.20", "2026-07-01"),
        ("GBP", "CHF", "0.50", "2026-07-15"),
        ("EUR", "GBP", "1.10", "2026-08-01"),
        ("EUR", "CHF", "0.90", "2026-09-01"),
        ("GBP", "CHF", "0.70", "2026-09-15"),
    )
    assert history(lake, "CHF")[1:] == [
        (date(2026, 7, 15), D("0.60"), "GBP", False),
        (date(2026, 8, 1), D("0.55"), "GBP", False),
        (date(2026, 9, 1), D("0.90"), None, False),
    ]


@pytest.mark.req("M6")
def test_small_units_keep_their_digits() -> None:
    """A rupiah is worth 0.000058 EUR: turned round and back nothing of a contract of billions is lost."""
    lake = firm(("IDR", "EUR", "17123.45", "2026-09-01"))
    rate = today(lake)["IDR"][0]
    assert abs(rate * 17123450000 - 1000000) < 1


@pytest.mark.req("M6")
@pytest.mark.parametrize(
    ("base", "quote", "rate", "day", "fault"),
    [
        (None, "USD", "0.9", "2026-09-01", "no base currency"),
        ("EUR", None, "0.9", "2026-09-01", "no currency"),
        ("EUR", "usd", "0.9", "2026-09-01", "no currency"),
        ("EUR", "USD", "0.9", None, "no effective date"),
        ("EUR", "USD", "0", "2026-09-01", "a rate that is not above zero"),
        ("EUR", "USD", "-0.9", "2026-09-01", "a rate that is not above zero"),
        ("EUR", "USD", "NaN", "2026-09-01", "no rate"),
        ("USD", "USD", "1", "2026-09-01", "one currency to itself"),
    ],
)
def test_a_rate_that_lacks_something_is_named_and_converts_nothing(
    base: str | None, quote: str | None, rate: str, day: str | None, fault: str
) -> None:
    lake = firm((base, quote, rate, day))
    assert set(today(lake)) == {"EUR"}
    assert lake.rows("SELECT fault FROM mart_state_rate") == [{"fault": fault}]


@pytest.mark.req("M6")
def test_a_rate_that_nobody_renewed_is_flagged_by_the_installations_policy() -> None:
    lake = firm(("EUR", "USD", "0.90", "2026-07-02"), ("EUR", "GBP", "1.2", "2026-09-01"))
    assert {name: old for name, (_, _, old) in today(lake, rate_days=89).items()} == {
        "EUR": False,
        "USD": True,
        "GBP": False,
    }
    lake.observe("netsuite", "charge_code", "PRJ-1.010", active=True)
    assert not today(lake, rate_days=90)["USD"][2]


@pytest.mark.req("M6")
def test_a_rate_without_a_base_is_to_the_reporting_currency_until_its_system_tells_bases() -> None:
    """So 0.1.0 wrote them."""
    lake = Lake()
    lake.observe("netsuite", "exchange_rate", "USD", hours_ago(9), currency="USD", rate="0.92", as_of="2026-08-01")
    assert today(lake)["USD"] == (D("0.92"), date(2026, 8, 1), True)
    entered(lake, 95, "GBP", "USD", "0.75", "2026-07-01")
    entered(lake, 96, "EUR", "GBP", "1.20", "2026-07-01")
    assert today(lake)["USD"][0] == D("0.90")


@pytest.mark.req("M6")
def test_work_of_any_day_takes_the_rate_of_the_history() -> None:
    """Between the first and the last rate day by day, and beyond them the nearest."""
    lake = firm(("EUR", "USD", "0.80", "2026-08-01"), ("EUR", "USD", "0.90", "2026-09-01"))
    refresh(lake.connection, "EUR", Stopped())
    days = ("1999-12-31", "2026-07-31", "2026-08-31", "2026-09-01", "2031-01-01")
    found = [
        lake.rows(
            "SELECT rate FROM derived.state.fx_day "
            f"WHERE currency = 'USD' AND day = derived.state.rate_day(DATE '{day}')"
        )
        for day in days
    ]
    assert found == [[{"rate": D(rate)}] for rate in ("0.80", "0.80", "0.80", "0.90", "0.90")]
