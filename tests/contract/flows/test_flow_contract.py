"""What every flow promises, found by scanning: a new flow is proven without a new test file (S4, G4, X16)."""

from __future__ import annotations

import ast
import hashlib
import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from integrations.contracts import Deliver, Flow, Role
from integrations.flows import flows
from models.canonical.events import EVENT_TYPES
from models.domain.explanations import EXPLANATIONS, explain
from tests.catalogues import packaged

FLOWS = flows()
ROOT = Path(__file__).parents[3]
PUBLISHED = Path(__file__).with_name("step_lists.json")


def step_list_digest(flow: Flow) -> str:
    """What a run depends on when it resumes: the steps' names, kinds, order and targets."""
    steps = [
        (type(step).__name__, step.name, *((str(step.role), step.entity) if isinstance(step, Deliver) else ()))
        for step in flow.steps
    ]
    return hashlib.sha256(json.dumps([steps, flow.on_dead.name if flow.on_dead else None]).encode()).hexdigest()[:16]


def unpublished(flow: Flow, published: Mapping[str, Mapping[str, str]]) -> str | None:
    """What to do about steps that differ from those that runs may be on; None where they are as published.

    The first version of a flow that no release has carried yet has no runs to break: it may still change.
    """
    listed, digest = published.get(flow.name, {}), step_list_digest(flow)
    if listed.get(str(flow.version)) == digest or (flow.version == 1 and not listed):
        return None
    version = flow.version + 1 if str(flow.version) in listed else flow.version
    return (
        f"{flow.name} {flow.version} has other steps than were published: make them version {version}, keep the "
        f"former version in FORMER, since runs end on the version they began, "
        f'and add "{version}": "{digest}" to {PUBLISHED.name}'
    )


def codes_raised(folder: Path) -> dict[str, str]:
    """Every literal `code="…"` in a folder's modules, with the module that has it."""
    return {
        keyword.value.value: module.name
        for module in sorted(folder.rglob("*.py"))
        for node in ast.walk(ast.parse(module.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call)
        for keyword in node.keywords
        if keyword.arg == "code" and isinstance(keyword.value, ast.Constant) and isinstance(keyword.value.value, str)
    }


@pytest.mark.req("G4", "O6")
@pytest.mark.parametrize("flow", FLOWS, ids=lambda flow: flow.name)
def test_a_flow_says_what_it_is_who_owns_it_and_how_fast_it_must_be(flow: Flow) -> None:
    """Its triggers are events that exist, its owner is somebody, and the catalogue speaks of it and no other flow."""
    catalogue = packaged()
    terms = catalogue.flows[flow.name]
    assert set(catalogue.flows) == {one.name for one in FLOWS}
    assert catalogue.teams.names[terms.owner] == catalogue.teams.names[flow.name], "a flow's team is its owner's"
    assert catalogue.service_levels[flow.name] == terms.service_level
    assert terms.title[0].isupper() and "_" not in terms.title and flow.version >= 1
    assert flow.triggers and set(flow.triggers) <= set(EVENT_TYPES)


@pytest.mark.req("E1", "E4")
@pytest.mark.parametrize("flow", FLOWS, ids=lambda flow: flow.name)
def test_steps_have_names_of_their_own_and_name_roles(flow: Flow) -> None:
    names = [step.name for step in flow.steps]
    assert len(set(names)) == len(names) > 0
    assert all(
        isinstance(step.role, Role) and step.bulk >= 1 and step.mode for step in flow.steps if isinstance(step, Deliver)
    )


def test_a_step_that_takes_many_changes_in_one_call_says_so() -> None:
    """The other half of E6, calls with an answer, is not there yet."""
    steps = [step for flow in FLOWS for step in flow.steps if isinstance(step, Deliver)]
    assert [step.name for step in steps if (step.bulk > 1) != (step.mode == "batch")] == []


@pytest.mark.req("M5")
def test_master_data_and_transactions_never_share_a_flow() -> None:
    master = {"customer", "resource", "project", "charge_code"}
    heard = {flow.name: {EVENT_TYPES[trigger] for trigger in flow.triggers} for flow in FLOWS}
    of_master_data = {name for name, entities in heard.items() if entities & master}
    assert "master-data" in of_master_data and of_master_data < set(heard), "there are flows of both kinds"
    assert {name: heard[name] - master for name in of_master_data} == {name: set() for name in of_master_data}


@pytest.mark.req("X16", "G4")
@pytest.mark.parametrize("flow", FLOWS, ids=lambda flow: flow.name)
def test_a_changed_step_list_is_a_new_version(flow: Flow) -> None:
    assert unpublished(flow, json.loads(PUBLISHED.read_text(encoding="utf-8"))) is None


@pytest.mark.req("X16", "G4")
def test_only_a_first_version_that_no_release_carried_needs_no_digest() -> None:
    flow = FLOWS[0]
    digest, later = step_list_digest(flow), replace(flow, version=2)
    assert unpublished(flow, {}) is None
    assert "make them version 2" in str(unpublished(flow, {flow.name: {"1": "of other steps"}}))
    assert "make them version 2" in str(unpublished(later, {}))
    assert "make them version 2" in str(unpublished(later, {flow.name: {"1": digest}}))
    assert unpublished(later, {flow.name: {"1": "of other steps", "2": digest}}) is None
    assert "make them version 1" in str(unpublished(flow, {flow.name: {"2": digest}})), "what runs may still be on"


def test_what_is_published_is_a_flow_that_is_there() -> None:
    """A renamed or dropped flow would leave its runs without steps."""
    published = json.loads(PUBLISHED.read_text(encoding="utf-8"))
    assert set(published) <= {flow.name for flow in FLOWS}


@pytest.mark.req("F1", "F2", "F5")
def test_the_flows_that_the_requirements_name_are_there() -> None:
    assert {flow.name for flow in FLOWS} >= {"quote-to-project", "master-data", "time-to-bill"}


@pytest.mark.req("X8", "X14")
@pytest.mark.parametrize("folder", ["integrations/flows", "integrations/connectors"])
def test_every_code_that_is_raised_is_explained_in_plain_words(folder: str) -> None:
    raised = codes_raised(ROOT / folder)
    assert {code: module for code, module in raised.items() if code not in EXPLANATIONS} == {}


@pytest.mark.req("X8", "X14")
@pytest.mark.parametrize("code", sorted(EXPLANATIONS))
def test_an_explanation_says_what_happened_and_what_to_do_next(code: str) -> None:
    words = explain(code)
    assert words.explanation.endswith(".") and words.next_action.endswith(".") and not words.title.endswith(".")
    assert code not in words.title


@pytest.mark.req("X8")
def test_a_code_that_nobody_described_still_gets_words() -> None:
    assert "message" in explain("zebra").next_action and explain(None) == explain("zebra")
