"""Work that may not be invoiced although it is done: what was sold, agreed or accepted does not allow it (X5, X17)."""

from __future__ import annotations

from collectors.detectors.contract import Detector, Example, Row, at_its_day, item_finding
from models.domain.explanations import EXPLANATIONS
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


def gated(row: Row) -> Finding:
    """One item that a gate stops, with what was agreed for its project."""
    words = EXPLANATIONS[row["blocker"]]
    cause = _cause(row, row["blocker"], f"{words.title}: {_named(row)}", words.explanation, words.next_action)
    agreed = {name: row[name] for name in ("cap", "value", "erp_value", "billed_amount", "purchase_order")}
    text = fingerprint(row["blocker"], row["project_key"])
    return item_finding(row, text, cause, project=row["project_key"], **agreed)


def beyond(row: Row) -> Finding:
    """One project of which more is billed than was agreed; the amount is what lies beyond."""
    words, owner = EXPLANATIONS["billed-beyond"], row["crm"] or "finance"
    cause = Cause(
        "billed-beyond",
        f"{words.title}: {_named(row)}",
        words.explanation,
        words.next_action,
        owner,
        words.money_kind,
        "medium",
        flow=QUOTE_TO_PROJECT,
        system=owner,
        root=True,
    )
    return Finding(
        fingerprint("billed-beyond", row["project_key"]),
        cause,
        "project",
        row["project_key"],
        row["beyond"],
        row["currency"],
        legal_entity=row["legal_entity"],
        project_key=row["project_key"],
        customer_key=row["customer_key"],
        evidence={
            name: str(row[name])
            for name in ("billed_amount", "cap", "value", "sow_number", "after_sow")
            if row[name] is not None
        },
        reporting=at_its_day(row["beyond"], row["billed_amount"], row["billed_reporting"]),
    )


def _cause(row: Row, name: str, title: str, explanation: str, action: str) -> Cause:
    owner = row["blocker_owner"] or "finance"
    return Cause(
        name,
        title,
        explanation,
        action,
        owner,
        EXPLANATIONS[name].money_kind,
        "medium",
        flow=QUOTE_TO_PROJECT,
        system=owner,
        root=True,
        subject=("project", row["project_key"]),
    )


def _named(row: Row) -> str:
    return f"{row['project_key']} “{row['project_name']}”" if row["project_name"] else str(row["project_key"])


DETECTOR = Detector(
    "billing_blocked",
    "Work that may not be invoiced",
    ("X5", "X17"),
    __file__,
    {"held": held, "expired": expired, "gated": gated, "beyond": beyond},
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
_TERMS = {"project_key": "PRJ-1001", "currency": "EUR", "value": "5000.00", "billed_amount": "5000.00"}
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
    Example(
        "work beyond a cap, of a project that is billed beyond it already",
        {
            "mart_work": [{**_ENTRY, "blocker": "over-cap", "blocker_owner": "salesforce"}],
            "mart_project": [_PROJECT],
            "mart_contract": [{**_TERMS, "cap": "1000.00", "billed_amount": "1250.00"}],
        },
        [
            ("over-cap|PRJ-1001", "TE-kantata-1", "100.00"),
            ("billed-beyond|PRJ-1001", "PRJ-1001", "250.00"),
        ],
    ),
    Example(
        "the ERP bills by another contract than the one that was sold",
        {
            "mart_work": [{**_ENTRY, "blocker": "contract-version", "blocker_owner": "netsuite"}],
            "mart_project": [_PROJECT],
            "mart_contract": [{**_TERMS, "erp_value": "4000.00"}],
        },
        [("contract-version|PRJ-1001", "TE-kantata-1", "100.00")],
        {"value": "5000.00", "erp_value": "4000.00"},
    ),
    Example(
        "a milestone that the customer has not accepted",
        {
            "mart_work": [{**_ENTRY, "kind": "milestone", "blocker": "milestone-not-accepted"}],
            "mart_project": [_PROJECT],
            "mart_contract": [_TERMS],
        },
        [("milestone-not-accepted|PRJ-1001", "TE-kantata-1", "100.00")],
    ),
    Example(
        "billed for days after its statement of work, within its value",
        {
            "mart_work": [
                {**_ENTRY, "state": "billed", "work_date": "2026-09-16"},
                {**_ENTRY, "item_key": "TE-2", "state": "billed", "work_date": "2026-09-15"},
            ],
            "mart_project": [_PROJECT],
            "mart_contract": [_TERMS],
        },
        [("billed-beyond|PRJ-1001", "PRJ-1001", "100.00")],
        {"sow_number": "SOW-7", "after_sow": "100.00"},
    ),
    Example("billed to the last cent of what was agreed", {"mart_contract": [_TERMS], "mart_project": [_PROJECT]}),
    Example("ready to bill", {"mart_work": [{**_ENTRY, "state": "ready"}], "mart_project": [_PROJECT]}),
)
