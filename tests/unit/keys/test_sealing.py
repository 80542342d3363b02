"""What tells a rate, pay or a contract value is sealed wherever it stands in a body, and nothing else is (G2)."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from models.canonical.classification import DataClass
from models.keys.keyring import PREFIX, SEALED, Keyring
from models.keys.sealing import masked_text, opened, opened_text, sealed, subjects
from models.settings import Settings

TIME = {
    "ref": {"system": "psa", "id": "9"},
    "resource_number": "R-1",
    "project_code": "PRJ-1",
    "hours": "7.5",
    "billable": True,
    "bill_rate": {"amount": "120.00", "currency": "EUR"},
    "cost_rate": {"amount": "61.50", "currency": "EUR"},
    "notes": "at 61.50",
}
CONTRACT = {
    "value": {"amount": "90000.00", "currency": "GBP"},
    "cap": None,
    "milestones": [{"milestone_id": "1", "name": "Design", "amount": {"amount": "30000.00", "currency": "GBP"}}],
}


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Keyring:
    return Keyring(Settings(home=tmp_path_factory.mktemp("home")))


def flat(value: Any, path: str = "") -> dict[str, Any]:
    if not isinstance(value, dict | list):
        return {path: value}
    pairs = value.items() if isinstance(value, dict) else enumerate(value)
    return {inner: leaf for key, held in pairs for inner, leaf in flat(held, f"{path}.{key}").items()}


@pytest.mark.req("G2")
@pytest.mark.parametrize(
    ("entity", "body", "hidden"),
    [
        ("time_entry", TIME, {".bill_rate.amount", ".cost_rate.amount"}),
        ("time_entry", {"data": TIME}, {".data.bill_rate.amount", ".data.cost_rate.amount"}),
        ("contract", CONTRACT, {".value.amount", ".milestones.0.amount.amount"}),
        ("invoice", {"lines": [{"amount": {"amount": "5", "currency": "EUR"}}]}, {".lines.0.amount.amount"}),
        ("project", {"target_margin": "0.35", "name": "Rollout"}, {".target_margin"}),
        ("resource", {"name": "Anna", "base_pay": 5000.5, "bonus_cents": 12}, {".base_pay", ".bonus_cents"}),
        ("exchange_rate", {"rate": "1.08", "base": "EUR"}, set()),
        ("expense", {"amount": {"amount": "30.00", "currency": "EUR"}}, set()),
    ],
)
def test_the_classified_values_of_a_body_are_sealed_and_come_back_as_they_were(
    keys: Keyring, entity: str, body: dict[str, Any], hidden: set[str]
) -> None:
    closed = sealed(keys, body, entity, "own")
    assert {path for path, leaf in flat(closed).items() if SEALED.fullmatch(str(leaf))} == hidden
    assert {path: leaf for path, leaf in flat(closed).items() if path not in hidden} == {
        path: leaf for path, leaf in flat(body).items() if path not in hidden
    }
    assert opened(keys, closed) == body
    text = orjson.dumps(closed).decode()
    assert opened_text(keys, text) == orjson.dumps(body).decode()
    assert PREFIX not in masked_text(text, "•••") and masked_text(text, "•••").count("•••") == len(hidden)


def test_a_rate_is_of_the_person_beside_it_and_a_value_of_the_contract(keys: Keyring) -> None:
    assert subjects(iter([(TIME, "time_entry", "T-1")])) == {("person", "R-1")}
    assert subjects(iter([(CONTRACT, "contract", "CT-1")])) == {("contract", "CT-1")}
    assert subjects(iter([({**CONTRACT, "project_code": "P"}, "contract", "CT-1")])) == {("contract", "P")}
    assert subjects(iter([({"cost_rate": "1"}, "resource", "R-7"), ({"bill_rate": "1"}, "project", "P")])) == {
        ("person", "R-7"),
        ("contract", "P"),
    }


def test_what_a_source_sends_in_the_form_of_a_sealed_value_opens_nothing(keys: Keyring) -> None:
    stolen = sealed(keys, TIME, "time_entry", "own")["cost_rate"]["amount"]
    closed = sealed(keys, {"notes": f"see {stolen}", "cost_rate": stolen}, "time_entry", "own")
    assert stolen not in str(closed) and "61.50" not in str(opened(keys, closed))


@pytest.mark.req("G2")
def test_who_is_cleared_for_one_class_opens_no_other(keys: Keyring) -> None:
    body = {"base_pay": "5433.21", "cost_rate": "61.50"}
    closed = orjson.dumps(sealed(keys, body, "resource", "R-1")).decode()
    told = orjson.loads(opened_text(keys, closed, frozenset({DataClass.LABOUR_RATE})))
    assert told["cost_rate"] == "61.50" and SEALED.fullmatch(told["base_pay"])
