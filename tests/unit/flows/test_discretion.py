"""G2, G3: what not everybody may read is never in a message, which everybody reads."""

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import pytest

from integrations.flows.shaping import shaped
from models.canonical.classification import sensitive_names
from models.canonical.schemas import SCHEMAS
from models.domain.errors import Rejected, Unmappable
from tests.unit.flows import examples
from tests.unit.flows.harness import FLOWS, Firm

SECRET = Decimal("77123.45")
HIDDEN = sensitive_names(list(SCHEMAS.values()))


@pytest.fixture
def firm() -> Firm:
    made = Firm(FLOWS)
    made.links |= {("kantata", "project", "kantata-1"): "PRJ-1001", ("kantata", "resource", "kantata-u1"): "E-1007"}
    made.hear(examples.customer(), examples.person(), examples.sale())
    return made


def project(**told: Any) -> Any:
    data = {
        "ref": examples.ref("project", "12", "netsuite"),
        "code": "PRJ-1001",
        "name": "Work PRJ-1001",
        "currency": "EUR",
        **told,
    }
    return examples.event("tieout.project.changed", "project:PRJ-1001", data, 5, "netsuite")


@pytest.mark.req("G2", "G3", "S3")
@pytest.mark.parametrize(
    ("told", "field"),
    [
        (examples.person(version=2, system="kantata", cost_rate=examples.money(str(SECRET))), "cost_rate"),
        (
            examples.person(version=2, system="kantata", cost_rate=None, base_pay=examples.money(str(SECRET))),
            "base_pay",
        ),
        (project(budget_value=examples.money(str(SECRET))), "budget_value"),
        (project(manager="Ada Lovelace 77123.45"), "manager"),
    ],
)
def test_a_refused_write_over_a_guarded_attribute_names_it_and_shows_no_value(
    firm: Firm, told: Any, field: str
) -> None:
    entity = told.type.split(".")[1]
    identity = next(name for kind, name in firm.facts if kind == entity)
    held = firm.facts[(entity, identity)]
    before = {
        "cost_rate": examples.money("62.50"),
        "base_pay": examples.money("88000.00"),
        "budget_value": examples.money("88000.00"),
        "manager": "Mary Somerville",
    }
    firm.facts[(entity, identity)] = {**held, field: before[field]}
    [trail] = firm.hear(told)
    assert isinstance(trail.error, Rejected) and (trail.error.code, trail.error.field) == ("not-owner", field)
    assert not {*shown(before[field]), "77123.45", "Lovelace"} & {
        *re.findall(r"[A-Z][a-z]+|[0-9]+[.][0-9]+", str(trail.error))
    }


@pytest.mark.req("S3")
def test_a_value_that_everybody_may_read_is_shown(firm: Firm) -> None:
    [trail] = firm.hear(project(name="Renamed in finance"))
    assert "'Work PRJ-1001' to 'Renamed in finance'" in str(trail.error)


@pytest.mark.req("G2", "M4")
@pytest.mark.parametrize("rate", ["bill_rate", "cost_rate"])
def test_a_rate_without_a_currency_is_refused_without_telling_it(firm: Firm, rate: str) -> None:
    [trail] = firm.hear(examples.hours())
    trail.payload[rate] = {"amount": str(SECRET)}
    firm.facts[("resource", "E-1007")] = {**firm.facts[("resource", "E-1007")], "cost_rate": trail.payload["cost_rate"]}
    again = firm.replay(trail, {rate: {"amount": str(SECRET)}})
    assert isinstance(again.error, Unmappable) and again.error.path == f"{rate}.currency"
    assert str(SECRET) not in str(again.error)


@pytest.mark.req("G2", "G3")
@pytest.mark.parametrize("entity", sorted(SCHEMAS))
def test_no_guarded_field_of_a_body_that_does_not_fit_shows_in_the_error(entity: str) -> None:
    for name in SCHEMAS[entity].model_fields.keys() & HIDDEN.keys():
        for spoilt in (
            f"{SECRET}",
            {"amount": f"{SECRET} euro", "currency": "EUR"},
            [f"{SECRET}"],
            {"amount": f"{SECRET}", "currency": "Pounds"},
        ):
            with pytest.raises(Unmappable) as caught:
                shaped(SCHEMAS[entity], {name: spoilt})
            assert str(SECRET) not in str(caught.value)


def shown(value: Any) -> set[str]:
    return {value["amount"]} if isinstance(value, Mapping) else set(str(value).split())
