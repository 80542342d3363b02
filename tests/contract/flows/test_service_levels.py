"""A new flow is its file and its line in the catalogue; a flow is late by one measure, wherever it is judged (X12, O1,
G4).
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import integrations.flows
from collectors.detectors.run import levels_of
from integrations.contracts import Flow
from integrations.engine.flow_book import FlowBook
from integrations.flows import flows
from models.catalogue import Catalogue, load_catalogue
from models.domain.errors import Misconfigured
from models.settings import Settings
from tests.catalogues import packaged
from tests.checkout import copied

NEW_FLOW = '''
"""hire-to-staff: a person who is hired can be staffed."""

from integrations.contracts import Deliver, Flow, Role
from models.domain.outcomes import NothingToDo

FLOW = Flow(
    name="hire-to-staff",
    version=1,
    triggers=("tieout.resource.changed",),
    steps=(Deliver("staff", Role("ticketing"), "resource", lambda person, ctx: NothingToDo("no desk is needed")),),
    aggregate=lambda event: event.subject,
    money=lambda person: None,
)
'''
LINE = """
[[flow]]
name = "hire-to-staff"
title = "Hire to staff"
owner = "hcm"
service_level_minutes = 90
"""
ASKED_OF_A_FLOW = (
    "tests/contract/flows/test_flow_contract.py",
    "tests/contract/flows/test_flow_names.py",
    "tests/unit/catalogue",
    "tests/unit/flows",
)


@pytest.fixture
def found_flows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Flow, ...]]:
    """The flows of the package when somebody adds a file to its folder."""
    (tmp_path / "hire_to_staff.py").write_text(NEW_FLOW)
    monkeypatch.setattr(integrations.flows, "__path__", [*integrations.flows.__path__, str(tmp_path)])
    flows.cache_clear()
    yield flows()
    flows.cache_clear()
    sys.modules.pop("integrations.flows.hire_to_staff", None)


def catalogue(folder: Path, names: set[str], text: str | None) -> Catalogue:
    folder.mkdir()
    if text is not None:
        (folder / "flows.toml").write_text(text)
    return load_catalogue(Settings.model_validate({"catalogue": folder}), flows=names)


@pytest.mark.req("S4", "G4")
def test_a_flow_is_added_by_its_file_and_its_line(found_flows: tuple[Flow, ...], tmp_path: Path) -> None:
    names = {flow.name for flow in found_flows}
    assert "hire-to-staff" in names
    found = catalogue(tmp_path / "catalogue", names, LINE)
    assert found.service_levels == {**packaged().service_levels, "hire-to-staff": 5400.0}
    triggered = FlowBook(found_flows, found.resting).triggered("tieout.resource.changed")
    assert {flow.name for flow in triggered} == {"master-data", "hire-to-staff"}
    assert {"flow": "hire-to-staff", "seconds": 5400.0} in levels_of(found.service_levels).to_pylist()


@pytest.mark.timeout(300)
@pytest.mark.req("S4", "G4")
def test_its_file_and_its_line_are_all_that_the_contract_asks(tmp_path: Path) -> None:
    """In a checkout with the two, every promise of a flow holds for it; no list of flows stands elsewhere."""
    checkout = copied(tmp_path / "checkout")
    (checkout.root / "integrations" / "flows" / "hire_to_staff.py").write_text(NEW_FLOW.lstrip())
    with (checkout.root / "models" / "catalogue" / "defaults" / "flows.toml").open("a") as packaged_lines:
        packaged_lines.write(LINE)
    done = checkout.tests(*ASKED_OF_A_FLOW)
    assert done.returncode == 0, done.stdout
    for promise in ("how_fast_it_must_be", "have_names_of_their_own_and_name_roles", "step_list_is_a_new_version"):
        assert f"{promise}[hire-to-staff] PASSED" in done.stdout, promise


@pytest.mark.req("G4", "N4")
def test_a_flow_without_a_line_and_a_line_without_a_flow_are_refused(
    found_flows: tuple[Flow, ...], tmp_path: Path
) -> None:
    names = {flow.name for flow in found_flows}
    with pytest.raises(Misconfigured, match=r"flow hire-to-staff has no entry in flows\.toml: add one with its title"):
        catalogue(tmp_path / "none", names, None)
    with pytest.raises(Misconfigured, match=r"flows\.toml: flow hire-to-staff: there is no such flow: use one of "):
        catalogue(tmp_path / "more", names - {"hire-to-staff"}, LINE)


@pytest.mark.req("G4")
def test_a_flow_that_rests_starts_no_run_and_keeps_its_versions(found_flows: tuple[Flow, ...], tmp_path: Path) -> None:
    names = {flow.name for flow in found_flows}
    found = catalogue(tmp_path / "catalogue", names, LINE + "active = false\n")
    book = FlowBook(found_flows, found.resting)
    assert [flow.name for flow in book.triggered("tieout.resource.changed")] == ["master-data"]
    assert book.version("hire-to-staff", 1) is not None, "what began still ends"


@pytest.mark.req("X12", "G4")
def test_every_flow_of_the_package_has_its_packaged_line() -> None:
    names = {flow.name for flow in flows()}
    found = load_catalogue(Settings.model_validate({}), flows=names)
    assert set(found.flows) == names
    assert {row["flow"]: row["seconds"] for row in levels_of(found.service_levels).to_pylist()} == found.service_levels
