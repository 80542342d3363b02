"""A connector is its folder, in the tree or in a package of its own: the suites find it, prove it and open it (S9)."""

from __future__ import annotations

import importlib
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from integrations.contracts.conformance import Recorder
from integrations.contracts.conformance.exchange import Response
from integrations.contracts.conformance.loopback import served
from integrations.contracts.connector import Role, SystemConfig
from integrations.engine.systems import connect
from models.domain.clock import SystemClock
from models.domain.errors import RateLimited, Retriable
from tests.checkout import copied
from tests.contract.connectors.acme import CONNECTOR
from tests.unit.connectors.distribution import installed

ROOT = Path(__file__).parents[3]
SOURCE = Path(__file__).with_name("acme.py")
TOKEN = "acme-token-of-a-test-tenant"
SYSTEM = """[[system]]
name = "planning"
vendor = "planner"
role = "ppm"
base_url = "https://plans.acme.example"
[system.credentials]
token = "ACME_PLANS_TOKEN"
"""
README = f"""# Acme Plans: PPM

Reads the projects of a planning tool.

<!-- from system.toml -->
```toml
{SYSTEM}```

## Smallest permissions

A token that reads `/v2/plans`.

## Limits of this connector

It writes nothing.
"""
ASKED_OF_A_FOLDER = (
    "tests/contract/connectors/test_recorded.py",
    "tests/contract/readme/test_readme.py",
    "tests/unit/connectors/test_directory.py::test_our_own_are_found_by_folder",
    "tests/unit/connectors/test_readmes.py",
    "tests/architecture/test_house.py",
)


class Vendor:
    """The planning tool; its next answers can be spoilt."""

    def __init__(self) -> None:
        self.spoilt: list[Response] = []

    def answer(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> Response | None:
        if self.spoilt:
            return self.spoilt.pop()
        if headers.get("authorization") != f"Bearer {TOKEN}":
            return Response(401)
        plans = [{"key": "PRJ-1", "title": "Grid", "self": f"http://{headers['host']}/v2/plans/1"}]
        return Response(200, {"content-type": "application/json"}, {"json": {"plans": plans}})


def record(folder: Path) -> None:
    """What its author does once, with a tenant of the vendor at hand."""
    vendor = Vendor()
    with served(vendor.answer) as address:
        config = SystemConfig("acme", "acme", Role.PPM, address, (), {"token": TOKEN})
        with Recorder(CONNECTOR, config, SystemClock(), "Reading, and a bad day") as recorder:
            recorder.ask("check")
            [seen] = recorder.ask("snapshot", entity="project")
            assert seen["fields"] == {"name": "Grid"}
            vendor.spoilt = [Response(503), Response(429, {"retry-after": "3"})]
            for kind in (RateLimited, Retriable):
                assert recorder.ask("check")["raises"]["error"] == kind.__name__
    recorder.dialogue().write(folder / "reading.json")


def suite(site: Path) -> subprocess.CompletedProcess[str]:
    """The contract suite of this project beside the other package."""
    command = [sys.executable, "-m", "pytest", "tests/contract/connectors/test_recorded.py", "-k", "acme", "-vv"]
    path = os.pathsep.join([str(site), str(ROOT)])
    return subprocess.run(command, cwd=ROOT, env={**os.environ, "PYTHONPATH": path}, capture_output=True, text=True)


@pytest.fixture
def site(tmp_path: Path) -> Path:
    record(installed(tmp_path, "tieout-acme", "acme", "tieout_acme", SOURCE.read_text()) / "exchanges")
    return tmp_path


@pytest.mark.req("S9")
def test_the_suite_finds_and_proves_it(site: Path) -> None:
    """Installed beside us it is one of the vendors; spoil one field of its recording and the suite says so."""
    done = suite(site)
    assert done.returncode == 0 and "test_it_keeps_its_promises[acme] PASSED" in done.stdout, done.stdout
    recorded = site / "tieout_acme" / "exchanges" / "reading.json"
    recorded.write_text(recorded.read_text().replace('"title": "Grid"', '"title": "Grids"'))
    done = suite(site)
    assert done.returncode == 1 and "0.fields.name" in done.stdout, done.stdout


@pytest.mark.req("S9", "G3")
def test_an_installation_opens_it(site: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`connect` needs no more than the vendor's name; what was recorded holds neither token nor address."""
    monkeypatch.syspath_prepend(str(site))
    importlib.invalidate_caches()
    with served(Vendor().answer) as address:
        system = SystemConfig("planning", "acme", Role.PPM, address, (), {"token": TOKEN})
        made = connect([system], SystemClock())["planning"]
        assert made.check() == "planning lists its projects" and type(made).__module__ == "tieout_acme"
        made.close()
    recorded = (site / "tieout_acme" / "exchanges" / "reading.json").read_text()
    assert TOKEN not in recorded and "127.0.0.1" not in recorded and "<address>/v2/plans/1" in recorded


@pytest.mark.timeout(300)
@pytest.mark.req("S9")
def test_in_the_tree_its_folder_is_all_that_is_added(tmp_path: Path) -> None:
    """The suites that ask something of every vendor's folder find this one, and no other file speaks of it."""
    checkout = copied(tmp_path / "checkout")
    folder = checkout.root / "integrations" / "connectors" / "planner"
    record(folder / "exchanges")
    for name, text in {"__init__.py": SOURCE.read_text(), "README.md": README, "system.toml": SYSTEM}.items():
        (folder / name).write_text(text)
    done = checkout.tests(*ASKED_OF_A_FOLDER)
    assert done.returncode == 0, done.stdout
    for proof in ("promises[planner]", "connect[planner]", "starts[integrations/connectors/planner/README.md]"):
        assert f"{proof} PASSED" in done.stdout, proof
