"""Customers that exist twice, numbers that two companies have, hierarchies that differ between systems (X4, M2)."""

from __future__ import annotations

from collectors.detectors.contract import Detector, Example, Row
from models.domain.explanations import explain
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


def clash(row: Row) -> Finding:
    """One of several companies that have one customer number."""
    words = explain("customer-clash")
    cause = Cause(
        "customer-clash",
        f"{words.title}: {row['number']} in {row['system']}",
        words.explanation,
        words.next_action,
        row["system"],
        words.money_kind,
        "medium",
        flow=MASTER_DATA,
        system=row["system"],
        root=True,
    )
    return Finding(
        fingerprint("customer-clash", row["system"], row["said"]),
        cause,
        "customer",
        row["system_id"],
        since=row["since"],
        legal_entity=row["legal_entity"],
        customer_key=row["key"],
        evidence={"name": row["name"], "number": row["number"]},
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
    "duplicate_customer",
    "Customers that exist twice",
    ("X4", "M2"),
    __file__,
    {"twins": twins, "clash": clash, "hierarchy": hierarchy},
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
        "two accounts that are known to be one customer, under one key",
        {
            "mart_state_customer": [
                {**_ONE, "system_id": "001A", "name": "Müller & Söhne G.m.b.H."},
                {**_ONE, "system_id": "001B", "name": "MULLER SOHNE", "tax_id": None},
            ]
        },
        [
            ("customer-duplicate|salesforce|C-100", "001A", None),
            ("customer-duplicate|salesforce|C-100", "001B", None),
        ],
    ),
    Example(
        "one number, two companies",
        {
            "mart_state_customer": [
                {**_ONE, "system_id": "001A", "number": "DE-1001"},
                {**_ONE, "system_id": "001B", "number": "de-1001 ", "name": "Pemberton", "tax_id": "GB777"},
            ]
        },
        [
            ("customer-clash|salesforce|DE-1001", "001A", None),
            ("customer-clash|salesforce|DE-1001", "001B", None),
        ],
    ),
    Example(
        "numbers that differ in one character, placeholders for a number, and namesakes with tax ids of their own",
        {
            "mart_state_customer": [
                {**_ONE, "system_id": "001A", "number": "DE-1001"},
                {**_ONE, "system_id": "001B", "key": "C-2", "number": "UK-1001", "tax_id": "DE 9"},
                {**_ONE, "system_id": "001C", "key": "C-3", "number": "n/a", "name": "Pemberton", "tax_id": "GB7"},
                {**_ONE, "system_id": "001D", "key": "C-4", "number": "n/a", "name": "Quillon", "tax_id": "GB8"},
            ]
        },
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
        "another parent in the ERP of a customer with two accounts",
        {
            "mart_state_customer": [
                {**_ONE, "system_id": "001A", "parent_key": "C-1", "tax_id": None, "country": None},
                {**_ONE, "system_id": "001B", "parent_key": "C-1", "tax_id": None, "country": None},
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
