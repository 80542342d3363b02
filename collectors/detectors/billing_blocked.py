"""Posted work that may not be invoiced: its contract is on hold, or its statement of work has ended (X5)."""

from __future__ import annotations

from collectors.detectors.contract import Detector, Example, Row, item_finding
from models.domain.finding import Cause, Finding
from models.domain.fingerprint import fingerprint
from models.domain.flow_names import QUOTE_TO_PROJECT


def held(row: Row) -> Finding:
    """One item of a contract that finance has put on hold."""
    cause = _cause(
        row,
        "billing-hold",
        f"Billing of {_named(row)} is on hold",
        "The contract carries a billing hold in the ERP, so nothing of it is invoiced although the work is posted.",
        "Settle what the hold is for, then lift it in the ERP; the work goes into the next billing run.",
    )
    return item_finding(row, fingerprint("billing-hold", row["project_key"]), cause)


def expired(row: Row) -> Finding:
    """One item worked after the statement of work had ended."""
    cause = _cause(
        row,
        "sow-expired",
        f"Work on {_named(row)} goes beyond its statement of work",
        f"Statement of work {row['sow_number'] or 'on file'} ended on {row['sow_expires_on']:%d %b %Y}: "
        "the customer need not pay for later days.",
        "Have the statement of work extended and its new end entered in the CRM; or stop the work and write it off.",
    )
    return item_finding(row, fingerprint("sow-expired", row["project_key"]), cause)


def _cause(row: Row, name: str, title: str, explanation: str, action: str) -> Cause:
    owner = row["blocker_owner"] or "finance"
    return Cause(
        name,
        title,
        explanation,
        action,
        owner,
        "billing_blocked",
        "medium",
        flow=QUOTE_TO_PROJECT,
        system=owner,
        root=True,
        subject=("project", row["project_key"]),
    )


def _named(row: Row) -> str:
    return f"{row['project_key']} “{row['project_name']}”" if row["project_name"] else str(row["project_key"])


DETECTOR = Detector(
    "billing_blocked", "Posted work that may not be invoiced", ("X5",), __file__, {"held": held, "expired": expired}
)

_ENTRY = {
    "kind": "time",
    "item_key": "TE-kantata-1",
    "project_key": "PRJ-1001",
    "billable": True,
    "bill_amount": "100.00",
    "currency": "EUR",
    "state": "blocked",
}
_PROJECT = {"project_key": "PRJ-1001", "name": "Portal", "sow_number": "SOW-7", "sow_expires_on": "2026-09-15"}

EXAMPLES = (
    Example(
        "a contract on hold",
        {"mart_work": [{**_ENTRY, "blocker": "billing-hold", "blocker_owner": "netsuite"}], "mart_project": [_PROJECT]},
        [("billing-hold|PRJ-1001", "TE-kantata-1", "100.00")],
    ),
    Example(
        "worked after the end",
        {
            "mart_work": [{**_ENTRY, "blocker": "sow-expired", "blocker_owner": "salesforce"}],
            "mart_project": [_PROJECT],
        },
        [("sow-expired|PRJ-1001", "TE-kantata-1", "100.00")],
    ),
    Example("ready to bill", {"mart_work": [{**_ENTRY, "state": "ready"}], "mart_project": [_PROJECT]}),
)
