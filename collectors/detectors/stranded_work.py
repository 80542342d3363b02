"""Work that cannot be posted or billed because the ERP has no such project (X1, X11)."""

from __future__ import annotations

from collectors.detectors.contract import Detector, Example, Row, item_finding
from collectors.detectors.orphaned_project import EFFECT, again, named, vanished
from models.domain.finding import Cause, Finding
from models.domain.fingerprint import fingerprint
from models.domain.flow_names import QUOTE_TO_PROJECT, TIME_TO_BILL


def blocked(row: Row) -> Finding:
    """One item that waits for its project; the money of one whose first set-up waits is that set-up's own case."""
    was_there = row["gone_at"] is not None or row["set_up_run"] is not None
    counted = {**row, "billable": False} if row["setup_state"] == "waiting" and not was_there else row
    return item_finding(counted, fingerprint("project-missing", "erp", row["project_key"]), _missing_in_erp(row))


def _missing_in_erp(row: Row) -> Cause:
    if row["in_erp"]:
        because = "The project has been created in the meantime; this work was refused before that."
        action = "Replay: the ERP will now take it."
    else:
        because = EFFECT["erp"] + vanished(row) + _reason(row)
        action = (
            "Replay: its set-up runs first and makes the project in the ERP again, then what was refused is posted."
        )
        if row["set_up_run"] is None:
            action = (
                f"Set the project up in the ERP, or mend and replay its {QUOTE_TO_PROJECT} flow, "
                "then replay what was refused."
            )
    return Cause(
        "project-missing",
        f"Project {named(row)} is missing in the ERP",
        because,
        action,
        row["blocker_owner"] or "erp",
        "billing_blocked",
        "high",
        suggestion=None if row["in_erp"] else again(row),
        flow=TIME_TO_BILL,
        system=row["blocker_owner"],
        root=True,
        subject=("project", row["project_key"]),
    )


def _reason(row: Row) -> str:
    if row["setup_state"] == "waiting":
        return f" Its set-up waits: {row['setup_waits']}."
    if row["setup_state"] == "dead":
        return f" Its set-up was refused: {row['setup_error']}."
    return ""


DETECTOR = Detector(
    "stranded_work",
    "Work whose project the ERP lacks",
    ("X1", "X11"),
    __file__,
    {"blocked": blocked},
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
    "blocker": "project-missing",
    "blocker_owner": "netsuite",
}

EXAMPLES = (
    Example(
        "approved work on a project that the ERP does not know",
        {"mart_project": [_SOLD], "mart_work": [_ENTRY]},
        [
            ("project-missing|erp|PRJ-1012", "TE-kantata-1", "960.00"),
        ],
    ),
    Example(
        "its set-up waits: the paused sale's case holds the money",
        {
            "mart_project": [_SOLD],
            "mart_work": [_ENTRY],
            "open_runs": [
                {"run_id": "r", "flow": "quote-to-project", "state": "waiting", "business_key": "project:PRJ-1012"}
            ],
        },
        [("project-missing|erp|PRJ-1012", "TE-kantata-1", None)],
    ),
    Example(
        "it was there, and a change of it waits: the work is at stake, and that is this case",
        {
            "mart_project": [{**_SOLD, "gone_at": "2026-09-29 12:00:00+00"}],
            "mart_work": [_ENTRY],
            "open_runs": [
                {"run_id": "r", "flow": "quote-to-project", "state": "waiting", "business_key": "project:PRJ-1012"}
            ],
        },
        [("project-missing|erp|PRJ-1012", "TE-kantata-1", "960.00")],
    ),
    Example(
        "work that nobody sold is another's finding",
        {"mart_project": [_SOLD], "mart_work": [{**_ENTRY, "blocker": "project-unsold"}]},
    ),
)
