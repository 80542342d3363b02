"""The world's exchange rates: known before its first work, another each month, the same whenever they are drawn."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from integrations.sandbox.simulation import Simulation
from integrations.sandbox.world.exchange import months, rates
from integrations.sandbox.world.scenario import drawn
from tests.contract.sandbox.house import HandClock

EARLY, LATE = (drawn(2026, datetime(2026, 11, day, 10, 0, tzinfo=UTC)) for day in (16, 30))


@pytest.mark.req("M6")
def test_every_company_has_a_rate_for_each_other_currency_and_they_agree() -> None:
    found = {(base, quote): rate for base, quote, rate in rates(date(2026, 9, 1))}
    assert {base for base, _ in found} == {"EUR", "GBP", "USD"} and ("GBP", "CHF") in found
    assert abs(found["EUR", "GBP"] * found["GBP", "USD"] - found["EUR", "USD"]) < Decimal("0.0002")
    assert found["EUR", "USD"] != dict(((b, q), r) for b, q, r in rates(date(2026, 10, 1)))["EUR", "USD"]


def test_each_month_of_the_world_gets_its_rates_once() -> None:
    assert list(months(date(2026, 11, 30), date(2027, 1, 1))) == [
        date(2026, 11, 1),
        date(2026, 12, 1),
        date(2027, 1, 1),
    ]
    for plan in (EARLY, LATE):
        entered = [happening.args[0] for happening in plan.happenings if happening.kind == "rates"]
        assert len(entered) == len(set(entered)) and all(f"{plan.start:%Y-%m}" < month for month in entered)


@pytest.mark.req("M6")
def test_the_books_hold_rates_since_before_the_first_work_and_one_of_each_month(tmp_path: Path) -> None:
    now = datetime(2026, 11, 20, 9, 55, tzinfo=UTC)
    world = Simulation(3, HandClock(now), tmp_path, "loopback-only", now, faults=False)
    world.life.live_until(now)
    rows = list(world.vendors.erp.records.tables["currencyrate"])
    euros = [row for row in rows if (row["baseCurrency"], row["transactionCurrency"]) == ("EUR", "USD")]
    days = sorted(row["effectiveDate"] for row in euros)
    assert days[0] < "2026-08-01" and days[-1] == "2026-11-01" and len(days) == len(set(days)) == 18
    assert len({row["externalId"] for row in rows}) == len(rows) == 18 * 7
    world.close()
