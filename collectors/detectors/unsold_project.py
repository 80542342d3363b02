"""Work and projects that people book time on and that nobody sold (X1, X11)."""

from __future__ import annotations

from collectors.detectors.contract import Detector, Example, Row, item_finding
from collectors.detectors.orphaned_project import named, project_finding
from models.domain.finding import Cause, Finding
from models.domain.fingerprint import fingerprint
from models.domain.flow_names import QUOTE_TO_PROJECT


def work(row: Row) -> Finding:
    """One item on a project that nobody sold."""
    cause = _unsold(row, row["source_system"] or "psa")
    return item_finding(row, fingerprint("project-unsold", row["project_key"]), cause)


def project(row: Row) -> Finding:
    """The project itself."""
    return project_finding(row, fingerprint("project-unsold", row["project_key"]), _unsold(row, row["system"]), None)


def _unsold(row: Row, system: str) -> Cause:
    project = row["project_key"]
    return Cause(
        "project-unsold",
        f"{f'Project {named(row)}' if project else 'Work on no project'} has no sale behind it",
        f"People can book time on it in {system}, and the CRM knows no won opportunity with this code: "
        "the work may never be billed."
        if project
        else f"It was booked in {system} on no project that anybody knows: it may never be billed.",
        "Find the sale and put the project code on it, or close the project and move its time."
        if project
        else f"Have it moved to the project that it belongs to, in {system}.",
        "crm",
        "billing_blocked",
        "medium",
        flow=QUOTE_TO_PROJECT,
        system=system,
        root=True,
        subject=("project", project),
    )


DETECTOR = Detector(
    "unsold_project",
    "Work and projects that nobody sold",
    ("X1", "X11"),
    __file__,
    {"work": work, "project": project},
)

_SOLD = {
    "project_key": "PRJ-1012",
    "name": "Data platform",
    "in_crm": True,
    "in_psa": True,
    "in_ppm": True,
    "in_erp": False,
    "status_crm": "active",
    "currency": "EUR",
    "contract_value": "90000.00",
    "closed_won_at": "2026-08-01 09:00:00+00",
}
_ENTRY = {
    "kind": "time",
    "item_key": "TE-kantata-1",
    "project_key": "PRJ-1012",
    "billable": True,
    "bill_amount": "960.00",
    "currency": "EUR",
    "state": "blocked",
    "blocker": "project-unsold",
    "source_system": "kantata",
}

EXAMPLES = (
    Example(
        "nobody sold it yet: the sale is given a day to arrive",
        {
            "mart_work": [
                {
                    **_ENTRY,
                    "approved_at": "2026-09-30 11:30:00+00",
                }
            ]
        },
    ),
    Example(
        "work on a project that nobody sold",
        {
            "mart_work": [
                {
                    **_ENTRY,
                    "approved_at": "2026-09-01 11:30:00+00",
                }
            ]
        },
        [("project-unsold|PRJ-1012", "TE-kantata-1", "960.00")],
    ),
    Example(
        "work of today on a project whose sale had its day",
        {
            "mart_work": [
                {**_ENTRY, "approved_at": "2026-09-01 11:30:00+00"},
                {**_ENTRY, "item_key": "TE-2", "bill_amount": "40.00", "approved_at": "2026-09-30 11:30:00+00"},
            ]
        },
        [("project-unsold|PRJ-1012", "TE-kantata-1", "960.00"), ("project-unsold|PRJ-1012", "TE-2", "40.00")],
    ),
    Example(
        "work on no project",
        {
            "mart_work": [
                {**_ENTRY, "project_key": None, "approved_at": "2026-09-01 11:30:00+00"},
                {**_ENTRY, "item_key": "TE-2", "project_key": None, "approved_at": "2026-09-30 11:30:00+00"},
            ]
        },
        [("project-unsold|-", "TE-kantata-1", "960.00")],
    ),
    Example(
        "in the PSA and never sold",
        {
            "mart_project": [
                {**_SOLD, "project_key": "PRJ-1", "in_erp": True},
                {
                    "project_key": "PRJ-9",
                    "in_crm": False,
                    "in_psa": True,
                    "in_erp": False,
                    "in_ppm": False,
                    "status_psa": "active",
                },
            ],
            "mart_state_project": [
                {"system": "kantata", "role": "psa", "key": "PRJ-9", "first_seen": "2026-09-01 00:00:00+00"}
            ],
        },
        [("project-unsold|PRJ-9", "PRJ-9", None)],
    ),
    Example(
        "its sale has another code by now",
        {
            "mart_project": [
                {**_SOLD, "project_key": "PRJ-9-B", "in_erp": False},
                {
                    "project_key": "PRJ-9",
                    "in_crm": False,
                    "in_psa": True,
                    "in_erp": True,
                    "in_ppm": False,
                    "status_psa": "active",
                    "renamed_to": "PRJ-9-B",
                },
            ],
            "mart_state_project": [
                {"system": "kantata", "role": "psa", "key": "PRJ-9", "first_seen": "2026-09-01 00:00:00+00"}
            ],
        },
    ),
)
