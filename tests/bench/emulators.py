"""ERP and PSA emulators in a process of their own, furnished with projects, people and approved time entries."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from integrations.sandbox.faults.conditions import Conditions
from integrations.sandbox.gateway import Gateway
from integrations.sandbox.serving import served
from integrations.sandbox.vendors.kantata.emulator import Kantata
from integrations.sandbox.vendors.vendors import Vendors
from integrations.sandbox.world.ledger import Ledger, Table

SECRET = "loopback-only"
PROJECTS, PEOPLE = 20, 40
BEGIN = datetime(2026, 11, 16, 9, tzinfo=UTC)


class Hand:
    """A clock that stands still unless moved, so that emulators and engine agree without a file."""

    def __init__(self, at: datetime) -> None:
        self.at = at

    def now(self) -> datetime:
        return self.at


def emulate(parent: Any, entries: int) -> None:
    """Serve ERP and PSA until the parent sends something; sends it first the address and the minutes they hold."""
    clock, ledger = Hand(BEGIN + timedelta(hours=1)), Ledger()
    vendors = Vendors(ledger, clock, SECRET)
    _furnish(vendors.erp.records.tables)
    minutes = _worked(vendors.psa, entries)
    with served(Gateway(vendors.by_prefix(), ledger, Conditions(), clock)) as address:
        parent.send((address, minutes))
        parent.recv()


def _furnish(erp: dict[str, Table]) -> None:
    stamp = {"isInactive": False, "lastModifiedDate": "2026-01-01T00:00:00Z", "createdDate": "2026-01-01T00:00:00Z"}
    company = {"id": "1", "refName": "NOV-DE"}
    erp["subsidiary"].put("1", {"id": "1", "externalId": "NOV-DE", "name": "NOV-DE", "currency": "EUR", **stamp})
    for number in range(PROJECTS):
        key, code = str(1 + number), project_code(number)
        erp["job"].put(
            key, {"id": key, "externalId": code, "companyName": code, "subsidiary": company, "currency": "EUR", **stamp}
        )
        task = {
            "id": key,
            "externalId": f"{code}_010",
            "title": f"{code}.010",
            "project": {"id": key, "refName": code},
            **stamp,
        }
        erp["projecttask"].put(key, task)
    for number in range(PEOPLE):
        key = str(1 + number)
        erp["employee"].put(
            key,
            {
                "id": key,
                "externalId": person_number(number),
                "entityId": person_number(number),
                "subsidiary": company,
                **stamp,
            },
        )


def _worked(psa: Kantata, entries: int) -> int:
    for number in range(PROJECTS):
        space = {
            "title": f"{project_code(number)} · Bench",
            "currency": "EUR",
            "archived": False,
            "external_reference": None,
        }
        psa.tables["workspaces"].put(str(1 + number), {"id": str(1 + number), **space, "updated_at": BEGIN.isoformat()})
        story = {
            "title": f"{project_code(number)}.010 Work",
            "workspace_id": str(1 + number),
            "story_type": "task",
            "updated_at": BEGIN.isoformat(),
        }
        psa.tables["stories"].put(str(1 + number), {"id": str(1 + number), **story})
    for number in range(PEOPLE):
        user = {
            "full_name": f"Person {number}",
            "email_address": f"p{number}@bench.example",
            "updated_at": BEGIN.isoformat(),
        }
        psa.tables["users"].put(str(1 + number), {"id": str(1 + number), **user})
    total = 0
    for number in range(entries):
        minutes = 15 * (1 + number % 32)
        total += minutes
        psa.save(
            "time_entries",
            {
                "date_performed": "2026-11-13",
                "time_in_minutes": minutes,
                "billable": True,
                "notes": "bench",
                "rate_in_cents": 12000,
                "cost_rate_in_cents": None,
                "currency": "EUR",
                "currency_symbol": "€",
                "currency_base_unit": 100,
                "approved": True,
                "is_invoiced": False,
                "taxable": False,
                "story_id": str(1 + number % PROJECTS),
                "workspace_id": str(1 + number % PROJECTS),
                "user_id": str(1 + number % PEOPLE),
                "timesheet_submission_id": None,
                "submitted_at": BEGIN.isoformat(),
                "approved_at": BEGIN.isoformat(),
            },
            BEGIN + timedelta(milliseconds=number),
        )
    return total


def project_code(number: int) -> str:
    return f"PRJ-{9000 + number}"


def person_number(number: int) -> str:
    return f"E-{1 + number}"
