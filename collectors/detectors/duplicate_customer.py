"""Customers that exist twice, and hierarchies that differ between systems (X4)."""

from __future__ import annotations

from collectors.detectors.contract import Detector, Example, Row
from models.domain.finding import Cause, Finding
from models.domain.fingerprint import fingerprint
from models.domain.flow_names import MASTER_DATA


def twins(row: Row) -> Finding:
    """One of several records of what seems to be one customer."""
    cause = Cause(
        "customer-duplicate",
        f"Customer {row['name']} exists more than once in {row['system']}",
        "Several records seem to be one company: its invoices, credit and hierarchy are split between them.",
        "Compare the records, merge them in the owning system, or note that they are two companies.",
        row["system"],
        "none",
        "medium",
        flow=MASTER_DATA,
        system=row["system"],
        root=True,
    )
    return Finding(
        fingerprint("customer-duplicate", row["system"], row["first"]),
        cause,
        "customer",
        row["key"],
        since=row["since"],
        legal_entity=row["legal_entity"],
        customer_key=row["first"],
        evidence={"same": row["because"], "name": row["name"]},
    )


def hierarchy(row: Row) -> Finding:
    cause = Cause(
        "customer-hierarchy",
        f"Customer {row['name']} has another parent in the ERP than in the CRM",
        "Group figures and credit limits differ with the hierarchy.",
        "Decide which parent is right and correct the other system.",
        row["system"],
        "none",
        "low",
        flow=MASTER_DATA,
        system=row["system"],
        root=True,
    )
    return Finding(
        fingerprint("customer-hierarchy", row["key"]),
        cause,
        "customer",
        row["key"],
        since=row["since"],
        legal_entity=row["legal_entity"],
        customer_key=row["key"],
        evidence={"crm": row["crm_parent"], "erp": row["erp_parent"]},
    )


DETECTOR = Detector(
    "duplicate_customer", "Customers that exist twice", ("X4",), __file__, {"twins": twins, "hierarchy": hierarchy}
)

_ONE = {
    "system": "salesforce",
    "role": "crm",
    "key": "C-100",
    "name": "Halden Grid GmbH",
    "country": "DE",
    "tax_id": "DE 123",
    "active": True,
    "observed_at": "2026-09-01 00:00:00+00",
}

EXAMPLES = (
    Example(
        "one tax id, two accounts",
        {"mart_state_customer": [_ONE, {**_ONE, "key": "C-200", "name": "Halden Netz", "tax_id": "DE123"}]},
        [
            ("customer-duplicate|salesforce|C-100", "C-100", None),
            ("customer-duplicate|salesforce|C-100", "C-200", None),
        ],
    ),
    Example(
        "one name in one country",
        {
            "mart_state_customer": [
                {**_ONE, "tax_id": None},
                {**_ONE, "key": "C-300", "name": "HALDEN GRID, Gmbh", "tax_id": None},
            ]
        },
        [
            ("customer-duplicate|salesforce|C-100", "C-100", None),
            ("customer-duplicate|salesforce|C-100", "C-300", None),
        ],
    ),
    Example(
        "another parent in the ERP",
        {
            "mart_state_customer": [
                {**_ONE, "parent_key": "C-1"},
                {**_ONE, "role": "erp", "system": "netsuite", "parent_key": "C-2"},
            ]
        },
        [("customer-hierarchy|C-100", "C-100", None)],
    ),
    Example(
        "one customer in two systems, and a namesake abroad",
        {
            "mart_state_customer": [
                _ONE,
                {**_ONE, "role": "erp", "system": "netsuite"},
                {**_ONE, "key": "C-400", "country": "GB", "tax_id": "GB9"},
            ]
        },
    ),
)
