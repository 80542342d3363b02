"""Two sales, or two projects of one system, with one project code (X4)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from collectors.detectors.contract import Detector, Example, Row
from models.domain.explanations import explain
from models.domain.finding import Cause, Finding
from models.domain.fingerprint import fingerprint
from models.domain.flow_names import QUOTE_TO_PROJECT


def sales(row: Row) -> Finding:
    """One of several sales; the value of those that are not the project's can neither be delivered nor billed."""
    second = row["place"] > 1
    return Finding(
        fingerprint("duplicate-project", row["first_key"]),
        _cause(f"Several sales have the project code {row['first_key']}", row),
        "opportunity" if second else "project",
        row["system_id"] if second else row["first_key"],
        row["value"] if second else None,
        row["currency"] if second else None,
        row["first_seen"],
        row["run_id"],
        row["trace_id"],
        row["legal_entity"],
        row["first_key"],
        row["customer_key"],
        _evidence(row),
        reporting=row["reporting"] if second else None,
    )


def copies(row: Row) -> Finding:
    """One of several projects of one system; nothing says on which of them the next posting will be."""
    return Finding(
        fingerprint("duplicate-project", row["system"], row["first_key"]),
        _cause(f"Several projects of {row['system']} have the code {row['first_key']}", row),
        "project",
        row["system_id"],
        since=row["first_seen"],
        legal_entity=row["legal_entity"],
        project_key=row["first_key"],
        customer_key=row["customer_key"],
        evidence=_evidence(row),
    )


def _cause(title: str, row: Row) -> Cause:
    words = explain("duplicate-project")
    return Cause(
        "duplicate-project",
        title,
        words.explanation,
        words.next_action,
        row["system"],
        words.money_kind,
        "medium",
        flow=QUOTE_TO_PROJECT,
        system=row["system"],
        root=True,
        subject=("project", row["first_key"]),
    )


def _evidence(row: Row) -> Mapping[str, Any]:
    seen = {"id": row["system_id"], "first": row["first_id"], "code": row["key"], "name": row["name"]}
    return {name: str(value) for name, value in seen.items() if value is not None}


DETECTOR = Detector(
    "duplicate_project",
    "One project code for two",
    ("X4", "M2"),
    __file__,
    {"sales": sales, "copies": copies},
)

_SALE = {
    "system": "salesforce",
    "role": "crm",
    "key": "PRJ-1001",
    "system_id": "006A",
    "name": "Portal",
    "legal_entity": "NOV-DE",
    "value": "50000.00",
    "currency": "EUR",
    "first_seen": "2026-08-01 09:00:00+00",
}
_SECOND = {**_SALE, "system_id": "006B", "value": "999999.00", "first_seen": "2026-09-01 09:00:00+00"}
_JOB = {**_SALE, "system": "netsuite", "role": "erp", "system_id": "11"}

EXAMPLES = (
    Example(
        "a second sale with the code of a running project, refused by its flow",
        {
            "mart_state_project": [_SALE, _SECOND],
            "open_runs": [
                {"run_id": "r", "flow": "quote-to-project", "state": "dead", "payload": '{"ref": {"id": "006B"}}'}
            ],
        },
        [
            ("duplicate-project|PRJ-1001", "006B", "999999.00"),
            ("duplicate-project|PRJ-1001", "PRJ-1001", None),
        ],
        {"first": "006A"},
    ),
    Example(
        "one code in two spellings",
        {"mart_state_project": [_SALE, {**_SECOND, "key": "prj 1001"}]},
        [
            ("duplicate-project|PRJ-1001", "006B", "999999.00"),
            ("duplicate-project|PRJ-1001", "PRJ-1001", None),
        ],
    ),
    Example(
        "a job and its copy",
        {"mart_state_project": [_SALE, _JOB, {**_JOB, "system_id": "12", "name": "Portal (copy)"}]},
        [
            ("duplicate-project|netsuite|PRJ-1001", "11", None),
            ("duplicate-project|netsuite|PRJ-1001", "12", None),
        ],
    ),
    Example(
        "one project in two systems, and codes that differ in one sign",
        {"mart_state_project": [_SALE, _JOB, {**_SECOND, "key": "PRJ-10-01"}]},
    ),
)
