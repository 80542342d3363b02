"""F1, F2, F5, E1, E5 from end to end: vendor systems over HTTP, real connectors, a real engine and journal."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from integrations.sandbox.faults.conditions import Condition
from tests.acceptance.flows.house import House, open_house
from tests.contract.connectors.cases import ka_within
from tests.two_people import asked_and_approved


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    with open_house(tmp_path) as opened:
        opened.open_company()
        yield opened


@pytest.fixture
def staffed(house: House) -> tuple[House, str]:
    """A house with one project set up and one person who may book time; and that person's user id in the PSA."""
    user = house.hire()
    house.win(house.account())
    house.settle()
    return house, user


@pytest.mark.req("F1", "S1", "S4")
def test_a_won_sale_becomes_a_project_in_every_system(house: House) -> None:
    house.win(house.account())
    house.settle()
    assert house.states("quote-to-project") == {"settled": 1} and set(house.states("master-data")) == {"settled"}
    job, order = house.erp("job")["PRJ-1001"], house.erp("salesOrder")["CT-PRJ-1001"]
    assert (job["parent"]["refName"], job["custentity_cost_centre"], job["custentity_contract_type"]) == (
        "Nordwind GmbH",
        "440",
        "time_and_materials",
    )
    assert (order["custbody_billing_rule"], order["custbody_hold"], Decimal(str(order["total"]))) == (
        "time_and_expenses",
        False,
        Decimal(120000),
    )
    assert set(house.erp("projectTask")) == {"PRJ-1001_010", "PRJ-1001_020"}
    psa = house.vendors.psa
    assert psa.story(str(psa.workspace("PRJ-1001")), "PRJ-1001.020")
    budget = house.vendors.ppm.tables["budgets"].rows["PRJ-1001"]
    assert (Decimal(str(budget["cost"])), Decimal(str(budget["targetMargin"]))) == (Decimal(78000), Decimal("0.35"))


@pytest.mark.req("F1", "E5")
def test_a_missing_dimension_pauses_before_anything_exists_and_resumes_when_it_comes(house: House) -> None:
    sale = house.win(house.account(), Cost_Centre__c=None, Tax_Profile__c=None)
    house.settle()
    [paused] = house.runs("quote-to-project")
    assert paused["state"] == "waiting" and paused["waiting_owner"] == "crm"
    assert "tax_profile" in paused["waiting_missing"] and "dimensions.cost_centre" in paused["waiting_missing"]
    assert (Decimal(paused["amount"]), paused["currency"]) == (Decimal(120000), "EUR")
    assert house.erp("job") == {} and house.vendors.psa.workspace("PRJ-1001") is None
    house.vendors.crm.save("Opportunity", {"Cost_Centre__c": "440"}, house.clock.at, sale)
    house.settle()
    assert house.states("quote-to-project") == {"waiting": 1}
    house.vendors.crm.save("Opportunity", {"Tax_Profile__c": "DE-STD-19"}, house.clock.at, sale)
    house.settle()
    [resumed] = house.runs("quote-to-project")
    assert (resumed["state"], resumed["run_id"]) == ("settled", paused["run_id"])
    assert set(house.erp("job")) == {"PRJ-1001"} and set(house.erp("salesOrder")) == {"CT-PRJ-1001"}


@pytest.mark.req("M2", "F2")
def test_a_second_account_of_one_company_makes_no_second_customer(house: House) -> None:
    first = house.account()
    second = house.account("Nordwind G.m.b.H.", "9001", Tax_Id__c="DE1001")
    house.win(first)
    house.win(second, "PRJ-1002")
    house.settle()
    assert set(house.states("quote-to-project")) == {"settled"}
    assert len(house.erp("customer")) == 1 and {row["parent"]["refName"] for row in house.erp("job").values()} == {
        "Nordwind GmbH"
    }


@pytest.mark.req("F5", "E1", "S1")
def test_time_is_posted_corrected_and_withdrawn_once_each_and_the_psa_is_told(staffed: tuple[House, str]) -> None:
    house, user = staffed
    kept, corrected, withdrawn = (house.log("PRJ-1001.010", user, minutes) for minutes in (450, 480, 60))
    house.settle()
    assert house.posted() == {
        f"TE-kantata-{kept}": Decimal("7.5"),
        f"TE-kantata-{corrected}": Decimal(8),
        f"TE-kantata-{withdrawn}": Decimal(1),
    }
    bill = house.erp("timeBill")[f"TE-kantata-{kept}-v1"]
    assert (Decimal(str(bill["rate"])), Decimal(str(bill["custcol_cost_rate"]))) == (Decimal(120), Decimal("62.5"))
    house.vendors.psa.save("time_entries", {"time_in_minutes": 420}, house.clock.at, corrected)
    house.vendors.psa.remove("time_entries", withdrawn, house.clock.at)
    house.settle()
    assert house.posted() == {
        f"TE-kantata-{kept}": Decimal("7.5"),
        f"TE-kantata-{corrected}": Decimal(7),
        f"TE-kantata-{withdrawn}": Decimal(0),
    }
    assert set(house.states("time-to-bill")) == {"settled"}
    told = house.told(kept)
    assert told and (told["status"], told["service_model_ref"], told["service_name"]) == (
        "successful",
        f"TE-kantata-{kept}-v1",
        "netsuite",
    )


@pytest.mark.req("F5", "X2")
def test_an_invalid_charge_code_goes_back_to_the_psa_with_the_reason(staffed: tuple[House, str]) -> None:
    house, user = staffed
    psa = house.vendors.psa
    story = psa.save(
        "stories",
        {"title": "PRJ-1001.999 Typo", "workspace_id": psa.workspace("PRJ-1001"), "story_type": "task"},
        house.clock.at,
    )
    entry = house.log("PRJ-1001.999", user, story=story)
    house.settle()
    [run] = house.runs("time-to-bill")
    assert (run["state"], run["error_code"], run["error_field"], run["currency"]) == (
        "dead",
        "charge-code-unknown",
        "charge_code",
        "EUR",
    )
    told = house.told(entry)
    assert (
        told
        and told["status"] == "failed"
        and "Unknown charge code: charge code PRJ-1001.999" in told["external_message"]
    )
    psa.save(
        "time_entries", {"story_id": psa.story(str(psa.workspace("PRJ-1001")), "PRJ-1001.010")}, house.clock.at, entry
    )
    house.settle()
    assert house.posted() == {f"TE-kantata-{entry}": Decimal("7.5")}
    assert {(run["state"], run["error_code"]) for run in house.runs("time-to-bill")} >= {
        ("superseded", "charge-code-unknown"),
        ("settled", None),
    }


@pytest.mark.req("F5", "E5")
def test_a_charge_code_that_finance_closes_is_respected(staffed: tuple[House, str]) -> None:
    house, user = staffed
    tasks = house.vendors.erp.records
    tasks.change("projecttask", str(tasks.external["projecttask"].first("PRJ-1001_010")), {"isInactive": True})
    house.settle()
    house.log("PRJ-1001.010", user)
    house.settle()
    [run] = house.runs("time-to-bill")
    assert (run["state"], run["error_code"]) == ("dead", "charge-code-inactive") and house.posted() == {}


@pytest.mark.req("F5", "E5")
def test_time_of_a_project_nobody_sold_waits_with_an_owner_and_goes_on_once_it_is_sold(
    staffed: tuple[House, str],
) -> None:
    house, user = staffed
    psa = house.vendors.psa
    space = psa.save(
        "workspaces", {"title": "PRJ-7777 · By hand", "currency": "EUR", "creator_role": "maven"}, house.clock.at
    )
    psa.save("stories", {"title": "PRJ-7777.010 Design", "workspace_id": space, "story_type": "task"}, house.clock.at)
    entry = house.log("PRJ-7777.010", user)
    house.settle()
    [run] = house.runs("time-to-bill")
    assert run["state"] == "waiting" and run["waiting_owner"] == "psa" and "PRJ-7777" in run["waiting_for"]
    house.win(house.account("Südwind AG", "1002"), "PRJ-7777")
    house.settle()
    assert house.posted() == {f"TE-kantata-{entry}": Decimal("7.5")}
    assert len(psa.tables["workspaces"]) == 2


@pytest.mark.req("E1", "E3", "F5")
def test_lost_answers_refused_calls_doubled_and_disordered_events_end_at_the_truth(staffed: tuple[House, str]) -> None:
    house, user = staffed
    psa = house.vendors.psa
    late = iter((0, 40, 0, 3, 0, 25, 0, 7) * 50)
    psa.feed.lateness, psa.feed.doubled = lambda: float(next(late)), lambda: True
    house.conditions.arm(Condition("netsuite", "dropped", 2, methods=("PUT",)))
    house.conditions.arm(Condition("netsuite", "unavailable", 2, path="async/v1"))
    house.conditions.arm(Condition("netsuite", "throttled", 2))
    house.conditions.arm(Condition("kantata", "dropped", 2, methods=("POST",)))
    entries = [house.log(f"PRJ-1001.0{1 + number % 2}0", user, 60 + 15 * number) for number in range(20)]
    house.settle(2)
    for entry in entries[:5]:
        psa.save("time_entries", {"time_in_minutes": 90}, house.clock.at, entry)
    for entry in entries[5:8]:
        psa.remove("time_entries", entry, house.clock.at)
    house.settle(70)
    rows = psa.tables["time_entries"].rows
    truth = {
        f"TE-kantata-{entry}": Decimal(rows[entry]["time_in_minutes"]) / 60 if entry in rows else Decimal(0)
        for entry in entries
    }
    assert {fact: net for fact, net in house.posted().items() if net} == {
        fact: net for fact, net in truth.items() if net
    }
    assert set(house.states("time-to-bill")) <= {"settled", "superseded"}
    assert not house.conditions.armed or all(one.left <= 0 for one in house.conditions.armed)


@pytest.mark.req("F5", "E1", "E7")
@pytest.mark.parametrize("read", ["each", "both"])
def test_two_corrections_within_one_second_both_count(staffed: tuple[House, str], read: str) -> None:
    """E7: the PSA's times are whole seconds; the correction that was read last is what the ERP holds in the end."""
    house, user = staffed
    entry = house.log("PRJ-1001.010", user)
    house.settle()
    house.vendors.psa.save("time_entries", {"time_in_minutes": 60}, house.clock.at, entry)
    if read == "each":
        house.settle()
    ka_within(house.vendors.psa, entry, time_in_minutes=90)
    house.settle()
    assert house.posted() == {f"TE-kantata-{entry}": Decimal("1.5")} and house.states("time-to-bill") == {"settled": 3}
    versions = [run["source_version"] for run in house.runs("time-to-bill")]
    assert versions == sorted(set(versions)) and versions[2] == versions[1] + 1


@pytest.mark.req("F2", "E1", "E7")
def test_an_account_that_changes_twice_within_one_tick_ends_as_it_was_read_last(house: House) -> None:
    account = house.account()
    house.settle()
    table = house.vendors.crm.tables["Account"]
    for name in ("Nordwind AG", "Nordwind SE"):
        table.put(account, {**table.rows[account], "Name": name})
        house.settle(2)
    assert house.erp("customer")["C-1001"]["companyName"] == "Nordwind SE" and house.states("master-data") == {
        "settled": 3
    }


@pytest.mark.req("E4", "X9")
def test_a_refused_entry_is_previewed_corrected_and_replayed_without_a_second_posting(
    staffed: tuple[House, str],
) -> None:
    house, user = staffed
    psa = house.vendors.psa
    story = psa.save(
        "stories",
        {"title": "PRJ-1001.999 Typo", "workspace_id": psa.workspace("PRJ-1001"), "story_type": "task"},
        house.clock.at,
    )
    entry = house.log("PRJ-1001.999", user, story=story)
    house.settle()
    [dead] = house.runs("time-to-bill")
    wanted = {"run_ids": [dead["run_id"]], "from": "failed_step", "correction": {"charge_code": "PRJ-1001.010"}}
    preview = house.journal.requests.append("preview", wanted, "ada", "typo")
    house.settle(1)
    shown = house.journal.requests.get(preview)
    assert shown.state == "done" and house.posted() == {}
    assert any(
        step["external_id"] == f"TE-kantata-{entry}-v1"
        for run in shown.result["runs"]
        for step in run["steps"]
        if step.get("external_id")
    )
    house.journal.requests.append("replay", wanted, "ada", "typo")
    house.settle(3)
    assert house.posted() == {f"TE-kantata-{entry}": Decimal("7.5")}
    told = house.told(entry)
    assert told and told["status"] == "successful"
    replayed = next(run for run in house.runs("time-to-bill") if run["replay_of"])
    assert (replayed["state"], replayed["lineage_id"]) == ("settled", dead["lineage_id"])


@pytest.mark.req("E4", "F5")
def test_a_correction_of_posted_time_is_shown_as_the_hazard_it_is_and_not_done_unseen(
    staffed: tuple[House, str],
) -> None:
    house, user = staffed
    entry = house.log("PRJ-1001.010", user)
    house.settle()
    [run] = house.runs("time-to-bill")
    wanted = {"run_ids": [run["run_id"]], "from": "start", "correction": {"hours": "4.00"}}
    asked = []
    for kind in ("preview", "replay"):  # a replay never begins while its preview is being made
        by_two = kind == "replay"
        append = house.journal.requests.append
        asked.append(asked_and_approved(house.journal, wanted) if by_two else append(kind, wanted, "ada"))
        house.settle(3)
    preview, refused = (house.journal.requests.get(request) for request in asked)
    [hazard] = preview.result["hazards"]
    posted = house.erp("timeBill")[f"TE-kantata-{entry}-v1"]["id"]
    assert hazard["message"].startswith(
        f"already posted as {posted} of netsuite: "
        f"the correction would put TE-kantata-{entry}-v2 in its place; change it in kantata"
    )
    assert list(refused.result["refused"]) == [run["run_id"]] and house.posted() == {
        f"TE-kantata-{entry}": Decimal("7.5")
    }
    asked_and_approved(house.journal, {**wanted, "plan_hash": preview.result["plan_hash"]})
    house.settle(3)
    assert house.posted() == {f"TE-kantata-{entry}": Decimal("4.0")} and set(house.states("time-to-bill")) == {
        "settled"
    }


@pytest.mark.req("F5", "F1", "E4")
def test_a_closed_period_is_refused_by_the_erp_and_replayed_once_reopened(staffed: tuple[House, str]) -> None:
    house, user = staffed
    house.vendors.erp.records.shut("2026-11", True)
    entry = house.log("PRJ-1001.010", user)
    house.settle()
    [dead] = house.runs("time-to-bill")
    assert (dead["state"], dead["error_code"], dead["system"]) == ("dead", "closed-period", "netsuite")
    house.vendors.erp.records.shut("2026-11", False)
    asked = house.journal.requests.append(
        "replay", {"run_ids": [dead["run_id"]], "from": "start", "correction": None}, "ada", "reopened"
    )
    house.settle(3)
    assert house.posted() == {}, "what goes into a period that was closed takes a second person"
    waits = house.journal.requests.approval(asked)
    house.journal.requests.approve(asked, waits.hash, "ben", "reopened by the controller")
    house.settle(3)
    assert house.posted() == {f"TE-kantata-{entry}": Decimal("7.5")} and len(house.erp("timeBill")) == 1


@pytest.mark.req("F5", "X16")
def test_an_entry_that_was_refused_and_then_withdrawn_never_counts(staffed: tuple[House, str]) -> None:
    house, user = staffed
    records = house.vendors.erp.records
    records.shut("2026-11", True)
    entry = house.log("PRJ-1001.010", user)
    house.settle()
    [dead] = house.runs("time-to-bill")
    assert dead["state"] == "dead"
    house.vendors.psa.remove("time_entries", entry, house.clock.at)
    house.settle()
    assert house.states("time-to-bill") == {"superseded": 1, "settled": 1}, "the withdrawal closes what was refused"
    records.shut("2026-11", False)
    request = house.journal.requests.append(
        "replay", {"run_ids": [dead["run_id"]], "from": "start", "correction": None}, "ada", "reopened"
    )
    house.settle(3)
    answer = house.journal.requests.get(request)
    assert answer is not None and "superseded" in answer.result["refused"][dead["run_id"]]
    assert house.erp("timeBill") == {} and house.states("time-to-bill") == {"superseded": 1, "settled": 1}


@pytest.mark.req("F2", "F5")
def test_people_come_from_hr_and_an_expense_is_posted_for_them(staffed: tuple[House, str]) -> None:
    house, user = staffed
    psa, at = house.vendors.psa, house.clock.at
    assert house.erp("employee")["E-1007"]["custentity_role"] == "Engineer"
    space = str(psa.workspace("PRJ-1001"))
    cost = psa.save(
        "expenses",
        {
            "date": "2026-11-16",
            "amount_in_cents": 8990,
            "currency": "EUR",
            "currency_symbol": "€",
            "currency_base_unit": 100,
            "category": "Travel",
            "notes": "",
            "billable": True,
            "approved": False,
            "is_invoiced": False,
            "taxable": False,
            "story_id": psa.story(space, "PRJ-1001.010"),
            "workspace_id": space,
            "user_id": user,
            "submitted_at": None,
            "approved_at": None,
        },
        at,
    )
    psa.save("expenses", {"approved": True}, at, cost)
    house.settle()
    posted = house.erp("expenseReport")
    assert set(posted) == {f"EX-kantata-{cost}-v1"} and Decimal(
        str(posted[f"EX-kantata-{cost}-v1"]["total"])
    ) == Decimal("89.90")
    psa.save("expenses", {"amount_in_cents": 9990}, house.clock.at, cost)
    house.settle()
    net = sum(Decimal(str(row["total"])) for row in house.erp("expenseReport").values())
    assert net == Decimal("99.90") and len(house.erp("expenseReport")) == 3


@pytest.mark.postgres
@pytest.mark.req("E8", "N2")
def test_the_same_flows_run_on_postgresql_without_a_change(tmp_path: Path, postgres_url: str) -> None:
    with open_house(tmp_path, journal_url=postgres_url) as house:
        house.open_company()
        user = house.hire()
        sale = house.win(house.account(), Tax_Profile__c=None)
        house.settle(3)
        assert house.states("quote-to-project") == {"waiting": 1}
        house.vendors.crm.save("Opportunity", {"Tax_Profile__c": "DE-STD-19"}, house.clock.at, sale)
        house.settle(3)
        entry = house.log("PRJ-1001.010", user)
        house.settle(3)
        house.vendors.psa.save("time_entries", {"time_in_minutes": 60}, house.clock.at, entry)
        house.settle(3)
        assert house.posted() == {f"TE-kantata-{entry}": Decimal(1)}
        assert {run["state"] for run in house.runs()} == {"settled"}
