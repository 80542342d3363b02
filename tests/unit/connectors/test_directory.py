"""Which connector knows which vendor, from this project's folder and from other distributions (S9)."""

from __future__ import annotations

import importlib
from pathlib import Path

import pytest

from integrations.connectors.directory import connector_of, vendors
from integrations.contracts.connector import Transport
from integrations.engine.systems import connect
from models.catalogue import SystemConfig, load_catalogue
from models.domain.clock import clock_at
from models.domain.errors import Misconfigured
from models.settings import Settings
from tests.unit.connectors.distribution import installed

ACME = "class CONNECTOR:\n    def __init__(self, config, clock):\n        self.config = config\n"
SYSTEMS = """
[[system]]
name = "ours"
vendor = "acme"
role = "psa"
base_url = "https://psa.example.com"
[system.transport]
proxy = "http://tieout:${PROXY_PASSWORD}@proxy.example.com:3128"
ca_bundle = "${SYSTEMS_FOLDER}/authorities.pem"
"""


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.syspath_prepend(str(tmp_path))
    importlib.invalidate_caches()
    return tmp_path


def systems(site: Path, password: str) -> tuple[SystemConfig, ...]:
    given = Settings.model_validate({"systems": site / "systems.toml"})
    return load_catalogue(given, {"PROXY_PASSWORD": password}).systems


def test_our_own_are_found_by_folder() -> None:
    """S1: each package of the folder is a vendor; the modules they share are none."""
    known = vendors()
    assert {"salesforce", "netsuite", "kantata", "workday", "ppm", "csv"} <= set(known)
    assert known["csv"] == "integrations.connectors.csv" and "http" not in known
    assert all(callable(connector_of(vendor)) for vendor in known)


@pytest.mark.req("S9")
def test_another_distribution_brings_a_vendor(site: Path) -> None:
    """Installed beside us it is there, and the systems file names it like one of ours, its way included."""
    installed(site, "tieout-acme", "acme", "acme_one", ACME)
    (site / "systems.toml").write_text(SYSTEMS)
    assert vendors()["acme"] == "acme_one"
    [system] = systems(site, "pr0xy-p4ssw0rd")
    assert system.transport == Transport(
        "http://tieout:pr0xy-p4ssw0rd@proxy.example.com:3128", f"{site}/authorities.pem"
    )
    assert "pr0xy" not in repr(system)
    assert type(connect([system], clock_at(None))["ours"]).__module__ == "acme_one"


@pytest.mark.parametrize("vendor", ["acme", "csv"])
def test_a_vendor_claimed_twice_is_refused(site: Path, vendor: str) -> None:
    """S9: nobody may take another's place unseen, ours least of all."""
    installed(site, "tieout-one", vendor, "acme_two", ACME)
    installed(site, "tieout-two", vendor, "acme_three", ACME)
    with pytest.raises(Misconfigured, match=f"the vendor '{vendor}' is claimed by .* and by .*: uninstall one"):
        vendors()


def test_what_is_no_connector_is_said(site: Path) -> None:
    """N4: an unknown vendor, and a package that exports nothing; a fault of its own stays visible as it is."""
    installed(site, "tieout-hollow", "hollow", "acme_hollow", "")
    installed(site, "tieout-torn", "torn", "acme_torn", "import no_such_module")
    with pytest.raises(Misconfigured, match=r"no connector for vendor 'nobody': known are csv, .*tieout\.connectors"):
        connector_of("nobody")
    with pytest.raises(Misconfigured, match="acme_hollow of vendor 'hollow' exports no CONNECTOR"):
        connector_of("hollow")
    with pytest.raises(ModuleNotFoundError, match="no_such_module"):
        connector_of("torn")


def test_faults_of_the_systems_file_name_the_system(site: Path) -> None:
    """N4: strict when starting."""
    (site / "systems.toml").write_text(SYSTEMS + 'verify = "no"\n')
    with pytest.raises(Misconfigured, match=r"system ours: unknown key transport\.verify: use proxy, ca_bundle"):
        systems(site, "x")
    (site / "systems.toml").write_text(SYSTEMS)
    with pytest.raises(Misconfigured, match="system ours: there is no connector for vendor 'acme'"):
        connect(systems(site, "x"), clock_at(None))
