"""F2, M2, S3: one identity per customer and project, and nobody overwrites what another system owns."""

import pytest

from integrations.contracts import Role
from models.domain.errors import Rejected
from tests.unit.flows import examples
from tests.unit.flows.harness import FLOWS, Desk, Firm, Trail


@pytest.fixture
def firm() -> Firm:
    return Firm(FLOWS)


@pytest.mark.req("F2")
def test_a_customer_gets_its_id_by_rule_and_reaches_the_erp(firm: Firm) -> None:
    [trail] = firm.hear(examples.customer())
    assert trail.state == "settled" and firm.links[("salesforce", "customer", "001A")] == "C-1001"
    assert firm.held(Role.ERP, "customer")["C-1001"].body.name == "Nordwind GmbH"


@pytest.mark.req("F2", "M2")
def test_a_second_account_with_the_same_tax_id_is_linked_and_not_created(firm: Firm) -> None:
    firm.hear(examples.customer(), examples.customer("001Z", "9999", name="NORDWIND"))
    assert firm.links[("salesforce", "customer", "001Z")] == "C-1001"
    assert list(firm.held(Role.ERP, "customer")) == ["C-1001"]
    assert firm.facts[("customer", "C-1001")]["name"] == "Nordwind GmbH"
    firm.hear(examples.customer("001Z", "9999", version=2, name="NORDWIND again"))
    assert firm.facts[("customer", "C-1001")]["name"] == "Nordwind GmbH"


@pytest.mark.req("M2", "X4")
def test_the_same_name_and_country_without_tax_ids_is_raised_and_not_created(firm: Firm) -> None:
    firm.hear(examples.customer(tax_id=None))
    [trail] = firm.hear(examples.customer("001Z", "9999", name="Nordwind"))
    assert (trail.state, trail.error.code) == ("dead", "customer-duplicate-suspected")
    assert list(firm.held(Role.ERP, "customer")) == ["C-1001"]


@pytest.mark.req("M2")
def test_the_same_name_with_two_tax_ids_is_two_companies(firm: Firm) -> None:
    firm.hear(examples.customer(), examples.customer("001Z", "9999", tax_id="DE9999"))
    assert set(firm.held(Role.ERP, "customer")) == {"C-1001", "C-9999"}


@pytest.mark.req("M2", "E1")
def test_two_duplicates_identified_side_by_side_still_make_one_customer(firm: Firm) -> None:
    firm.hear(examples.customer())
    twin = examples.customer("001Z", "9999", name="Nordwind", tax_id=None)
    firm.facts[("customer", "C-9999")] = {**twin.data, "customer_id": "C-9999", "source_version": 1}
    firm.links[("salesforce", "customer", "001Z")] = "C-9999"
    firm.facts[("customer", "C-1001")] = {**firm.facts[("customer", "C-1001")], "tax_id": None}
    [trail] = firm.hear(twin)
    assert trail.error.code == "customer-duplicate-suspected" and list(firm.held(Role.ERP, "customer")) == ["C-1001"]


@pytest.mark.req("E5", "M1")
def test_a_subsidiary_waits_for_its_parent_and_hangs_below_it(firm: Firm) -> None:
    child = examples.customer(
        "001B", "1002", name="Nordwind Netz", tax_id="DE1002", parent_ref=examples.ref("customer", "001A")
    )
    [waiting] = firm.hear(child)
    assert (waiting.state, waiting.waits.what) == ("waiting", "customer:salesforce:001A")
    firm.hear(examples.customer())
    assert waiting.state == "settled"
    held = firm.held(Role.ERP, "customer")["C-1002"]
    assert held.body.parent_id == "C-1001" and held.refs["parent"] is not None


@pytest.mark.req("S3")
def test_a_write_over_an_attribute_of_another_owner_is_refused_with_both_named(firm: Firm) -> None:
    firm.hear(examples.customer(), examples.person(), examples.sale())
    told = examples.event(
        "tieout.project.changed",
        "project:PRJ-1001",
        {
            "ref": examples.ref("project", "12", "netsuite"),
            "code": "PRJ-1001",
            "name": "Renamed in finance",
            "currency": "EUR",
        },
        5,
        "netsuite",
    )
    [trail] = firm.hear(told)
    assert (trail.state, trail.error.code, trail.error.field) == ("dead", "not-owner", "name")
    assert "crm" in str(trail.error) and "netsuite" in str(trail.error)
    assert firm.facts[("project", "PRJ-1001")]["name"] == "Work PRJ-1001"


@pytest.mark.req("S3")
def test_the_owner_of_one_attribute_may_change_it_beside_silence_on_the_rest(firm: Firm) -> None:
    firm.hear(examples.customer(), examples.sale())
    told = {
        "ref": examples.ref("project", "12", "netsuite"),
        "code": "PRJ-1001",
        "name": "Work PRJ-1001",
        "currency": "EUR",
        "status": "closed",
    }
    [trail] = firm.hear(examples.event("tieout.project.changed", "project:PRJ-1001", told, 5, "netsuite"))
    assert trail.state == "settled"
    fact = firm.facts[("project", "PRJ-1001")]
    assert (fact["status"], fact["customer_id"], fact["dimensions"]["cost_centre"]) == ("closed", "C-1001", "CC-10")
    firm.hear(examples.sale(version=6))
    assert firm.facts[("project", "PRJ-1001")]["status"] == "closed"


@pytest.mark.req("S3")
def test_an_installation_without_a_crm_lets_its_psa_own_projects() -> None:
    firm = Firm(FLOWS, {Role.ERP: "netsuite", Role.PSA: "csv"})
    told = {"ref": examples.ref("project", "PC2", "csv"), "code": "PC2", "name": "Two", "currency": "GBP"}
    firm.hear(examples.event("tieout.project.changed", "project:PC2", told, 1, "csv"))
    firm.hear(examples.event("tieout.project.changed", "project:PC2", {**told, "name": "Two, renamed"}, 2, "csv"))
    assert firm.held(Role.ERP, "project")["PC2"].body.name == "Two, renamed"


@pytest.mark.req("F2")
def test_a_person_becomes_employee_and_user_and_their_cost_rate_is_known(firm: Firm) -> None:
    firm.hear(examples.person())
    assert set(firm.held(Role.ERP, "resource")) == set(firm.held(Role.PSA, "resource")) == {"E-1007"}
    assert firm.facts[("resource", "E-1007")]["cost_rate"] == examples.money("62.50")
    [trail] = firm.hear(examples.person(version=2, system="kantata", cost_rate=examples.money("10.00")))
    assert (trail.error.code, trail.error.field) == ("not-owner", "cost_rate")


@pytest.mark.req("F2", "E1")
def test_a_system_is_not_told_its_own_change(firm: Firm) -> None:
    firm.hear(examples.customer(), examples.sale())
    firm.writes.clear()
    firm.hear(examples.charge_code(version=2, active=False))
    assert firm.writes == []
    assert firm.facts[("charge_code", "PRJ-1001.010")]["active"] is False


@pytest.mark.req("F2", "E7")
def test_an_older_version_arriving_late_changes_nothing(firm: Firm) -> None:
    firm.hear(examples.customer(version=5), examples.customer(version=4, name="Old name"))
    assert firm.facts[("customer", "C-1001")]["name"] == "Nordwind GmbH"
    assert firm.held(Role.ERP, "customer")["C-1001"].body.name == "Nordwind GmbH"


@pytest.mark.req("M2")
def test_one_project_code_in_two_spellings_is_one_project() -> None:
    firm = Firm(FLOWS, {Role.ERP: "netsuite", Role.PSA: "csv"})
    for code in ("PRJ-1", "prj 1"):
        firm.hear(
            examples.event(
                "tieout.project.changed",
                f"project:{code}",
                {"ref": examples.ref("project", code, "csv"), "code": code, "name": "One", "currency": "EUR"},
                1,
                "csv",
            )
        )
    assert firm.links[("csv", "project", "prj 1")] == "PRJ-1"
    assert list(firm.held(Role.ERP, "project")) == ["PRJ-1"]


@pytest.mark.req("M2", "E7")
def test_records_that_may_name_one_company_are_handled_in_turn() -> None:
    aggregate = next(flow for flow in FLOWS if flow.name == "master-data").aggregate
    assert aggregate(examples.customer()) == aggregate(examples.customer("001Z", "9", name="Other name"))
    assert aggregate(examples.customer(tax_id=None)) == aggregate(
        examples.customer("001Z", tax_id=None, name="NORDWIND G.m.b.H.")
    )
    assert aggregate(examples.customer()) != aggregate(examples.customer("001Z", tax_id="DE77"))
    assert aggregate(examples.person()) == "resource:E-1007"


@pytest.mark.req("M2", "X4")
def test_two_companies_with_one_number_in_one_crm_are_a_clash_until_one_has_its_own(firm: Firm) -> None:
    firm.hear(examples.customer())
    other = {"name": "Pemberton Foods Ltd", "country": "GB", "tax_id": "GB777"}
    [trail] = firm.hear(examples.customer("001B", **other))
    assert (trail.state, trail.error.code, trail.error.field) == ("dead", "customer-clash", "number")
    assert "001A" in str(trail.error) and list(firm.held(Role.ERP, "customer")) == ["C-1001"]
    [mended] = firm.hear(examples.customer("001B", "UK-1001", version=2, **other))
    assert mended.state == "settled" and set(firm.held(Role.ERP, "customer")) == {"C-1001", "C-UK-1001"}
    assert firm.links[("salesforce", "customer", "001B")] == "C-UK-1001"


@pytest.mark.req("M2")
def test_two_crms_number_their_customers_each_for_itself(firm: Firm) -> None:
    firm.hear(examples.customer())
    told = examples.customer("9", name="Pemberton Foods Ltd", country="GB", tax_id="GB777")
    told.data["ref"]["system"] = "hubspot"
    firm.hear(told)
    assert set(firm.held(Role.ERP, "customer")) == {"C-1001", "C-1001.hubspot"}
    firm.hear(examples.customer("001A", "2002", version=3))
    assert firm.links[("salesforce", "customer", "001A")] == "C-1001", "renumbered, and still who it was"


@pytest.mark.req("M2")
def test_a_customer_that_an_older_release_named_by_its_digits_keeps_its_name(firm: Firm) -> None:
    firm.hear(examples.customer(number="CUST-001042"))
    ours = firm.facts.pop(("customer", "C-CUST-001042"))
    firm.facts[("customer", "C-001042")] = {**ours, "customer_id": "C-001042"}
    firm.links[("salesforce", "customer", "001A")] = "C-001042"
    firm.hear(examples.customer(number="CUST-001042", version=2, name="Nordwind renamed"))
    assert firm.links[("salesforce", "customer", "001A")] == "C-001042"
    assert firm.facts[("customer", "C-001042")]["name"] == "Nordwind renamed"


@pytest.mark.req("M2")
def test_two_companies_that_an_older_release_took_for_one_by_their_digits_part(firm: Firm) -> None:
    firm.hear(examples.customer(number="DE-1001"))
    firm.links[("salesforce", "customer", "001B")] = "C-DE-1001"
    told = {"name": "Pemberton Foods Ltd", "country": "GB", "tax_id": "GB777"}
    firm.hear(examples.customer("001B", "UK-1001", version=2, **told))
    assert firm.links[("salesforce", "customer", "001B")] == "C-UK-1001"
    assert firm.facts[("customer", "C-DE-1001")]["name"] == "Nordwind GmbH"


@pytest.mark.req("M2")
def test_a_second_company_that_was_identified_side_by_side_is_refused_before_it_overwrites(firm: Firm) -> None:
    firm.hear(examples.customer())
    del firm.facts[("customer", "C-1001")]
    second = examples.customer("001B", name="Pemberton Foods Ltd", country="GB", tax_id="GB777")
    [flow] = [flow for flow in FLOWS if flow.name == "master-data"]
    identify, learn = flow.steps[:2]
    trail = Trail(second, flow, dict(second.data))
    trail.payload = dict(identify.apply(dict(second.data), Desk(firm, trail, identify)).payload)
    firm.hear(examples.customer(version=2))
    with pytest.raises(Rejected, match="two companies"):
        learn.apply(dict(trail.payload), Desk(firm, trail, learn))


@pytest.mark.req("M2")
def test_one_person_in_two_hcms_is_one_and_a_worker_number_is_each_ones_own(firm: Firm) -> None:
    firm.hear(examples.person("1001", email="ada@firm.example"))
    firm.hear(examples.person("1001", system="workday-uk", name="Charles Babbage", email="cb@firm.example"))
    assert set(firm.held(Role.PSA, "resource")) == {"1001", "1001.workday-uk"}
    firm.hear(examples.person("1001", system="workday-us", name="Ada B.", email="ADA@firm.example"))
    assert firm.links[("workday-us", "resource", "1001")] == "1001"
    firm.hear(examples.person("1001", version=2, system="workday-uk", name="Ch. Babbage", email="cb@firm.example"))
    assert firm.facts[("resource", "1001.workday-uk")]["name"] == "Ch. Babbage"
    assert firm.facts[("resource", "1001")]["name"] == "Ada B."


@pytest.mark.req("M2", "F2")
def test_of_two_accounts_that_were_merged_the_one_that_stands_speaks_for_the_customer(firm: Firm) -> None:
    firm.hear(examples.customer(), examples.customer("001Z", "9999", name="NORDWIND"))
    firm.hear(examples.customer("001Z", "9999", version=2, name="NORDWIND", active=False))
    assert firm.held(Role.ERP, "customer")["C-1001"].body.active, "the second face left, the customer stays"
    firm.hear(examples.customer("001Z", "9999", version=3, name="NORDWIND"))
    firm.hear(examples.customer(version=4, active=False), examples.customer("001Z", "9999", version=5, name="Nordwind"))
    held = firm.held(Role.ERP, "customer")
    assert list(held) == ["C-1001"] and (held["C-1001"].body.active, held["C-1001"].body.name) == (True, "Nordwind")
