"""A firm of one project whose PSA holds two approved entries that no ERP has yet: 800.00 EUR and 1,200.00 EUR."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

ENTRIES = {"TE-kantata-1": "8.00", "TE-kantata-2": "12.00"}
_ROLES = {"salesforce": "crm", "netsuite": "erp", "kantata": "psa"}
SYSTEMS = "".join(
    f'[[system]]\nname = "{name}"\nvendor = "{name}"\nrole = "{role}"\nbase_url = "https://{name}.example"\n'
    for name, role in _ROLES.items()
)


def observations(now: datetime) -> bytes:
    """What the systems of this firm show at this moment, as engines of the installation send it."""
    return b"\n".join(json.dumps(one).encode() for one in _shown(now))


def _shown(now: datetime) -> Iterator[dict[str, Any]]:
    day, money = now - timedelta(days=6), {"currency": "EUR"}
    sold = {"name": "Portal", "currency": "EUR", "customer_key": "C-1", "value": {**money, "amount": "50000.00"}}
    for system in _ROLES:
        yield _seen(system, "project", "PRJ-1001", now, {**sold, "closed_at": day.isoformat(), "missing": []})
    yield _seen("salesforce", "customer", "C-1", now, {"name": "Halden Grid", "country": "DE", "active": True})
    yield _seen(
        "netsuite", "charge_code", "PRJ-1001.010", now, {"project_code": "PRJ-1001", "active": True, "billable": True}
    )
    for key, hours in ENTRIES.items():
        entry = {
            "time_entry_id": key,
            "project_code": "PRJ-1001",
            "charge_code": "PRJ-1001.010",
            "resource_number": "E-7",
            "work_date": day.date().isoformat(),
            "hours": hours,
            "billable": True,
            "bill_rate": {**money, "amount": "100.00"},
            "cost_rate": {**money, "amount": "60.00"},
            "approval": "approved",
            "submitted_at": day.isoformat(),
            "approved_at": (day + timedelta(days=1)).isoformat(),
        }
        yield _seen("kantata", "time_entry", key, now, entry)


def _seen(system: str, entity: str, key: str, now: datetime, fields: dict[str, Any]) -> dict[str, Any]:
    return {
        "observed_at": now.isoformat(),
        "snapshot_id": "engines",
        "system": system,
        "role": _ROLES[system],
        "entity": entity,
        "system_id": key,
        "key": key,
        "legal_entity": "NOV-DE",
        "present": True,
        "fields": fields,
    }
