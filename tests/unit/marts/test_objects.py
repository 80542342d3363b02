"""C4: an object is what a system's own id names; what it is called may change, and two may be called alike."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.derivation import state
from models.derivation.changes import Changes
from models.derivation.refresh import refresh
from models.lake.connection import attach_derived
from tests.findings.books import PROJECT, SOLD, entry, firm, posted
from tests.unit.cases.lakes import NOW, Lake, hours_ago, money

pytestmark = pytest.mark.req("C4")

SEEN = st.lists(
    st.tuples(
        st.sampled_from(["netsuite", "kantata"]),
        st.sampled_from(["11", "12"]),
        st.sampled_from(["PRJ-1", "PRJ-2"]),
        st.booleans(),
        st.booleans(),
    ),
    max_size=8,
)
"""What was seen, one after another: system, its id, its key, whether it is there, whether somebody looks then."""


class Stopped:
    def now(self) -> Any:
        return NOW


def rows(lake: Lake, sql: str) -> list[dict[str, Any]]:
    refresh(lake.connection, "EUR", Stopped())
    return lake.rows(sql)


@pytest.fixture(scope="module")
def lakes() -> tuple[Lake, Lake]:
    """Two lakes that examples take in turn: to make one takes longer than to ask it."""
    return Lake(), Lake()


@settings(max_examples=10, deadline=None)
@given(seen=SEEN)
def test_what_is_there_now_is_known_alike_from_turn_to_turn_and_after_a_restart(
    lakes: tuple[Lake, Lake], seen: list[tuple[str, str, str, bool, bool]]
) -> None:
    """Also since when each object is called so, and what it was called before."""
    (turns, once), expected = map(emptied, lakes), dict[tuple[str, str], tuple[str, bool]]()
    for number, (system, own, key, present, looked) in enumerate(seen):
        for lake in (turns, once):
            lake.observe(system, "project", key, hours_ago(50 - number), present=present, system_id=own)
        expected[(system, own)] = (key, present)
        if looked:
            caught_up(turns)
    for table in ("project", "place", "former_key"):
        assert caught_up(turns, table) == caught_up(once, table)
    held = sorted((system, own, key) for (system, own), (key, present) in expected.items() if present)
    assert [(row["system"], row["system_id"], row["key"]) for row in caught_up(turns, "project")] == held


def emptied(lake: Lake) -> Lake:
    """The lake without observations, and without what was made of them."""
    lake.connection.execute("DELETE FROM lake.main.observations")
    lake.connection.execute("DETACH DATABASE IF EXISTS derived")
    attach_derived(lake.connection)
    return lake


def caught_up(lake: Lake, table: str = "project") -> list[dict[str, Any]]:
    """The rows of a table of the state after the newest batches have reached it."""
    state.make(lake.connection)
    state.keep(lake.connection, state.catch_up(lake.connection, Changes(lake.connection, first=False)).top)
    return lake.rows(f"SELECT * FROM derived.state.{table} ORDER BY system, system_id, key")


def test_what_a_batch_showed_is_read_once_though_the_last_batches_are_looked_through_again() -> None:
    lake = emptied(Lake())
    lake.observe("netsuite", "project", "PRJ-1", hours_ago(3), system_id="11")
    caught_up(lake)
    lake.observe("netsuite", "project", "PRJ-2", hours_ago(2), system_id="12")
    caught_up(lake)
    assert lake.rows("SELECT system_id FROM derived.state.since") == [{"system_id": "12"}]
    assert [row["key"] for row in caught_up(lake)] == ["PRJ-1", "PRJ-2"]


def test_a_project_is_usable_since_it_has_its_code_and_not_since_the_workspace_was_made() -> None:
    lake = Lake()
    lake.observe("salesforce", "project", "PRJ-1", hours_ago(60), closed_at=hours_ago(70).isoformat(), system_id="006")
    lake.observe("netsuite", "project", "PRJ-1", hours_ago(60), system_id="11")
    lake.observe("kantata", "project", "9001", hours_ago(60), system_id="9001")
    assert [row["project_key"] for row in rows(lake, "SELECT project_key FROM mart_project ORDER BY 1")] == [
        "9001",
        "PRJ-1",
    ]
    lake.observe("kantata", "project", "PRJ-1", hours_ago(5), system_id="9001")
    (project,) = rows(lake, "SELECT project_key, usable_at FROM mart_project")
    assert project == {"project_key": "PRJ-1", "usable_at": hours_ago(5)}


def test_a_renamed_job_is_missed_under_its_old_code_since_it_was_renamed() -> None:
    lake = Lake()
    for system in ("salesforce", "netsuite"):
        lake.observe(system, "project", "PRJ-1", hours_ago(60), system_id="11")
    lake.observe("netsuite", "project", "PRJ-1", hours_ago(5), present=False, system_id="11")  # what a snapshot sends
    lake.observe("netsuite", "project", "PRJ-1-OLD", hours_ago(5), system_id="11")
    found = rows(lake, "SELECT project_key, in_erp, gone_at, renamed_to FROM mart_project ORDER BY 1")
    assert found == [
        {"project_key": "PRJ-1", "in_erp": False, "gone_at": hours_ago(5), "renamed_to": "PRJ-1-OLD"},
        {"project_key": "PRJ-1-OLD", "in_erp": True, "gone_at": None, "renamed_to": None},
    ]


@pytest.mark.req("M6", "M7")
def test_a_code_that_only_the_psa_still_knows_is_of_the_company_of_its_new_name() -> None:
    """The sale was lost and the job renamed: without a company a closed month would lose the rates that it keeps."""
    lake = Lake()
    for system in ("salesforce", "netsuite", "kantata"):
        company = None if system == "kantata" else "NOV-UK"
        lake.observe(system, "project", "PRJ-1", hours_ago(60), system_id="11", legal_entity=company)
    lake.observe("salesforce", "project", "PRJ-1", hours_ago(5), present=False, system_id="11")
    lake.observe("netsuite", "project", "PRJ-1-OLD", hours_ago(5), system_id="11", legal_entity="NOV-UK")
    found = rows(lake, "SELECT project_key, legal_entity FROM mart_project ORDER BY 1")
    assert [tuple(row.values()) for row in found] == [("PRJ-1", "NOV-UK"), ("PRJ-1-OLD", "NOV-UK")]


@pytest.mark.parametrize("looked", [True, False])
def test_work_stays_on_the_project_that_got_another_code_and_not_on_a_new_one_under_the_old_code(looked: bool) -> None:
    """The ERP tells no posting again because its job was renamed; what was posted since is on the new job."""
    lake = Lake()
    seen = (("11", "PRJ-1", 1, 60), ("11", "PRJ-1-OLD", 0, 5), ("12", "PRJ-1", 2, 5), ("11", "PRJ-1-ODD", 0, 1))
    for own, code, number, at in seen:
        lake.observe("netsuite", "project", code, hours_ago(at), system_id=own)
        if number:
            booked = {"project_code": code, "hours": "8.00", "time_entry_id": f"W-{number}"}
            lake.observe("netsuite", "time_entry", f"W-{number}-v1", hours_ago(at), **booked)
        if looked:
            rows(lake, "SELECT 1")
    assert rows(lake, "SELECT item_key, project_code FROM derived.state.item ORDER BY 1") == [
        {"item_key": "W-1", "project_code": "PRJ-1-ODD"},
        {"item_key": "W-2", "project_code": "PRJ-1"},
    ]
    moved = rows(lake, "SELECT project_key FROM derived.state.joint_work WHERE item_key = 'W-1'")
    assert moved == [{"project_key": "PRJ-1-ODD"}], "what is derived from the work follows too"


@pytest.mark.req("M2")
@pytest.mark.parametrize("looked", [True, False])
def test_orders_codes_invoices_and_memos_follow_the_project_that_got_another_code(looked: bool) -> None:
    """The ERP tells none of them again because a job was renamed; what is on the new job of that code stays there."""
    lake = Lake()
    for own, code, number, at in (("11", "PRJ-1", 1, 60), ("11", "PRJ-1-OLD", 0, 5), ("12", "PRJ-1", 2, 5)):
        lake.observe("netsuite", "project", code, hours_ago(at), system_id=own)
        for entity in ("contract", "charge_code", "invoice", "credit_memo") if number else ():
            lake.observe("netsuite", entity, f"{entity}-{number}", hours_ago(at), project_code=code)
        if looked:
            rows(lake, "SELECT 1")
    for table in ("contract", "charge_code", "invoice", "credit_memo"):
        assert rows(lake, f"SELECT project_code FROM derived.state.{table} ORDER BY key") == [
            {"project_code": "PRJ-1-OLD"},
            {"project_code": "PRJ-1"},
        ], table


@pytest.mark.req("M2")
def test_work_on_a_renamed_project_stays_on_its_code_and_its_order_bills_it() -> None:
    """Before: the code belonged to another project, and the order to none, until somebody touched them."""
    lake = firm()
    lake.observe("netsuite", "contract", f"CT-{PROJECT}", hours_ago(500), project_code=PROJECT, value=SOLD["value"])
    entry(lake, 1, hours_ago(40))
    posted(lake, 1, hours_ago(40))
    for system in ("salesforce", "kantata", "netsuite"):
        lake.observe(system, "project", "PRJ-9", NOW + timedelta(minutes=5), **SOLD, system_id=PROJECT)
    asked = "SELECT project_key, state, blocker, code_fault FROM mart_work"
    assert rows(lake, asked) == [{"project_key": "PRJ-9", "state": "ready", "blocker": None, "code_fault": None}]
    assert rows(lake, "SELECT erp_value FROM mart_contract WHERE project_key = 'PRJ-9'") == [
        {"erp_value": Decimal(SOLD["value"]["amount"])}
    ]


@pytest.mark.req("M2", "X17")
def test_milestones_are_those_of_the_sale_that_stands() -> None:
    """Two sales with one code: once the first is lost the second's milestones are the project's, until it is won again.

    Before, the lost one's stayed for good.
    """
    lake, at = Lake(), 60
    for own in ("A", "B"):
        stones = [{"milestone_id": f"M-{own}", "name": "Go live", "amount": money("100.00")}]
        sold = {"ref": {"system": "salesforce", "id": own}, "project_code": "PRJ-1", "milestones": stones}
        lake.record("source_event", hours_ago(at), {"data": sold}, business_key="project:PRJ-1")
        lake.observe("salesforce", "project", "PRJ-1", hours_ago(at), system_id=own)
        at -= 1
    asked = "SELECT item_key FROM derived.state.milestone"
    for present, spoken in ((True, "A"), (False, "B"), (True, "A")):
        lake.observe("salesforce", "project", "PRJ-1", hours_ago(at), present, system_id="A")
        assert rows(lake, asked) == [{"item_key": f"MS-PRJ-1-M-{spoken}"}]
        at -= 1
    for own in ("A", "B"):
        lake.observe("salesforce", "project", "PRJ-1", hours_ago(at), False, system_id=own)
    assert rows(lake, asked) == [{"item_key": "MS-PRJ-1-M-A"}], "of two that were lost the first, as of one"


def test_a_row_without_an_id_is_placed_by_its_key() -> None:
    lake = Lake()
    for hours, present in ((3, True), (2, False)):
        lake.observe("kantata", "project", "PRJ-1", hours_ago(hours), present=present)
    lake.observe("kantata", "project", "PRJ-2", hours_ago(1))
    lake.connection.execute("UPDATE lake.main.observations SET system_id = NULL")
    assert rows(lake, "SELECT key, system_id FROM mart_state_project") == [{"key": "PRJ-2", "system_id": "PRJ-2"}]


def test_two_objects_with_one_key_count_no_money_twice() -> None:
    """Jobs, codes, customers, contracts, sales and people that exist twice: the work is billed once."""
    lake, twins = Lake(), Lake()
    for number, made in ((1, lake), (1, twins), (2, twins)):
        _firm(made, str(number))
    asked = (
        "SELECT item_key, state, blocker, bill_amount FROM mart_work ORDER BY ALL",
        "SELECT project_key, month, revenue_reporting, margin_reporting FROM mart_margin ORDER BY ALL",
        "SELECT project_key, contract_value, customer_name, legal_entity FROM mart_project ORDER BY ALL",
        "SELECT project_key, psa_hours, erp_hours, unexplained_reporting FROM mart_reconciliation ORDER BY ALL",
    )
    for sql in asked:
        assert rows(twins, sql) == rows(lake, sql) != [], sql


def _firm(lake: Lake, number: str) -> None:
    """One project with one posted entry and a milestone; `number` tells apart what exists twice under one key."""
    at, project = hours_ago(100 - int(number)), {"project_code": "PRJ-1"}
    sold = {"value": money(f"{number}0000.00"), "closed_at": at.isoformat(), "customer_key": "C-1"}
    for system in ("salesforce", "netsuite", "kantata"):
        lake.observe(system, "project", "PRJ-1", at, name=f"Portal {number}", system_id=number, currency="EUR", **sold)
        lake.observe(system, "customer", "C-1", at, name="Halden Grid", system_id=number)
    lake.observe("netsuite", "charge_code", "PRJ-1.010", at, system_id=number, active=True, **project)
    lake.observe("workday", "resource", "E-7", at, name="Ada", system_id=number)
    stone = {
        "milestone_id": "M1",
        "name": "Design",
        "amount": money("500.00"),
        "completed_at": "2026-09-20T10:00:00Z",
        "accepted": True,
    }
    lake.observe(
        "netsuite",
        "contract",
        "CT-PRJ-1",
        at,
        system_id=number,
        value=money("10000.00"),
        milestones=[stone],
        **project,
    )
    work = {
        "charge_code": "PRJ-1.010",
        "work_date": "2026-09-20",
        "hours": "8.00",
        "bill_rate": money("100.00"),
        "cost_rate": money("60.00"),
        "resource_number": "E-7",
        "time_entry_id": "TE-kantata-1",
        **project,
    }
    later = NOW - timedelta(hours=1)
    lake.observe("kantata", "time_entry", "TE-kantata-1", later, approval="approved", **work)
    lake.observe("netsuite", "time_entry", "TE-kantata-1-v1", later, posting_id="TE-kantata-1-v1", **work)


def test_of_two_sales_with_one_code_the_first_gives_the_project_its_words() -> None:
    """Also its milestones and statement of work; and a sale that leaves its code leaves nothing under it."""
    lake = Lake()
    for number, code in ((1, "PRJ-1"), (2, "PRJ-1"), (2, "PRJ-1")):
        _won(lake, number, code)
    assert rows(lake, "SELECT project_key, name, contract_value, sow_number FROM mart_project") == [
        {"project_key": "PRJ-1", "name": "Sale 1", "contract_value": Decimal("1000.00"), "sow_number": "SOW-1"}
    ]
    _won(lake, 1, "PRJ-9")
    assert rows(lake, "SELECT project_key, name, sow_number FROM mart_project ORDER BY 1") == [
        {"project_key": "PRJ-1", "name": "Sale 2", "sow_number": "SOW-2"},
        {"project_key": "PRJ-9", "name": "Sale 1", "sow_number": "SOW-1"},
    ]


def test_an_older_sale_that_takes_the_code_of_another_takes_nothing_else_of_it() -> None:
    """Who had the code first is the project's sale, not who was sold first."""
    lake = Lake()
    for number, code in ((1, "PRJ-5"), (2, "PRJ-1"), (1, "PRJ-1")):
        _won(lake, number, code)
    assert rows(lake, "SELECT project_key, name, sow_number FROM mart_project") == [
        {"project_key": "PRJ-1", "name": "Sale 2", "sow_number": "SOW-2"}
    ]


@pytest.mark.finding("F10c")
def test_a_sale_that_moves_to_another_company_takes_no_money_out_of_the_books_of_the_first() -> None:
    lake = Lake()
    _firm(lake, "1")
    before = rows(lake, "SELECT project_key, legal_entity FROM mart_project")
    lake.observe("salesforce", "project", "PRJ-1", NOW, system_id="1", legal_entity="NOV-UK", name="Portal 1")
    assert rows(lake, "SELECT project_key, legal_entity FROM mart_project") == before
    assert rows(lake, "SELECT DISTINCT unexplained_reporting FROM mart_reconciliation") == [
        {"unexplained_reporting": Decimal("0.00")}
    ]


def test_an_invoice_that_gets_its_number_late_bills_its_lines_once() -> None:
    lake = Lake()
    for key, status in (("1001", "draft"), ("INV-7", "open")):
        told = {"status": status, "total": money("500.00"), "lines": [{"amount": money("500.00"), "kind": "discount"}]}
        lake.observe("netsuite", "invoice", key, hours_ago(9 - lake.batch), system_id="1001", **told)
        assert rows(lake, "SELECT invoice_key, status, amount FROM mart_invoice_line") == [
            {"invoice_key": key, "status": status, "amount": Decimal("500.00")}
        ]


def _won(lake: Lake, number: int, code: str) -> None:
    """A sale as its event and the next snapshot tell it."""
    at = hours_ago(10 - lake.batch / 10)
    lake.record(
        "source_event",
        at,
        business_key=f"project:{code}",
        flow="quote-to-project",
        body={
            "data": {
                "ref": {"system": "salesforce", "kind": "opportunity", "id": f"006-{number}"},
                "project_code": code,
                "statement_of_work": {"number": f"SOW-{number}"},
                "milestones": [],
            }
        },
    )
    told = {"name": f"Sale {number}", "value": money(f"{number}000.00"), "currency": "EUR"}
    lake.observe("salesforce", "project", code, at, system_id=f"006-{number}", **told)
