"""Cases and requests keep their promises on SQLite and on PostgreSQL, also when several ask at once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from decimal import Decimal

import pytest

from models.domain.record import RecordKind
from models.journal import open_journal
from models.journal.cases import CaseFilter
from tests.unit.cases.conftest import HandClock
from tests.unit.cases.test_cases import CASE, PRINT, RATES, entry
from tests.unit.cases.test_requests import BODY


@pytest.fixture
def clock():
    return HandClock()


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def journal(request, tmp_path, clock):
    url = (
        f"sqlite:///{tmp_path / 'journal.sqlite'}"
        if request.param == "sqlite"
        else request.getfixturevalue("postgres_url")
    )
    opened = open_journal(url, clock)
    yield opened
    opened.close()


@pytest.mark.req("X8", "X16", "N2")
def test_a_case_opens_resolves_and_reopens(journal, clock):
    cases = journal.cases
    cases.report("d", [entry(1), entry(2, "10.00", "GBP")], RATES)
    assert cases.get(CASE)["amount_reporting"] == Decimal("112.00")
    cases.report("d", [entry(1)], RATES)
    clock.pass_by(hours=1)
    cases.report("d", [], RATES)
    cases.report("d", [entry(1), entry(2)], RATES)
    assert [event["action"] for event in cases.events(CASE)] == ["reopened", "resolved", "opened"]
    assert cases.get(CASE)["occurrences"] == 2
    told = [record for page in journal.feed.read(0) for record in page.records if record.kind is RecordKind.FINDING]
    assert [record.status for record in told] == ["open", "resolved", "open"]
    assert told[-1].amount == Decimal("200.00") and told[-1].currency == "EUR"


@pytest.mark.req("X8", "O1")
def test_pages_groups_and_searches(journal):
    cases = journal.cases
    cases.report("d", [entry(n, text=f"{PRINT}-{n}") for n in range(30)], RATES)
    page = cases.page(CaseFilter(text="te-KANTATA"), limit=10)
    assert (page.total, len(page.rows)) == (0, 0), "subjects are found exactly"
    assert cases.page(CaseFilter(text="TE-kantata-7")).total == 1
    assert cases.page(CaseFilter(text="prj-1012-1")).total == 11
    assert [group.cases for group in cases.groups()] == [30]
    for order in ("money", "severity", "age", "newest", "due", "occurrences"):
        rows = [
            row["case_id"] for start in range(0, 30, 7) for row in cases.page(order=order, limit=7, offset=start).rows
        ]
        assert len(set(rows)) == 30, f"pages by {order} overlap"


@pytest.mark.req("X9")
def test_triage_is_audited(journal, clock):
    journal.cases.report("d", [entry(1)], RATES)
    journal.cases.acknowledge(CASE, "ada", "mine")
    journal.cases.snooze([CASE], "ada", clock.now() + timedelta(days=1), "month end")
    actions = [
        record for page in journal.feed.read(0) for record in page.records if record.kind is RecordKind.OPERATOR_ACTION
    ]
    assert [(record.actor, record.body["action"], record.body["reason"]) for record in actions] == [
        ("ada", "acknowledged", "mine"),
        ("ada", "snoozed", "month end"),
    ]


@pytest.mark.req("E8", "X8")
def test_collectors_that_report_at_once_make_one_case_with_one_history(journal):
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: journal.cases.report("d", [entry(n) for n in range(50)], RATES), range(8)))
    case = journal.cases.get(CASE)
    assert (case["occurrences"], case["amount_reporting"]) == (50, Decimal(5000))
    [group] = journal.cases.groups()
    assert (group.owners, group.amount_reporting) == ((case["owner"],), case["amount_reporting"])
    assert journal.cases.amounts() == {(case["cause"], case["money_kind"]): case["amounts"]}
    assert [event["action"] for event in journal.cases.events(CASE)] == ["opened"]


@pytest.mark.req("E4", "E8")
def test_no_request_is_taken_by_two(journal):
    asked = {journal.requests.append("replay", {**BODY, "run_ids": [str(run)]}, "ada") for run in range(20)}
    with ThreadPoolExecutor(4) as pool:
        taken = [
            one.request_id
            for batch in pool.map(lambda n: journal.requests.take(f"worker-{n}", ["replay"], 3), range(12))
            for one in batch
        ]
    assert len(taken) == len(set(taken)) and set(taken) == asked
    assert journal.requests.settle(taken[0], "done", {"replayed": 2}) and not journal.requests.settle(
        taken[0], "failed"
    )
    assert journal.requests.get(taken[0]).result == {"replayed": 2}
