"""A detector is two files: found in its folder, proven by its own examples, and its findings become a case (X1, X8)."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import collectors.detectors
from collectors.detectors import detectors, modules
from models.derivation.refresh import refresh
from models.domain.fingerprint import case_id_of
from models.journal import Journal
from tests.contract.detectors.published import Schema, Stopped, answered
from tests.detecting import reported
from tests.unit.cases.lakes import NOW, Lake

WORDS = """
from collectors.detectors.contract import Detector, Example, item_finding
from models.domain.finding import Cause
from models.domain.fingerprint import fingerprint


def forgotten(row):
    cause = Cause(
        "submission-late",
        f"{row['resource_key']} has forgotten a timesheet",
        "The work was done two months ago and was never handed in.",
        "Ask for the timesheet before the year is closed.",
        "psa",
        "billing_blocked",
    )
    return item_finding(row, fingerprint("submission-late", "forgotten", row["resource_key"]), cause)


DETECTOR = Detector("forgotten_time", "Work that nobody remembers", ("X3",), __file__, {"forgotten": forgotten})

_DRAFT = {
    "kind": "time", "item_key": "TE-1", "resource_key": "E-7", "blocker": "not-submitted",
    "billable": True, "bill_amount": "960.00", "currency": "EUR",
}
EXAMPLES = (
    Example(
        "since July",
        {"mart_work": [{**_DRAFT, "work_date": "2026-07-01"}]},
        [("submission-late|forgotten|E-7", "TE-1", "960.00")],
    ),
    Example("since last week", {"mart_work": [{**_DRAFT, "work_date": "2026-09-23"}]}),
)
"""
STATEMENT = """
-- forgotten: drafts of work done two months ago
SELECT *
FROM mart_work
WHERE blocker = 'not-submitted'
    AND CAST(work_date AS TIMESTAMPTZ) < {now} - INTERVAL 60 DAY;
"""
CASE = case_id_of("submission-late|forgotten|E-7", "NOV-DE")


@pytest.fixture
def forgotten_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The two files lie in a folder of the detectors' package; no other file is touched."""
    folder = tmp_path / "detectors"
    folder.mkdir()
    (folder / "forgotten_time.py").write_text(WORDS)
    (folder / "forgotten_time.sql").write_text(STATEMENT)
    monkeypatch.setattr(collectors.detectors, "__path__", [*collectors.detectors.__path__, str(folder)])
    detectors.cache_clear()
    yield
    detectors.cache_clear()
    sys.modules.pop("collectors.detectors.forgotten_time", None)


@pytest.mark.req("X1")
def test_it_is_found_and_its_examples_are_its_tests(forgotten_time: None, schema: Schema) -> None:
    """X1: what the contract suite asks of every detector that it finds, it can ask of this one."""
    (module,) = [one for one in modules() if one.DETECTOR.name == "forgotten_time"]
    assert module.DETECTOR in detectors()
    found = [module.DETECTOR.findings(answered(schema, example), NOW, NOW) for example in module.EXAMPLES]
    seen = [[(one.fingerprint, one.subject_key, str(one.amount)) for one in findings] for findings in found]
    assert seen == [list(example.expected) for example in module.EXAMPLES] and len(seen) == 2


def draft(work_date: str) -> Lake:
    lake = Lake()
    worked = {"resource_number": "E-7", "work_date": work_date, "hours": "8.00", "billable": True}
    lake.observe("kantata", "time_entry", "TE-kantata-1", project_code="PRJ-1", approval="open", **worked)
    refresh(lake.connection, "EUR", Stopped())
    return lake


@pytest.mark.req("X8", "X16")
def test_what_it_finds_is_a_case_until_it_finds_it_no_more(forgotten_time: None, journal: Journal) -> None:
    """X8: a turn of all detectors reports it under its own words; the next turn without it resolves the case."""
    found = reported(draft("2026-07-01").connection, journal, Stopped())
    assert found.failed == {} and len(found.findings["forgotten_time"]) == 1
    case = journal.cases.get(CASE)
    assert case is not None
    assert (case["status"], case["detector"], case["cause"], case["occurrences"]) == (
        "open",
        "forgotten_time",
        "submission-late",
        1,
    )
    assert case["title"] == "E-7 has forgotten a timesheet"
    reported(draft("2026-09-23").connection, journal, Stopped())
    case = journal.cases.get(CASE)
    assert case is not None and case["status"] == "resolved"
