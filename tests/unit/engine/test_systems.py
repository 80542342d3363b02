"""The systems file: every fault in one message, secrets from the environment only (S1, S5, S7, G3)."""

from __future__ import annotations

from pathlib import Path

import pytest

from integrations.contracts import Policy, Role, SystemConfig
from integrations.engine.landscape import Landscape
from integrations.engine.systems import connect, load_systems
from models.domain.clock import SystemClock
from models.domain.errors import Misconfigured
from tests.unit.engine.hostile import Hostile

GOOD = """
[[system]]
name = "netsuite"
vendor = "netsuite"
role = "erp"
base_url = "http://127.0.0.1:${PORT:8600}/netsuite"
legal_entities = ["NOV-DE"]
[system.credentials]
token = "NETSUITE_TOKEN"
[system.options]
folder = "${SYSTEMS_FOLDER}/in"
[system.policy]
rate = 5
concurrency = 2
[system.policy.production]
rate = 1
"""


def loaded(tmp_path: Path, text: str, **environment: str) -> list[SystemConfig]:
    (tmp_path / "systems.toml").write_text(text)
    return load_systems(tmp_path / "systems.toml", environment)


@pytest.mark.req("S7", "G3")
def test_a_system_is_read_with_its_environment(tmp_path: Path) -> None:
    """S7: the policy of the environment wins; G3: the secret comes from the environment and shows nowhere."""
    (sandbox,) = loaded(tmp_path, GOOD, NETSUITE_TOKEN="s3cret")
    assert (sandbox.role, sandbox.base_url, sandbox.legal_entities) == (
        Role.ERP,
        "http://127.0.0.1:8600/netsuite",
        ("NOV-DE",),
    )
    assert sandbox.policy == Policy(rate=5.0, concurrency=2) and sandbox.options == {"folder": f"{tmp_path}/in"}
    assert sandbox.credentials == {"token": "s3cret"} and "s3cret" not in repr(sandbox)
    (production,) = loaded(tmp_path, GOOD, NETSUITE_TOKEN="s3cret", PORT="9", TIEOUT_ENVIRONMENT="production")
    assert (production.policy.rate, production.base_url) == (1.0, "http://127.0.0.1:9/netsuite")


@pytest.mark.req("N4")
def test_every_fault_is_told_at_once(tmp_path: Path) -> None:
    """N4: unknown key, wrong role, missing variable, doubled name, unknown policy: one message names them all."""
    text = (
        GOOD
        + """
[[system]]
name = "a"
vendor = "x"
role = "boss"
[[system]]
name = "netsuite"
vendor = "x"
role = "crm"
colour = "red"
[[system]]
vendor = "x"
role = "crm"
[[system]]
name = "p"
vendor = "x"
role = "crm"
[system.policy]
speed = 3
"""
    )
    with pytest.raises(Misconfigured) as refused:
        loaded(tmp_path, text)
    for word in ("NETSUITE_TOKEN", "'boss'", "colour", "name missing", "speed"):
        assert word in str(refused.value)


@pytest.mark.parametrize(("text", "words"), [("", "has no"), ("[[system", "no TOML")])
def test_a_file_that_is_none(tmp_path: Path, text: str, words: str) -> None:
    """N4: an empty or broken file says so."""
    with pytest.raises(Misconfigured, match=words):
        loaded(tmp_path, text)
    with pytest.raises(Misconfigured, match="TIEOUT_SYSTEMS"):
        load_systems(tmp_path / "no.toml", {})


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
