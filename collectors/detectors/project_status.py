"""Projects that have ended in one system and are open in another (X11)."""

from __future__ import annotations

from collectors.detectors.contract import Detector, Example, Row
from collectors.detectors.orphaned_project import named, project_finding
from models.domain.finding import Cause, Finding
from models.domain.fingerprint import fingerprint
from models.domain.flow_names import MASTER_DATA


def status(row: Row) -> Finding:
    """A project that some may still book on although it has ended."""
    states = {name: row[f"status_{name}"] for name in ("crm", "erp", "psa") if row[f"status_{name}"]}
    said = ", ".join(f"{value} in the {name.upper()}" for name, value in states.items())
    cause = Cause(
        "project-status",
        f"Project {named(row)} is open in one system and closed in another",
        f"It is {said}.",
        "Decide which is right, then close or reopen the project in the other systems.",
        "psa" if states.get("psa") == "active" else "erp",
        "none",
        "medium",
        flow=MASTER_DATA,
        root=True,
    )
    return project_finding(row, fingerprint("project-status", row["project_key"]), cause, None, **states)


DETECTOR = Detector(
    "project_status",
    "Projects that have ended in one system and not in another",
    ("X11",),
    __file__,
    {"status": status},
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

EXAMPLES = (
    Example(
        "closed in the ERP, open in the PSA",
        {
            "mart_project": [{**_SOLD, "in_erp": True, "status_erp": "closed", "status_psa": "active"}],
            "mart_state_project": [
                {"system": "netsuite", "role": "erp", "key": "PRJ-1012", "observed_at": "2026-09-01 00:00:00+00"}
            ],
        },
        [("project-status|PRJ-1012", "PRJ-1012", None)],
    ),
    Example(
        "open everywhere, and one that has ended everywhere",
        {
            "mart_project": [
                {**_SOLD, "status_erp": "active", "status_psa": "active"},
                {**_SOLD, "project_key": "PRJ-1", "status_erp": "closed", "status_psa": "closed"},
            ],
            "mart_state_project": [
                {"system": "netsuite", "role": "erp", "key": key, "observed_at": "2026-09-01 00:00:00+00"}
                for key in ("PRJ-1012", "PRJ-1")
            ],
        },
    ),
)
