"""How fast time-to-bill is from end to end: PSA events in over HTTP, bulk postings to the ERP, every acknowledgement
back.

The emulators run in a process of their own, the engine in this one, on loopback. `run` measures from the first poll to
the last settled run and then asks the ERP what it holds, so that speed counts only with every posting there exactly
once.

Flows know no system; this module puts a whole installation together to measure one of them, so it fetches engine,
connectors and emulators by name when it runs, and importing it costs a flow nothing.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import tempfile
import time
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from importlib import import_module
from pathlib import Path
from typing import Any

from integrations.contracts import Policy, Role, SystemConfig
from integrations.flows import flows
from models.domain.outcomes import Fact

GOAL = 500.0
"""Entries a second on two cores."""

SECRET = "loopback-only"
PROJECTS, PEOPLE = 20, 40
BEGIN = datetime(2026, 11, 16, 9, tzinfo=UTC)
POLICY = Policy(rate=100_000, burst=100_000, concurrency=4)


class _Hand:
    """A clock that stands still unless moved, so that emulators and engine agree without a file."""

    def __init__(self, at: datetime) -> None:
        self.at = at

    def now(self) -> datetime:
        return self.at


def run(entries: int = 10_000) -> dict[str, Any]:
    """Bill `entries` approved time entries; entries a second, seconds, postings, and how many were posted twice or not
    at all.
    """
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    emulators = context.Process(target=_emulate, args=(theirs, entries), daemon=True)
    emulators.start()
    try:
        return _measured(ours, entries)
    finally:
        ours.send("end")
        emulators.join(timeout=10)
        if emulators.is_alive():
            emulators.terminate()


def _measured(emulators: Any, entries: int) -> dict[str, Any]:
    address, minutes = emulators.recv()
    with tempfile.TemporaryDirectory() as folder:
        clock = _Hand(BEGIN + timedelta(hours=1))
        journal = import_module("models.journal").open_journal(f"sqlite:///{Path(folder) / 'journal.sqlite'}", clock)
        connectors = import_module("integrations.engine.systems").connect(
            [_system(address, Role.ERP), _system(address, Role.PSA)], clock
        )
        engine = import_module("integrations.engine.engine").Engine(journal, flows(), connectors, clock)
        _teach(journal)
        began, cpu = time.perf_counter(), time.process_time()
        engine.drain()
        seconds, cpu = time.perf_counter() - began, time.process_time() - cpu
        settled = journal.runs.pulse().due == 0
        posted = [item.fields for item in connectors["netsuite"].snapshot("time_entry")]
        told = sum(
            1 for item in connectors["kantata"].snapshot("time_entry") if item.fields["sync_status"] == "successful"
        )
        engine.close()
        for connector in connectors.values():
            connector.close()
        journal.close()
    facts = {fields["time_entry_id"] for fields in posted}
    hours = sum(Decimal(fields["hours"]) for fields in posted)
    return {
        "entries": entries,
        "seconds": round(seconds, 3),
        "entries_per_s": round(entries / seconds, 1),
        "goal_per_s": GOAL,
        "engine_cpu_s": round(cpu, 3),
        "postings": len(posted),
        "posted_twice": len(posted) - len(facts),
        "missing": entries - len(facts),
        "acknowledged_in_psa": told,
        "hours_difference": str(hours - Decimal(minutes) / 60),
        "all_settled": settled,
    }


def _system(address: str, role: Role) -> SystemConfig:
    vendor = {Role.ERP: "netsuite", Role.PSA: "kantata"}[role]
    return SystemConfig(vendor, vendor, role, f"{address}/{vendor}", credentials={"token": SECRET}, policy=POLICY)


def _teach(journal: Any) -> None:
    """What quote-to-project and master-data would have learnt: projects, codes and people, and their ids in ERP and
    PSA.
    """
    facts: list[Fact] = []
    links: list[tuple[str, str, str, str]] = []
    for number in range(PROJECTS):
        code = _code(number)
        task = {
            "code": f"{code}.010",
            "project_id": code,
            "project_code": code,
            "legal_entity_id": "NOV-DE",
            "active": True,
            "billable": True,
        }
        facts += [Fact("project", code, {"code": code, "name": code}), Fact("charge_code", f"{code}.010", task)]
        links += [("kantata", "project", str(1 + number), code), ("netsuite", "project", str(1 + number), code)]
        links.append(("netsuite", "charge_code", str(1 + number), f"{code}.010"))
    for number in range(PEOPLE):
        facts.append(
            Fact("resource", _person(number), {"role": "Engineer", "cost_rate": {"amount": "60.00", "currency": "EUR"}})
        )
        links += [(system, "resource", str(1 + number), _person(number)) for system in ("kantata", "netsuite")]
    journal.registry.learn(facts)
    journal.crosswalk.link(links)


def _emulate(parent: Any, entries: int) -> None:
    """Serve ERP and PSA until told to end; tells its address and the minutes it holds."""
    sandbox = "integrations.sandbox."
    clock, conditions, ledger = (
        _Hand(BEGIN + timedelta(hours=1)),
        import_module(sandbox + "faults.conditions").Conditions(),
        import_module(sandbox + "world.ledger").Ledger(),
    )
    vendors = import_module(sandbox + "vendors.vendors").Vendors(ledger, clock, SECRET)
    _furnish(vendors.erp.records.tables)
    minutes = _worked(vendors.psa, entries)
    door = import_module(sandbox + "gateway").Gateway(vendors.by_prefix(), ledger, conditions, clock)
    with import_module(sandbox + "serving").served(door) as address:
        parent.send((address, minutes))
        parent.recv()


def _furnish(erp: dict[str, Any]) -> None:
    stamp = {"isInactive": False, "lastModifiedDate": "2026-01-01T00:00:00Z", "createdDate": "2026-01-01T00:00:00Z"}
    company = {"id": "1", "refName": "NOV-DE"}
    erp["subsidiary"].put("1", {"id": "1", "externalId": "NOV-DE", "name": "NOV-DE", "currency": "EUR", **stamp})
    for number in range(PROJECTS):
        key, code = str(1 + number), _code(number)
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
            key, {"id": key, "externalId": _person(number), "entityId": _person(number), "subsidiary": company, **stamp}
        )


def _worked(psa: Any, entries: int) -> int:
    for number in range(PROJECTS):
        space = {"title": f"{_code(number)} · Bench", "currency": "EUR", "archived": False, "external_reference": None}
        psa.tables["workspaces"].put(str(1 + number), {"id": str(1 + number), **space, "updated_at": BEGIN.isoformat()})
        story = {
            "title": f"{_code(number)}.010 Work",
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


def _code(number: int) -> str:
    return f"PRJ-{9000 + number}"


def _person(number: int) -> str:
    return f"E-{1 + number}"


def main() -> None:
    """`python -m integrations.flows.bench --size 10000`: the figures as one line of JSON."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--size", type=int, default=10_000, help="time entries")
    print(json.dumps(run(parser.parse_args().size)))


if __name__ == "__main__":
    main()
