"""F10, X12: what the ERP's records come to in a period beside what the portfolio shows, each figure by itself; held
against the same sums in plain Python.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import timedelta
from decimal import ROUND_HALF_EVEN, Decimal
from random import Random
from typing import Any

import pytest

from models.derivation.refresh import refresh
from tests.findings.books import PROJECT, firm, found, posted
from tests.unit.cases.lakes import NOW, Lake, hours_ago, money
from tests.unit.marts.test_tieout import LEVELS, Stopped, totals, unbalanced

D = Decimal
KEY = f"2026-09-01:EUR:NOV-DE:{PROJECT}"
LATER = NOW + timedelta(minutes=1)


def stated(lake: Lake, at: Any = hours_ago(1), revision: int = 1, key: str = KEY, **figures: Any) -> None:
    """A statement as the portfolio shows it: cost 480, revenue 800, nothing billed, eight hours."""
    first, currency, entity, project = key.split(":")
    said = {"cost": "480.00", "revenue": "800.00", "billed": "0.00", "hours": "8.00", "status": "pending"} | figures
    money_of = {name: money(said[name], currency) for name in ("cost", "revenue", "billed")}
    fields = {"project_code": project, "legal_entity_id": entity, "period_starts_on": first, "currency": currency}
    fields |= {**money_of, "hours": said["hours"], "status": said["status"], "revision": revision}
    name = f"r{revision}:{key}"
    lake.observe("planview", "actual", key, at, system_id=name, **fields, stated_at=at.isoformat())


def books(lake: Lake, number: int, project: str, at: Any, **changed: Any) -> str:
    """Eight hours of a project in the ERP; the key of its statement."""
    posted(lake, number, at, project_code=project, **changed)
    return KEY.replace(PROJECT, project)


@pytest.fixture(scope="module")
def want() -> dict[tuple[str, str], Decimal]:
    """What the oracle adds up, by measure and statement."""
    return defaultdict(Decimal)


@pytest.fixture(scope="module")
def lake(want: dict[tuple[str, str], Decimal]) -> Lake:
    """One project for each thing that may become of a statement, and one of a company whose periods are of weeks."""
    made = firm()
    stated(made, key=books(made, 1, PROJECT, hours_ago(5)))
    stated(made, hours_ago(4), key=books(made, 2, "PRJ-2", hours_ago(5)))
    books(made, 3, "PRJ-2", hours_ago(2))
    stated(made, hours_ago(90), cost="400.00", key=books(made, 4, "PRJ-3", hours_ago(80)))
    stated(made, hours_ago(3), cost="500.00", hours="9.00", key=books(made, 5, "PRJ-4", hours_ago(5)))
    several = books(made, 6, "PRJ-5", hours_ago(5))
    for revision, status in enumerate(("superseded", "approved", "approved"), 1):
        stated(made, revision=revision, status=status, key=several)
    books(made, 7, "PRJ-6", hours_ago(5))
    books(made, 7, "PRJ-6", hours_ago(4), reversal=True, hours="-8.00")
    stated(made, key=KEY.replace(PROJECT, "PRJ-7"))
    random_books(made, want)
    for system, entity in (("netsuite", "expense"), ("planview", "budget")):
        made.observe(system, entity, "read", LATER)
    refresh(made.connection, "EUR", Stopped(), LEVELS | {"portfolio-actuals": 172_800.0})
    return made


def random_books(lake: Lake, want: dict[tuple[str, str], Decimal]) -> None:
    """Postings, invoices and memos at random, beside what they come to in plain Python; a period from 23 August, and
    one from 27 September.
    """
    chance, company = Random(10), {"legal_entity": "NOV-UK"}
    for name, first, last in (("P12", "2026-08-23", "2026-09-26"), ("P01", "2026-09-27", "2026-10-24")):
        period = {"legal_entity_id": "NOV-UK", "name": name, "first": first, "last": last, "closed": False}
        lake.observe("netsuite", "accounting_period", name, hours_ago(9), **period)

    def add(measure: str, day: str, currency: str, amount: Decimal) -> None:
        first = "2026-08-23" if day <= "2026-09-26" else "2026-09-27"
        want[measure, f"{first}:{currency}:NOV-UK:PRJ-8"] += amount

    for number in range(100, 160):
        day = f"2026-09-{chance.randint(20, 30)}"
        currency, other = chance.choice(("EUR", "USD")), chance.choice(("EUR", "GBP"))
        hours, rate, cost = (D(chance.randint(1, 999)) / 100 for _ in range(3))
        billable = chance.random() < 0.7
        rates = {"bill_rate": money(str(rate), currency), "cost_rate": money(str(cost), other)}
        told = {"hours": str(hours), "work_date": day, "billable": billable, **rates, **company}
        books(lake, number, "PRJ-8", hours_ago(5), **told)
        add("cost", day, other, cents(hours * cost))
        if billable:
            add("revenue", day, currency, cents(hours * rate))
        sign, entity = chance.choice(((1, "invoice"), (-1, "credit_memo")))
        status = chance.choice(("open", "paid", "draft", "void"))
        lines = [{"amount": money(str(rate), currency)}, {"amount": money("9.00", currency), "kind": "tax"}]
        bill = {"project_code": "PRJ-8", "status": status, "issued_on": day, "lines": lines, **company}
        lake.observe("netsuite", entity, f"DOC-{number}", hours_ago(5), **bill, total=money(str(rate), currency))
        if status in ("open", "paid"):
            add("billed", day, currency, sign * rate)


def cents(amount: Decimal) -> Decimal:
    return amount.quantize(D("0.01"), ROUND_HALF_EVEN)


def joint(lake: Lake, project: str, measure: str = "cost") -> list[tuple[Any, ...]]:
    """Of each row of the joint: revision, what either side says, its place and why."""
    rows = lake.rows(
        "SELECT * FROM mart_tieout WHERE flow = 'portfolio-actuals' "
        f"AND project_key = '{project}' AND entity = 'actual_{measure}' ORDER BY target_key"
    )
    return [
        ((row["target_key"] or "--")[:2], row["source_amount"], row["target_amount"], row["place"], row["reason"])
        for row in rows
    ]


@pytest.mark.req("X12")
def test_what_was_stated_landed_and_the_totals_balance(lake: Lake) -> None:
    assert joint(lake, PROJECT) == [("r1", D("480.00"), D("480.00"), "landed", None)]
    assert joint(lake, PROJECT, "revenue") == [("r1", D("800.00"), D("800.00"), "landed", None)]
    assert joint(lake, PROJECT, "billed") == []
    assert unbalanced(totals(lake)) == []
    assert any(row["entity"] == "actual_cost" and row["landed_amount"] for row in totals(lake))


def test_what_was_booked_since_is_on_its_way_and_then_unexplained(lake: Lake) -> None:
    assert joint(lake, "PRJ-2") == [("r1", D("960.00"), D("480.00"), "on_its_way", "outdated")]
    assert joint(lake, "PRJ-3") == [("r1", D("480.00"), D("400.00"), "unexplained", "outdated")]


def test_a_superseded_revision_counts_no_more_and_a_second_one_is_doubled(lake: Lake) -> None:
    assert joint(lake, "PRJ-5") == [
        ("r2", None, D("480.00"), "unsourced", "doubled"),
        ("r3", D("480.00"), D("480.00"), "landed", None),
    ]


def test_a_reversal_takes_off_and_what_nobody_posted_is_foreign(lake: Lake) -> None:
    assert joint(lake, "PRJ-6")[0][:3] == ("--", D("0.00"), None)
    assert joint(lake, "PRJ-7") == [("r1", None, D("480.00"), "unsourced", "foreign")]


def test_periods_of_weeks_and_amounts_of_many_currencies_by_the_oracle(
    lake: Lake, want: dict[tuple[str, str], Decimal]
) -> None:
    rows = lake.rows("SELECT * FROM mart_tieout WHERE flow = 'portfolio-actuals' AND project_key = 'PRJ-8'")
    got = {(row["entity"].removeprefix("actual_"), row["item_key"]): row["source_amount"] for row in rows}
    assert len(got) == 12 and got == dict(want)


def test_a_figure_that_somebody_typed_over_is_a_case_with_its_difference(lake: Lake) -> None:
    """After all others: detectors derive what moved with the clock."""
    cases = {(one.project_key, one.cause.cause): one for one in found(lake) if one.cause.cause == "actuals-differ"}
    finding = cases["PRJ-4", "actuals-differ"]
    assert (finding.subject_key, finding.amount, finding.currency) == (
        KEY.replace(PROJECT, "PRJ-4"),
        D("20.00"),
        "EUR",
    )
    assert finding.evidence["differs"] == "amount, hours" and finding.legal_entity == "NOV-DE"
    assert "cost of PRJ-4" in finding.cause.title
    assert {project for project, _ in cases} == {"PRJ-3", "PRJ-4", "PRJ-5", "PRJ-7"}
