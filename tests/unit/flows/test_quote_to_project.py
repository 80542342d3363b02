"""F1, E5: a governed sale becomes a project everywhere, and nothing half-made disturbs billing."""

from decimal import Decimal

import pytest

from integrations.contracts import Role
from models.domain.errors import Retriable
from tests.unit.flows import examples
from tests.unit.flows.harness import FLOWS, Firm


@pytest.fixture
def firm() -> Firm:
    made = Firm(FLOWS)
    made.hear(examples.customer())
    made.writes.clear()
    return made


@pytest.mark.req("F1")
def test_a_governed_sale_reaches_every_system_with_the_billing_contract_last(firm: Firm) -> None:
    trail = firm.hear(examples.sale())[0]
    assert trail.state == "settled"
    assert [(system, change.entity) for system, change in firm.writes] == [
        ("netsuite", "customer"),
        ("netsuite", "project"),
        ("kantata", "project"),
        ("planview", "project"),
        ("planview", "budget"),
        ("netsuite", "contract"),
        ("netsuite", "charge_code"),
        ("netsuite", "charge_code"),
    ]
    assert set(firm.held(Role.ERP, "charge_code")) == {"PRJ-1001.010", "PRJ-1001.020"}
    contract = firm.held(Role.ERP, "contract")["CT-PRJ-1001"]
    assert (contract.amount, contract.currency, contract.body.billing_rules[0].kind) == (
        Decimal("120000.00"),
        "EUR",
        "time_and_expenses",
    )
    budget = firm.held(Role.PPM, "budget")["PRJ-1001"].body
    assert (budget.cost.amount, budget.target_margin, budget.hours) == (
        Decimal("78000.00"),
        Decimal("0.35"),
        Decimal("800"),
    )
    assert [task["charge_code"] for task in firm.held(Role.PSA, "project")["PRJ-1001"].body["tasks"]] == [
        "PRJ-1001.010",
        "PRJ-1001.020",
    ]


@pytest.mark.req("F1")
def test_staffing_and_collaboration_hear_of_the_project(firm: Firm) -> None:
    firm.hear(examples.sale())
    told = {event.type: event for event in firm.events}
    assert told["tieout.resource_demand.raised"].data["demand"][0]["role"] == "Consultant"
    assert told["tieout.workspace.requested"].data["code"] == "PRJ-1001"
    assert told["tieout.workspace.requested"].legalentity == "NOV-DE"


@pytest.mark.req("F1", "E5")
@pytest.mark.parametrize(
    ("changes", "missing"),
    [
        ({"approved": False}, ["approved"]),
        ({"contract_type": None}, ["contract_type"]),
        ({"tax_profile": None}, ["tax_profile"]),
        ({"dimensions": {"legal_entity_id": "NOV-DE", "service_line": "Cloud"}}, ["dimensions.cost_centre"]),
        ({"dimensions": {"cost_centre": "CC-1"}}, ["dimensions.legal_entity_id", "dimensions.service_line"]),
    ],
)
def test_a_missing_mandatory_dimension_pauses_before_anything_is_written(
    firm: Firm, changes: dict, missing: list[str]
) -> None:
    trail = firm.hear(examples.sale(**changes))[0]
    assert (trail.state, trail.waits.what, trail.waits.missing, trail.waits.owner) == (
        "waiting",
        "project:PRJ-1001",
        missing,
        Role.CRM,
    )
    assert firm.writes == []


@pytest.mark.req("E5")
def test_a_paused_run_goes_on_with_the_newer_version_of_the_sale(firm: Firm) -> None:
    paused = firm.hear(examples.sale(tax_profile=None))[0]
    newer = firm.hear(examples.sale(version=2))[0]
    assert (paused.state, newer.state) == ("settled", "settled")
    assert paused.payload["tax_profile"] == "standard" and paused.payload["sale_version"] == 2
    assert len(firm.held(Role.ERP, "project")) == len(firm.held(Role.ERP, "contract")) == 1


@pytest.mark.req("E5", "M2")
def test_a_sale_waits_for_its_customer(firm: Firm) -> None:
    trail = firm.hear(examples.sale(customer_ref=examples.ref("customer", "001B")))[0]
    assert (trail.state, trail.waits.what) == ("waiting", "customer:salesforce:001B")
    firm.hear(examples.customer("001B", "1002", name="Südwind AG", tax_id="DE1002"))
    assert trail.state == "settled" and trail.payload["customer_id"] == "C-1002"


@pytest.mark.req("F1", "E1")
def test_a_failure_half_way_leaves_no_billing_contract_and_the_rest_goes_on_from_there(firm: Firm) -> None:
    firm.refuse = lambda system, change: Retriable("down") if system == "kantata" else None
    trail = firm.hear(examples.sale())[0]
    assert trail.state == "dead" and firm.held(Role.ERP, "contract") == {} and firm.held(Role.ERP, "project")
    firm.refuse = lambda system, change: None
    firm.writes.clear()
    assert firm.replay(trail, start=False).state == "settled"
    assert next((system, change.entity) for system, change in firm.writes) == ("kantata", "project")
    assert firm.held(Role.ERP, "contract")


@pytest.mark.req("E1")
def test_replaying_from_the_start_creates_nothing_a_second_time(firm: Firm) -> None:
    trail = firm.hear(examples.sale())[0]
    before = {system: set(held) for system, held in firm.targets.items()}
    firm.replay(trail)
    assert {system: set(held) for system, held in firm.targets.items()} == before
    assert firm.facts[("contract", "CT-PRJ-1001")]["contract_version"] == 1


@pytest.mark.req("F1")
def test_changed_terms_make_the_next_contract_version_and_keep_what_finance_closed(firm: Firm) -> None:
    firm.hear(examples.sale(), examples.charge_code(version=2, active=False))
    firm.hear(examples.sale(version=3, value=examples.money("150000.00")))
    assert firm.held(Role.ERP, "contract")["CT-PRJ-1001"].body.contract_version == 2
    assert firm.facts[("charge_code", "PRJ-1001.010")]["active"] is False


@pytest.mark.req("M2", "X4")
def test_a_project_code_of_another_customers_sale_is_refused(firm: Firm) -> None:
    firm.hear(examples.customer("001B", "1002", name="Südwind AG", tax_id="DE1002"), examples.sale())
    other = examples.sale(
        version=2, ref=examples.ref("opportunity", "006-other"), customer_ref=examples.ref("customer", "001B")
    )
    trail = firm.hear(other)[0]
    assert (trail.error.code, trail.error.field) == ("project-code-taken", "project_code")


@pytest.mark.req("M2", "F1")
def test_a_sale_brings_no_second_record_of_a_customer_into_the_erp(firm: Firm) -> None:
    """Two accounts identified side by side: the sale of the second is refused by the same rule as its master record."""
    twin = examples.customer("001Z", "9999", name="Nordwind", tax_id=None)
    firm.facts[("customer", "C-9999")] = {**twin.data, "customer_id": "C-9999", "source_version": 1}
    firm.links[("salesforce", "customer", "001Z")] = "C-9999"
    trail = firm.hear(examples.sale(customer_ref=examples.ref("customer", "001Z")))[0]
    assert (trail.state, trail.error and trail.error.code) == ("dead", "customer-duplicate-suspected")
    assert list(firm.held(Role.ERP, "customer")) == ["C-1001"] and not firm.held(Role.ERP, "project")


@pytest.mark.req("S4")
def test_installations_without_some_roles_do_what_they_can() -> None:
    firm = Firm(FLOWS, {Role.CRM: "salesforce", Role.ERP: "netsuite"})
    firm.hear(examples.customer(), examples.sale())
    assert {trail.state for trail in firm.trails} == {"settled"}
    assert set(firm.held(Role.ERP, "contract")) == {"CT-PRJ-1001"}


@pytest.mark.req("G2")
def test_the_value_at_stake_is_the_contract_value(firm: Firm) -> None:
    trail = firm.hear(examples.sale(tax_profile=None))[0]
    assert trail.flow.money(trail.payload) == (Decimal("120000.00"), "EUR")


@pytest.mark.req("M2", "X4")
def test_a_second_sale_with_a_taken_code_overwrites_nothing_until_it_has_its_own(firm: Firm) -> None:
    firm.hear(examples.sale())
    before = {system: dict(held) for system, held in firm.targets.items()}
    known = dict(firm.facts)
    second = {"ref": examples.ref("opportunity", "006-second"), "name": "Another", "value": examples.money("999999.00")}
    trail = firm.hear(examples.sale(version=9, **second))[0]
    assert (trail.state, trail.error.code, trail.error.field) == ("dead", "project-code-taken", "project_code")
    assert firm.targets == before and firm.facts == known, "order, job, budget and what is known stay the first sale's"
    mended = firm.hear(examples.sale("PRJ-2002", version=10, **second))[0]
    assert mended.state == "settled" and set(firm.held(Role.ERP, "project")) == {"PRJ-1001", "PRJ-2002"}
    replaced = firm.replay(trail, {"ref": examples.ref("opportunity", "006-PRJ-1001")})
    assert replaced.state == "settled", "a person says that it is a new version of the first sale"
    assert firm.held(Role.ERP, "contract")["CT-PRJ-1001"].amount == Decimal("999999.00")


@pytest.mark.req("M2")
def test_a_sale_that_is_set_up_keeps_its_code_and_its_company(firm: Firm) -> None:
    firm.hear(examples.sale())
    kept = examples.ref("opportunity", "006-PRJ-1001")
    recoded = firm.hear(examples.sale("PRJ-9", version=3, ref=kept))[0]
    assert (recoded.error.code, recoded.error.field) == ("project-recoded", "project_code")
    dimensions = {**examples.sale().data["dimensions"], "legal_entity_id": "NOV-UK"}
    moved = firm.hear(examples.sale(version=4, dimensions=dimensions))[0]
    assert (moved.error.code, moved.error.field) == ("entity-moved", "dimensions.legal_entity_id")
    assert "NOV-DE" in str(moved.error) and "NOV-UK" in str(moved.error)
    assert set(firm.held(Role.ERP, "project")) == {"PRJ-1001"}
    firm.facts[("project", "PRJ-1001")] = {**firm.facts[("project", "PRJ-1001")], "status": "closed"}
    assert firm.replay(recoded).state == "settled", "the first project has ended"
    again = firm.hear(examples.sale(version=5, ref=examples.ref("opportunity", "006-next")))[0]
    assert again.state == "settled", "the code that the sale has left is free"


@pytest.mark.req("M2", "F1")
def test_a_sale_that_moves_to_another_customer_is_followed(firm: Firm) -> None:
    firm.hear(examples.customer("001B", "1002", name="Südwind AG", tax_id="DE1002"), examples.sale())
    firm.hear(examples.sale(version=3, customer_ref=examples.ref("customer", "001B")))
    own = firm.targets["netsuite"]["C-1002"]["system_id"]
    assert firm.held(Role.ERP, "project")["PRJ-1001"].refs["customer"] == own
    assert firm.held(Role.ERP, "contract")["CT-PRJ-1001"].refs["customer"] == own
