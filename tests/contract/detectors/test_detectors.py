"""Every detector that lies in the package is found and holds to its own examples, without a test file of its own."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

import collectors.detectors
from collectors.detectors import (
    detectors,
    invalid_charge_code,
    lag_breach,
    modules,
    orphaned_project,
    quarantine,
    silent_flow,
    stranded_work,
)
from collectors.detectors.contract import Example
from models.domain.case import SEVERITIES
from models.domain.explanations import EXPLANATIONS
from models.sql_statements import statements
from tests.contract.detectors.published import answered
from tests.unit.cases.lakes import NOW

ALL = list(modules())
FOUND = {
    "X1": {"project-missing", "project-unsold"},
    "X2": {
        "charge-code-unknown",
        "charge-code-inactive",
        "charge-code-of-other-project",
    },
    "X3": {"time-rejected", "approval-late"},
    "X4": {"customer-hierarchy", "customer-duplicate", "duplicate-project", "rate-missing"},
    "X5": {"milestone-not-accepted", "contract-version", "sow-expired"},
    "X6": {"margin-differs"},
    "X7": {"lag-breach", "silent-flow", "retyped-field", "new-field", "throttled", "open-circuit"},
    "X12": {"unexplained", "posting-gone", "posting-differs", "posting-foreign"},
    "X17": {"over-billed", "under-billed", "billed-twice", "invoice-void", "invoice-unknown", "billed-beyond"},
    "X18": {"stale-stream"},
}
"""Causes that the wording of each requirement names."""


@pytest.mark.finding("C2c", "F9b")
@pytest.mark.parametrize(
    "module, example",
    [
        pytest.param(
            module,
            example,
            id=f"{module.DETECTOR.name}: {example.title}",
            marks=pytest.mark.req(*module.DETECTOR.requirements),
        )
        for module in ALL
        for example in module.EXAMPLES
    ],
)
def test_a_detector_finds_what_its_example_says_and_nothing_else(module, example, schema):
    found = module.DETECTOR.findings(answered(schema, example), NOW, NOW)
    seen = [(one.fingerprint, one.subject_key, None if one.amount is None else str(one.amount)) for one in found]
    assert sorted(seen, key=str) == sorted(example.expected, key=str)
    assert all(dict(one.evidence) | dict(example.evidence) == dict(one.evidence) for one in found)


@pytest.mark.req("X1", "X2", "X3", "X4", "X5", "X6", "X7", "X12", "X17", "X18")
def test_what_a_requirement_names_is_found_in_an_example():
    """Each of these is named by a detector whose examples expect what the wording names; tests hold them to it."""
    found: dict[str, set[str]] = {}
    for module in ALL:
        expected = {part for example in module.EXAMPLES for text, _, _ in example.expected for part in text.split("|")}
        for one in module.DETECTOR.requirements:
            found.setdefault(one, set()).update(expected)
    assert {one: causes - found[one] for one, causes in FOUND.items() if causes - found[one]} == {}


@pytest.mark.parametrize("module", ALL, ids=lambda module: module.DETECTOR.name)
def test_a_detector_has_words_for_each_statement_a_silent_example_and_names_its_requirements(module, schema):
    detector = module.DETECTOR
    assert detector.name == module.__name__.rpartition(".")[2]
    assert set(statements(Path(detector.file).with_suffix(".sql"))) == set(detector.words)
    assert any(not example.expected for example in module.EXAMPLES), "show what it does not find"
    assert {row for example in module.EXAMPLES for row in example.given} <= set(schema)
    assert detector.requirements
    for example in module.EXAMPLES:
        for one in detector.findings(answered(schema, example), NOW, NOW):
            assert one.cause.cause in EXPLANATIONS, f"{one.cause.cause} needs a page in models/domain/causes"
            assert one.cause.floor in SEVERITIES and one.cause.owner
            assert all(text.strip().endswith((".", "!")) for text in (one.cause.explanation, one.cause.next_action))
            assert (one.amount is None) == (one.currency is None)


def test_received_input_is_judged_by_wall_time_whatever_the_worlds_time_is(schema):
    """N4: in the demonstration the world is weeks away from the time at which the collector receives."""
    [example] = [one for one in quarantine.EXAMPLES if one.title == "a malformed body"]
    assert len(quarantine.DETECTOR.findings(answered(schema, example), NOW - timedelta(weeks=12), NOW)) == 1
    assert not quarantine.DETECTOR.findings(answered(schema, example), NOW, NOW + timedelta(days=2))


@pytest.mark.req("X7")
def test_no_flow_is_called_silent_while_a_history_is_played(schema):
    """Days of the world pass between two looks, and what came is on its way."""
    ask = answered(schema, silent_flow.EXAMPLES[0])
    assert len(silent_flow.DETECTOR.findings(ask, NOW, NOW)) == 1
    assert not silent_flow.DETECTOR.findings(ask, NOW - timedelta(weeks=3), NOW)


@pytest.mark.req("X1")
@pytest.mark.parametrize(
    ("refused", "told"),
    [("2026-09-20 10:00:00+00", "Sunday 20 Sep"), ("2026-07-03 10:00:00+00", "Monday 28 Sep"), (None, "Monday 28 Sep")],
)
def test_a_deletion_is_dated_by_the_first_that_missed_the_project(schema, refused, told):
    """A snapshot or a refusal, whichever came first; a refusal from before it was sold tells of no deletion."""
    project = {
        "project_key": "PRJ-1012",
        "in_crm": True,
        "in_erp": False,
        "closed_won_at": "2026-08-01 09:00:00+00",
        "gone_at": "2026-09-28 11:00:00+00",
    }
    entry = {
        "kind": "time",
        "item_key": "TE-1",
        "project_key": "PRJ-1012",
        "billable": True,
        "bill_amount": "960.00",
        "currency": "EUR",
        "state": "blocked",
        "blocker": "project-missing",
        "blocker_owner": "netsuite",
        "blocked_since": refused or "2026-09-01 09:00:00+00",
        "error_code": "project-not-found" if refused else None,
    }
    example = Example("deleted", {"mart_project": [project], "mart_work": [entry]}, [])
    [found] = stranded_work.DETECTOR.findings(answered(schema, example), NOW, NOW)
    assert f"first missed on {told} 2026" in found.cause.explanation


@pytest.mark.req("C4", "X11")
def test_a_project_that_got_another_code_is_not_said_to_be_deleted(schema):
    [given] = [one for one in orphaned_project.EXAMPLES if "another code" in one.title]
    [found] = orphaned_project.DETECTOR.findings(answered(schema, given), NOW, NOW)
    assert "it is called PRJ-1012-OLD there now" in found.cause.explanation
    assert "deleted" not in found.cause.explanation


def test_every_module_beside_the_contract_is_a_detector():
    files = {file.stem for file in Path(collectors.detectors.__file__).parent.glob("*.py")} - {
        "__init__",
        "contract",
        "run",
        "turn",
    }
    assert files == {detector.name for detector in detectors()}


@pytest.mark.finding("U11b")
@pytest.mark.req("X2", "X8")
@pytest.mark.parametrize(
    "title, action",
    [
        (
            "a letter for a digit",
            "Correct the code to PRJ-1012.010 and replay: the replay has the correction filled in.",
        ),
        (
            "still waiting for approval: found before the flow meets it",
            "Correct the code to PRJ-1012.010 where it was booked, before it is approved.",
        ),
        (
            "not handed in yet: seen, and no money counts before it is",
            "Correct the code to PRJ-1012.010 where it was booked, before it is approved.",
        ),
    ],
)
def test_a_replay_is_advised_only_where_a_run_can_be_replayed(schema, title, action):
    example = next(one for one in invalid_charge_code.EXAMPLES if one.title == title)
    assert [
        one.cause.next_action for one in invalid_charge_code.DETECTOR.findings(answered(schema, example), NOW, NOW)
    ] == [action]


@pytest.mark.req("X8")
def test_one_run_among_the_work_of_a_wrong_code_is_enough_for_its_case_to_advise_a_replay(schema):
    """X8: the case takes the words of its first record, whichever that is."""
    run, waiting, _ = (example.given for example in invalid_charge_code.EXAMPLES[:3])
    both = {**run, "mart_work": [{**waiting["mart_work"][0], "item_key": "TE-kantata-0"}, *run["mart_work"]]}
    found = invalid_charge_code.DETECTOR.findings(answered(schema, Example("both", both)), NOW, NOW)
    assert [one.subject_key for one in found] == ["TE-kantata-0", "TE-kantata-1"] and all(
        "and replay" in one.cause.next_action for one in found
    )


def test_approved_work_that_no_run_has_met_is_not_called_unapproved(schema):
    example = invalid_charge_code.EXAMPLES[0].given
    given = {**example, "mart_work": [{**example["mart_work"][0], "run_id": None}]}
    [one] = invalid_charge_code.DETECTOR.findings(answered(schema, Example("no run yet", given)), NOW, NOW)
    assert one.cause.next_action == "Correct the code to PRJ-1012.010 where it was booked."


@pytest.mark.req("X12", "G4")
@pytest.mark.parametrize(("minutes", "late"), [(24 * 60 + 30, True), (25 * 60 + 30, False)])
def test_a_flow_is_late_by_the_service_level_of_its_installation(schema, minutes, late):
    """A run 25 hours old: what the catalogue allows decides, not what is packaged."""
    run = {"run_id": "r", "flow": "time-to-bill", "state": "ready", "source_changed_at": NOW - timedelta(hours=25)}
    ask = answered(schema, Example("a run", {"open_runs": [run]}), {"time-to-bill": minutes * 60.0})
    found = lag_breach.DETECTOR.findings(ask, NOW, NOW)
    assert [one.fingerprint for one in found] == (["lag-breach|time-to-bill"] if late else [])


@pytest.mark.req("X7", "X19")
def test_a_flow_that_is_late_is_a_case_of_each_company_that_waits(schema):
    """The run, and since when, are that company's own: another's older one tells it nothing."""
    [given] = [one for one in lag_breach.EXAMPLES if "each that waits" in one.title]
    found = lag_breach.DETECTOR.findings(answered(schema, given), NOW, NOW)
    told = {one.legal_entity: (one.run_id, one.since.day) for one in found}
    assert told == {"NOV-DE": ("NOV-DE", 28), "NOV-UK": ("NOV-UK", 29)}
