"""Two people who have one worker number, in two systems or in one (M2)."""

from __future__ import annotations

from collectors.detectors.contract import Detector, Example, Row
from models.domain.explanations import explain
from models.domain.finding import Cause, Finding
from models.domain.fingerprint import fingerprint


def namesakes(row: Row) -> Finding:
    """One of the people; beside the first of them stands the cost that is posted under the number, once a currency."""
    words = explain("worker-clash")
    cause = Cause(
        "worker-clash",
        f"Several people have the number {row['key']}",
        words.explanation,
        words.next_action,
        row["system"],
        words.money_kind,
        "medium",
        system=row["system"],
        root=True,
        subject=("resource", row["key"]),
    )
    return Finding(
        fingerprint("worker-clash", row["key"]),
        cause,
        "resource",
        row["subject"],
        row["amount"],
        row["currency"] if row["amount"] is not None else None,
        legal_entity=row["legal_entity"],
        evidence={"number": str(row["key"]), "name": str(row["name"]), "system": str(row["system"])},
        reporting=row["reporting"],
    )


DETECTOR = Detector(
    "shared_number",
    "One worker number for two people",
    ("M2",),
    __file__,
    {"namesakes": namesakes},
)

_WORKER = {
    "system": "workday",
    "role": "hcm",
    "key": "E-1007",
    "system_id": "w7",
    "name": "Tomasz Wren",
    "legal_entity": "NOV-UK",
    "active": True,
}
_EMPLOYEE = {**_WORKER, "system": "netsuite", "role": "erp", "system_id": "107"}
_POSTED = {
    "kind": "time",
    "item_key": "TE-kantata-1",
    "resource_key": "E-1007",
    "cost_amount": "400.00",
    "cost_currency": "GBP",
    "posted_at": "2026-09-20 12:00:00+00",
}

EXAMPLES = (
    Example(
        "HR and ERP each gave the number to somebody; work is posted under it",
        {"mart_state_resource": [_WORKER, {**_EMPLOYEE, "name": "Iris Castle"}], "mart_work": [_POSTED]},
        [("worker-clash|E-1007", "netsuite:107", "400.00"), ("worker-clash|E-1007", "workday:w7", None)],
        {"number": "E-1007"},
    ),
    Example(
        "the ERP itself gave it twice, and what is posted under it has two currencies: each amount stands once",
        {
            "mart_state_resource": [_EMPLOYEE, {**_EMPLOYEE, "system_id": "108", "name": "Iris Castle"}],
            "mart_work": [
                _POSTED,
                {**_POSTED, "item_key": "TE-kantata-2", "cost_amount": "-100.00"},
                {**_POSTED, "item_key": "TE-kantata-3", "cost_amount": "50.00", "cost_currency": "EUR"},
            ],
        },
        [
            ("worker-clash|E-1007", "netsuite:107", "300.00"),
            ("worker-clash|E-1007", "netsuite:107:EUR", "50.00"),
            ("worker-clash|E-1007", "netsuite:108", None),
        ],
    ),
    Example(
        "one system gave it twice, and no ERP knows them: what is posted under it is not lost",
        {
            "mart_state_resource": [_WORKER, {**_WORKER, "system_id": "w8", "name": "Iris Castle"}],
            "mart_work": [_POSTED],
        },
        [("worker-clash|E-1007", "workday:w7", "400.00"), ("worker-clash|E-1007", "workday:w8", None)],
    ),
    Example(
        "one system gave it twice",
        {"mart_state_resource": [_WORKER, {**_WORKER, "system_id": "w8", "name": "Iris Castle"}]},
        [("worker-clash|E-1007", "workday:w7", None), ("worker-clash|E-1007", "workday:w8", None)],
    ),
    Example(
        "one person, written otherwise, married since, or gone before the other came",
        {
            "mart_state_resource": [
                _WORKER,
                {**_EMPLOYEE, "name": "WREN, Tomasz"},
                {**_EMPLOYEE, "system": "kantata", "role": "psa", "name": "Tomasz Castle"},
                {**_EMPLOYEE, "system_id": "108", "name": "Iris Castle", "active": False},
            ],
            "mart_work": [_POSTED],
        },
    ),
)
