"""What a system holds is told by its own ids: a change of key or a deletion while paging tells nothing false."""

from __future__ import annotations

import json
from typing import Any

import pytest

from integrations.connectors.kantata.client import Envelope, KantataClient
from integrations.connectors.kantata.names import Names
from integrations.connectors.kantata.work import Work
from models.domain.clock import SystemClock
from tests.findings.books import found, mart
from tests.unit.cases.lakes import NOW, ROLES, Lake, hours_ago, money


def project(
    lake: Lake, system: str, system_id: str, key: str, hours: float, present: bool = True, **fields: Any
) -> None:
    """A project as a system showed it, by the system's own id."""
    lake.batch += 1
    lake._insert(
        "lake.main.observations",
        {
            "batch_id": lake.batch,
            "n": 0,
            "observed_at": hours_ago(hours),
            "recorded_at": NOW,
            "snapshot_id": "s",
            "system": system,
            "role": ROLES[system],
            "entity": "project",
            "system_id": system_id,
            "key": key,
            "legal_entity": "NOV-DE",
            "present": present,
            "fields": json.dumps({"name": "P", "status": "active", **fields}),
        },
    )


def sold(lake: Lake, code: str) -> None:
    project(
        lake,
        "salesforce",
        f"006-{code}",
        code,
        80,
        code=code,
        value=money("50000.00"),
        closed_at=hours_ago(90).isoformat(),
        currency="EUR",
    )


@pytest.mark.finding("C4a")
def test_an_object_that_changed_its_key_is_no_longer_under_the_old_one():
    """In 0.1.0 a workspace that was given its project code later stayed, under its old key, a project that nobody
    had sold.

    Wanted: one project, and no case of an unsold one.
    """
    lake = Lake()
    sold(lake, "PRJ-1")
    project(lake, "netsuite", "11", "PRJ-1", 80, code="PRJ-1")
    project(lake, "kantata", "9001", "9001", 80)
    project(lake, "kantata", "9001", "PRJ-1", 2, code="PRJ-1")
    assert mart(lake, "SELECT project_key FROM mart_project") == [{"project_key": "PRJ-1"}], (
        "the old key is still a project"
    )
    assert [finding.fingerprint for finding in found(lake) if "unsold" in finding.fingerprint] == []


@pytest.mark.finding("C4b")
def test_a_project_stands_while_one_of_two_jobs_with_its_code_stands():
    """In 0.1.0 the deletion of the copy of a job made the project "missing in the ERP".

    Wanted: it stands, the first job is there.
    """
    lake = Lake()
    sold(lake, "PRJ-2")
    project(lake, "kantata", "1", "PRJ-2", 80, code="PRJ-2")
    project(lake, "netsuite", "11", "PRJ-2", 80, code="PRJ-2")
    project(lake, "netsuite", "12", "PRJ-2", 70, code="PRJ-2")
    project(lake, "netsuite", "12", "PRJ-2", 1, present=False)
    assert mart(lake, "SELECT project_key, in_erp FROM mart_project") == [{"project_key": "PRJ-2", "in_erp": True}]


class Deleting(KantataClient):
    """A vendor at whom somebody deletes entry 7 between the first page and the second."""

    def __init__(self, count: int) -> None:
        self.rows = {str(number): _row(number) for number in range(1, count + 1)}

    def page(self, path, query):
        rows = sorted(self.rows.values(), key=lambda row: int(row["id"])) if path == "time_entries" else []
        if "updated_after" in query:
            rows = [row for row in rows if row["updated_at"] > query["updated_after"]]
        if "only" in query:
            rows = [row for row in rows if row["id"] in query["only"].split(",")]
        number, size = int(query.get("page", 1)), int(query.get("per_page", 200))
        shown = rows[(number - 1) * size : number * size]
        if path == "time_entries" and number == 1 and shown:
            self.rows.pop("7", None)
        return Envelope(
            {
                "count": len(rows),
                "results": [{"key": "x", "id": row["id"]} for row in shown],
                "x": {row["id"]: row for row in rows},
            },
            "kantata",
        )


def _row(number: int) -> dict[str, Any]:
    return {
        "id": str(number),
        "approved": True,
        "approved_at": "2026-11-01T10:00:00Z",
        "date_performed": "2026-11-01",
        "time_in_minutes": 60,
        "billable": True,
        "notes": "",
        "rate_in_cents": 100,
        "cost_rate_in_cents": None,
        "currency": "EUR",
        "currency_base_unit": 100,
        "story_id": "1",
        "workspace_id": "1",
        "user_id": "1",
        "updated_at": f"2026-11-{1 + number // 25:02d}T10:00:00Z",
        "submitted_at": None,
        "timesheet_submission_id": None,
    }


@pytest.mark.finding("C5")
def test_a_deletion_between_two_pages_takes_no_living_entry_away():
    """In 0.1.0 a deletion between two pages moved a living entry off both: it was told gone, and the deleted one
    there, for 59 snapshots.

    Wanted: the next snapshot shows what the vendor holds.
    """
    vendor = Deleting(450)
    work = Work(vendor, "kantata", "time_entry", SystemClock())
    list(work.all(Names()))
    shown = {observation.system_id for observation in work.all(Names())}
    assert (sorted(set(vendor.rows) - shown), sorted(shown - set(vendor.rows))) == ([], []), (
        "(told gone and there, told there and gone)"
    )
