"""S3: who owns which attribute, by legal entity, and what counts as a trespass."""

from pathlib import Path

import pytest

from models.domain.ownership import owner_of, owners_of, ownership_map, trespasses

ALL = ("crm", "erp", "psa", "ppm", "hcm")


@pytest.mark.req("S3")
@pytest.mark.parametrize(
    ("entity", "attribute", "owner"),
    [
        ("customer", "name", "crm"),
        ("project", "name", "crm"),
        ("project", "status", "erp"),
        ("contract", "value", "crm"),
        ("resource", "cost_rate", "hcm"),
        ("time_entry", "approval", "psa"),
        ("contract", "billing_status", "erp"),
        ("invoice", "status", "erp"),
    ],
)
def test_the_map_names_the_owner_of_each_kind_of_attribute(entity: str, attribute: str, owner: str) -> None:
    assert owner_of(entity, attribute, ALL) == owner


@pytest.mark.req("S3")
def test_a_rule_for_a_legal_entity_beats_the_general_one() -> None:
    assert owner_of("customer", "tax_profile", ALL, "NOV-US") == "erp"
    assert owner_of("customer", "tax_profile", ALL, "NOV-DE") == "crm"


@pytest.mark.req("S3", "S5")
def test_the_first_owner_that_is_connected_owns() -> None:
    assert owner_of("project", "name", ("psa", "erp")) == "psa"
    assert owner_of("resource", "cost_rate", ("psa", "erp")) is None
    assert owners_of("zebra", "name") == ()


@pytest.mark.req("S3")
def test_only_a_differing_value_over_a_known_one_is_a_trespass() -> None:
    known = {"name": "A", "status": "active", "manager": None}
    told = {"name": "B", "status": "closed", "manager": "Ada", "currency": "EUR"}
    found = trespasses("project", known, told, "erp", ALL)
    assert [(one.attribute, one.owner, one.known, one.told) for one in found] == [("name", "crm", "A", "B")]
    assert trespasses("project", known, {"name": None, "status": "active"}, "psa", ALL) == []


@pytest.mark.req("S3")
def test_a_rule_with_a_wrong_key_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "map.toml"
    file.write_text('[[rule]]\nentity = "x"\nattributes = ["*"]\nowner = ["crm"]\nwhy = "w"\n')
    with pytest.raises(TypeError, match="owner"):
        ownership_map(file)
