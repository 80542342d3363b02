"""M1, M3: published shapes stay readable, older events are brought up, sensitive fields are classed."""

import copy
from typing import get_args

import pytest

from models.canonical import registry
from models.canonical.classification import DataClass, masked, sensitive_names
from models.canonical.events import CloudEvent, data_of, dataschema, upcast
from models.canonical.registry import breaches, incompatibilities, published, shape_of, upcast_data
from models.canonical.schemas import SCHEMAS, Customer
from models.domain.errors import Unmappable
from tests.unit.flows import examples


@pytest.mark.req("M1", "M3")
def test_every_schema_is_published_as_it_is_now() -> None:
    now = {entity: {str(schema.version): shape_of(schema)} for entity, schema in SCHEMAS.items()}
    for entity, versions in now.items():
        for version, shape in versions.items():
            assert published()[entity][version] == shape, (
                f"{entity} {version} changed: add its shape to published.json, as a new version if it breaks"
            )


NAMED = {
    "customer": {"parent_id"},
    "project": {"tasks"},
    "task": {"parent_id"},
    "contract": {"contract_version", "statement_of_work", "billing_rules"},
    "statement_of_work": {"number", "expires_on"},
    "resource": {"skills"},
    "legal_entity": {"currency"},
    "dimensions": {"cost_centre", "service_line", "practice", "region"},
    "charge_code": {"code"},
    "assignment": {"resource_id"},
    "resource_demand": {"role", "hours"},
    "rate": {"kind", "per_hour"},
    "time_entry": {"hours", "cost_rate", "bill_rate"},
    "expense": {"amount"},
    "milestone": {"amount"},
    "billing_rule": {"kind"},
    "billing_event": {"amount"},
    "invoice": {"lines"},
    "revenue_schedule": {"recognised"},
    "budget": {"value"},
    "forecast": {"revenue_at_completion", "cost_at_completion"},
    "portfolio_gate": {"decision"},
}
"""What M1 names, in its order, with the fields of what it names beside it: a hierarchy, a structure, a version."""


@pytest.mark.req("M1")
def test_every_object_that_the_requirement_names_has_a_schema() -> None:
    assert NAMED.keys() <= SCHEMAS.keys()
    short = {name: fields - SCHEMAS[name].model_fields.keys() for name, fields in NAMED.items()}
    assert {name: fields for name, fields in short.items() if fields} == {}
    assert get_args(SCHEMAS["rate"].model_fields["kind"].annotation) == ("cost", "bill")
    assert all(SCHEMAS[name].version >= 1 for name in NAMED)


@pytest.mark.req("M3")
def test_the_present_schemas_read_everything_that_was_published() -> None:
    assert incompatibilities() == []


@pytest.mark.req("M3")
def test_what_would_break_a_reader_is_named() -> None:
    before = shape_of(Customer)
    after = copy.deepcopy({name: dict(field) for name, field in before.items()})
    del after["number"]
    after["country"]["required"] = True
    after["name"]["type"] = {"type": "integer"}
    after["segment"] = {"type": {"type": "string"}, "required": True}
    after["nickname"] = {"type": {"type": "string"}, "required": False}
    assert breaches(before, after) == [
        "number: removed",
        "name: retyped",
        "country: now required",
        "segment: new and required",
    ]


@pytest.mark.req("M3")
def test_a_removed_schema_and_a_missing_upcast_are_named() -> None:
    class Customer2(Customer):
        version = 2

    assert incompatibilities({**SCHEMAS, "customer": Customer2}) == ["customer 1: no upcast leads to version 2"]
    assert incompatibilities({**SCHEMAS, "customer": Customer2}, {("customer", 1): dict}) == []
    assert "invoice 1: the schema was removed" in incompatibilities(
        {key: schema for key, schema in SCHEMAS.items() if key != "invoice"}
    )


@pytest.mark.req("M3")
def test_an_older_event_is_brought_up_on_reading(monkeypatch: pytest.MonkeyPatch) -> None:
    class Customer2(Customer):
        version = 2

    monkeypatch.setitem(SCHEMAS, "customer", Customer2)
    monkeypatch.setitem(
        registry.UPCASTS,
        ("customer", 1),
        lambda data: {**{k: v for k, v in data.items() if k != "title"}, "name": data["title"]},
    )
    event = examples.customer().model_copy(update={"dataschema": "tieout:customer:1"})
    old = event.model_copy(
        update={"data": {**{k: v for k, v in event.data.items() if k != "name"}, "title": "Nordwind"}}
    )
    assert data_of(old).name == "Nordwind"  # type: ignore[attr-defined]
    assert upcast(old).dataschema == dataschema("customer") == "tieout:customer:2"
    assert old.data["title"] == "Nordwind"


@pytest.mark.req("M3", "N4")
@pytest.mark.parametrize(
    "stated", ["tieout:customer:9", "tieout:project:1", "customer", "tieout:customer:0", "tieout:customer:x"]
)
def test_a_version_nobody_can_read_is_refused_with_the_remedy(stated: str) -> None:
    with pytest.raises(Unmappable, match="this release reads tieout:customer:1") as caught:
        upcast_data("customer", stated, {})
    assert caught.value.code == "unknown-event-version"


@pytest.mark.req("S8", "N4")
def test_drift_names_the_field() -> None:
    event = examples.customer()
    with pytest.raises(Unmappable) as new:
        data_of(event.model_copy(update={"data": {**event.data, "shoe_size": 43}}))
    assert (new.value.path, new.value.code) == ("data.shoe_size", "schema-violation")
    unknown = CloudEvent(**{**event.model_dump(), "type": "tieout.zebra.born"})
    with pytest.raises(Unmappable, match="register it"):
        data_of(unknown)


@pytest.mark.req("G2", "M4")
def test_rates_pay_and_contract_values_are_classed_and_masked() -> None:
    hidden = sensitive_names(list(SCHEMAS.values()))
    assert (hidden["cost_rate"], hidden["base_pay"], hidden["value"]) == (
        DataClass.LABOUR_RATE,
        DataClass.COMPENSATION,
        DataClass.CONTRACT_VALUE,
    )
    seen = masked(
        {"cost_rate": {"amount": "62.50"}, "hours": "8", "lines": [{"value": 1}]},
        hidden,
        frozenset({DataClass.CONTRACT_VALUE}),
    )
    assert seen == {"cost_rate": "•••", "hours": "8", "lines": [{"value": 1}]}
