"""Projects whose sale moved to another company of the firm (X4, M2)."""

from __future__ import annotations

from collectors.detectors.contract import Detector, Example, Row
from models.domain.explanations import explain
from models.domain.finding import Cause, Finding
from models.domain.fingerprint import fingerprint
from models.domain.flow_names import QUOTE_TO_PROJECT


def company(row: Row) -> Finding:
    """The project, in the company whose books it stands in, with what is posted there at its bill rates."""
    words = explain("entity-moved")
    cause = Cause(
        "entity-moved",
        f"{row['key']} stands in the books of {row['legal_entity']} and was moved to {row['sold_by']}",
        words.explanation,
        words.next_action,
        row["crm"],
        words.money_kind,
        "medium",
        flow=QUOTE_TO_PROJECT,
        system=row["crm"],
        root=True,
        subject=("project", row["key"]),
    )
    seen = {"sold by": row["sold_by"], "booked in": row["legal_entity"], "by": row["system"], "name": row["name"]}
    return Finding(
        fingerprint("entity-moved", row["key"]),
        cause,
        "project",
        row["key"],
        row["amount"],
        row["currency"] if row["amount"] is not None else None,
        row["since"],
        row["run_id"],
        row["trace_id"],
        row["legal_entity"],
        row["key"],
        row["customer_key"],
        {name: str(value) for name, value in seen.items() if value is not None},
        reporting=row["reporting"],
    )


DETECTOR = Detector(
    "moved_project",
    "Projects whose sale moved to another company",
    ("X4", "M2"),
    __file__,
    {"company": company},
)

_SALE = {
    "system": "salesforce",
    "role": "crm",
    "key": "PRJ-1001",
    "system_id": "006A",
    "name": "Portal",
    "legal_entity": "NOV-UK",
    "currency": "EUR",
    "first_seen": "2026-08-01 09:00:00+00",
    "observed_at": "2026-09-01 09:00:00+00",
}
_JOB = {**_SALE, "system": "netsuite", "role": "erp", "system_id": "11", "legal_entity": "NOV-DE"}
_POSTED = {
    "kind": "time",
    "item_key": "TE-kantata-1",
    "project_key": "PRJ-1001",
    "billable": True,
    "bill_amount": "960.00",
    "currency": "EUR",
    "posted_at": "2026-08-20 09:00:00+00",
}

EXAMPLES = (
    Example(
        "sold by one company, booked in another",
        {
            "mart_state_project": [_SALE, _JOB, {**_JOB, "system_id": "12"}],
            "mart_work": [_POSTED, {**_POSTED, "item_key": "TE-kantata-2", "posted_at": None}],
        },
        [("entity-moved|PRJ-1001", "PRJ-1001", "960.00")],
    ),
    Example(
        "in one company, and a PSA that knows of none",
        {
            "mart_state_project": [
                _SALE,
                {**_JOB, "legal_entity": "NOV-UK"},
                {**_JOB, "system": "kantata", "role": "psa", "legal_entity": None},
            ]
        },
    ),
)
