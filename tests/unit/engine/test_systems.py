"""The connected systems: a connector each, found by role and legal entity (S1, S5)."""

from __future__ import annotations

import pytest

from integrations.contracts import Role, SystemConfig
from integrations.engine.landscape import Landscape
from integrations.engine.systems import connect
from models.domain.clock import SystemClock
from models.domain.errors import Misconfigured
from tests.unit.engine.hostile import Hostile


def test_a_vendor_without_a_connector_is_named() -> None:
    """N4: the system and its vendor are named."""
    with pytest.raises(Misconfigured, match=r"nobody.*'no_such_vendor'"):
        connect([SystemConfig("nobody", "no_such_vendor", Role.CRM, "http://x")], SystemClock())


@pytest.mark.req("S5")
def test_two_systems_of_one_kind_by_legal_entity() -> None:
    """S5: the named system before the one that serves all; without a legal entity only a single player is clear."""
    landscape = Landscape(
        [
            Hostile("first", legal_entities=("NOV-DE",)),
            Hostile("second", legal_entities=("NOV-UK",)),
            Hostile("crm", Role.CRM),
        ]
    )
    assert landscape.system_of(Role.ERP, "NOV-DE") == "first" and landscape.system_of(Role.ERP, "NOV-UK") == "second"
    assert landscape.system_of(Role.CRM, None) == "crm"
    for asked in ((Role.ERP, "NOV-US"), (Role.ERP, None), (Role.HCM, "NOV-DE")):
        with pytest.raises(KeyError, match="no system plays"):
            landscape.system_of(*asked)


@pytest.mark.req("S4")
def test_a_role_that_no_packaged_flow_names_is_played_like_any_other() -> None:
    """S4: kinds of systems are data; a flow asks for `Role("payroll")` as it asks for `Role.ERP`."""
    landscape = Landscape([Hostile("adp", Role("payroll")), Hostile("erp", Role.ERP, legal_entities=("NOV-DE",))])
    assert landscape.system_of(Role("payroll"), "NOV-DE") == "adp"
    assert landscape.played("NOV-DE") == {"payroll": "adp", "erp": "erp"}
    assert landscape.played("NOV-UK") == {"payroll": "adp"}
