"""S3: who owns which attribute, by legal entity, and what counts as a trespass."""

import pytest

from tests.catalogues import demonstration

OWNERSHIP = demonstration().ownership
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
    assert OWNERSHIP.owner(entity, attribute, ALL) == owner


@pytest.mark.req("S3")
def test_a_rule_for_a_legal_entity_beats_the_general_one() -> None:
    assert OWNERSHIP.owner("customer", "tax_profile", ALL, "NOV-US") == "erp"
    assert OWNERSHIP.owner("customer", "tax_profile", ALL, "NOV-DE") == "crm"


@pytest.mark.req("S3", "S5")
def test_the_first_owner_that_is_connected_owns() -> None:
    assert OWNERSHIP.owner("project", "name", ("psa", "erp")) == "psa"
    assert OWNERSHIP.owner("resource", "cost_rate", ("psa", "erp")) is None
    assert OWNERSHIP.owners("zebra", "name") == ()


@pytest.mark.req("S3")
def test_only_a_differing_value_over_a_known_one_is_a_trespass() -> None:
    known = {"name": "A", "status": "active", "manager": None}
    sent = {"name": "B", "status": "closed", "manager": "Ada", "currency": "EUR"}
    found = OWNERSHIP.trespasses("project", known, sent, "erp", ALL)
    assert [(one.attribute, one.owner, one.known, one.sent) for one in found] == [("name", "crm", "A", "B")]
    assert OWNERSHIP.trespasses("project", known, {"name": None, "status": "active"}, "psa", ALL) == []
