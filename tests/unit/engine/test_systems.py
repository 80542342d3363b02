"""The connected systems: a connector each, found by role and legal entity (S1, S5)."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from integrations.contracts import Role, SystemConfig
from integrations.engine.landscape import Landscape
from integrations.engine.systems import connect, installed
from models.catalogue.webhook import Webhook
from models.domain.clock import SystemClock
from models.domain.errors import Misconfigured
from models.settings import Settings
from tests.catalogues import schemes
from tests.unit.engine.hostile import Hostile


@pytest.mark.req("N4")
def test_an_unknown_vendor_is_a_fault_of_the_systems_file_like_any_other(tmp_path: Path) -> None:
    """N4: in the one message, beside a flow without a line and a variable that is not set."""
    (tmp_path / "systems.toml").write_text(
        '[[system]]\nname = "a"\nvendor = "sape"\nrole = "erp"\n[system.credentials]\ntoken = "NOT_SET"\n'
    )
    with pytest.raises(Misconfigured, match=r"(?s)system a: vendor 'sape' is none of csv, .*set the .* NOT_SET"):
        installed(Settings.model_validate({"systems": tmp_path / "systems.toml"}), {})


def test_a_vendor_without_a_connector_is_named() -> None:
    """N4: the system and its vendor are named."""
    with pytest.raises(Misconfigured, match=r"nobody.*'no_such_vendor'"):
        connect([SystemConfig("nobody", "no_such_vendor", Role.CRM, "http://x")], SystemClock())


@pytest.mark.req("C3", "N4")
def test_webhooks_that_no_connector_reads_are_told_at_the_start() -> None:
    """C3: each delivery would be a dead letter; a vendor that declares them, and one that sends none, connect."""
    webhook = Webhook(schemes()["jira"], ("HOOK",))
    planview = SystemConfig("planview", "ppm", Role.PPM, "http://x", (), {"token": "a token"})
    assert set(connect([planview], SystemClock())) == {"planview"}
    with pytest.raises(Misconfigured, match="planview: the connector of ppm declares no webhooks"):
        connect([replace(planview, webhook=webhook)], SystemClock())


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
