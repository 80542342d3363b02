"""Time and expenses that were sent back, or that nobody approves (X3)."""

from __future__ import annotations

from collectors.detectors.contract import Detector, Example, Row, item_finding
from models.domain.finding import Cause, Finding
from models.domain.fingerprint import fingerprint
from models.domain.flow_names import TIME_TO_BILL


def rejected(row: Row) -> Finding:
    return _finding(
        row,
        "time-rejected",
        f"Rejected time on {row['project_key'] or 'no project'}",
        "These entries were sent back; "
        "until the people who booked them correct and resubmit them, they cannot be billed.",
        "Ask them to correct and resubmit; the reason stands on each entry.",
    )


def stuck(row: Row) -> Finding:
    return _finding(
        row,
        "approval-late",
        f"Time of {row['legal_entity'] or 'the firm'} waits for approval",
        "These entries were submitted more than three days ago and nobody has approved or rejected them.",
        "Ask the project's approver to decide, or name a deputy.",
    )


def unsubmitted(row: Row) -> Finding:
    return _finding(
        row,
        "submission-late",
        f"Time of {row['legal_entity'] or 'the firm'} was never submitted",
        "These entries were saved more than ten days ago and never submitted for approval.",
        "Ask the people who worked to submit their timesheets.",
    )


def _finding(row: Row, name: str, title: str, explanation: str, action: str) -> Finding:
    owner = row["source_system"] or "psa"
    subject = (
        ("project", row["project_key"]) if name == "time-rejected" else ("legal_entity", row["legal_entity"] or "-")
    )
    cause = Cause(
        name,
        title,
        explanation,
        action,
        owner,
        "billing_blocked",
        flow=TIME_TO_BILL,
        system=owner,
        root=True,
        subject=subject,
    )
    return item_finding(row, fingerprint(name, subject[1]), cause)


DETECTOR = Detector(
    "rejected_time",
    "Time that was sent back or that nobody approves",
    ("X3",),
    __file__,
    {"rejected": rejected, "stuck": stuck, "unsubmitted": unsubmitted},
)

_ENTRY = {
    "kind": "time",
    "item_key": "TE-kantata-1",
    "project_key": "PRJ-1001",
    "billable": True,
    "bill_amount": "100.00",
    "currency": "GBP",
    "legal_entity": "ACME-UK",
    "state": "not_approved",
    "source_system": "kantata",
}

EXAMPLES = (
    Example(
        "sent back",
        {"mart_work": [{**_ENTRY, "blocker": "rejected"}]},
        [("time-rejected|PRJ-1001", "TE-kantata-1", "100.00")],
    ),
    Example(
        "submitted for a week",
        {"mart_work": [{**_ENTRY, "blocker": "approval-pending", "submitted_at": "2026-09-23 12:00:00+00"}]},
        [("approval-late|ACME-UK", "TE-kantata-1", "100.00")],
    ),
    Example(
        "saved a month ago",
        {"mart_work": [{**_ENTRY, "blocker": "not-submitted", "work_date": "2026-08-30"}]},
        [("submission-late|ACME-UK", "TE-kantata-1", "100.00")],
    ),
    Example(
        "submitted yesterday, and one on a wrong code that is another detector's",
        {
            "mart_work": [
                {**_ENTRY, "blocker": "approval-pending", "submitted_at": "2026-09-29 12:00:00+00"},
                {**_ENTRY, "blocker": "rejected", "code_fault": "charge-code-unknown"},
            ]
        },
    ),
)
