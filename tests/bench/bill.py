"""How fast time-to-bill is from end to end: PSA events in over HTTP, bulk postings to the ERP, every answer back.

The emulators run in a process of their own, the engine in this one, on loopback. `run` measures from the first poll to
the last settled run and then asks the ERP what it holds: speed counts only with every posting there exactly once.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import tempfile
import time
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from integrations.contracts import Policy, Role, SystemConfig
from integrations.engine.engine import Engine
from integrations.engine.systems import connect
from integrations.flows import flows
from models.domain.outcomes import Fact
from models.journal import Journal, open_journal
from models.keys.keyring import Keyring
from models.settings import read_settings
from tests.bench.emulators import BEGIN, PEOPLE, PROJECTS, SECRET, Hand, emulate, person_number, project_code
from tests.catalogues import packaged

GOAL = 500.0
"""Entries a second on two cores."""

POLICY = Policy(rate=100_000, burst=100_000, concurrency=4)


def run(entries: int = 10_000) -> dict[str, Any]:
    """Bill `entries` approved time entries: entries a second, seconds, postings, and how many are twice or missing."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    emulators = context.Process(target=emulate, args=(theirs, entries), daemon=True)
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
        clock = Hand(BEGIN + timedelta(hours=1))
        keys = Keyring(read_settings().model_copy(update={"home": Path(folder)}))
        journal = open_journal(f"sqlite:///{Path(folder) / 'journal.sqlite'}", clock, keys=keys)
        connectors = connect([_system(address, Role.ERP), _system(address, Role.PSA)], clock)
        engine = Engine(journal, flows(), connectors, clock, catalogue=packaged())
        _teach(journal)
        began, cpu = time.perf_counter(), time.process_time()
        engine.drain()
        seconds, cpu = time.perf_counter() - began, time.process_time() - cpu
        settled = journal.runs.pulse().due == 0
        posted = [item.fields for item in connectors["netsuite"].snapshot("time_entry")]
        acknowledged = sum(
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
        "acknowledged_in_psa": acknowledged,
        "hours_difference": str(hours - Decimal(minutes) / 60),
        "all_settled": settled,
    }


def _system(address: str, role: Role) -> SystemConfig:
    vendor = {Role.ERP: "netsuite", Role.PSA: "kantata"}[role]
    return SystemConfig(vendor, vendor, role, f"{address}/{vendor}", credentials={"token": SECRET}, policy=POLICY)


def _teach(journal: Journal) -> None:
    """What quote-to-project and master-data would have learnt: projects, codes, people, their ids in ERP and PSA."""
    facts: list[Fact] = []
    links: list[tuple[str, str, str, str]] = []
    for number in range(PROJECTS):
        code = project_code(number)
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
            Fact(
                "resource",
                person_number(number),
                {"role": "Engineer", "cost_rate": {"amount": "60.00", "currency": "EUR"}},
            )
        )
        links += [(system, "resource", str(1 + number), person_number(number)) for system in ("kantata", "netsuite")]
    journal.registry.learn(facts)
    journal.crosswalk.link(links)


def main() -> None:
    """`python -m tests.bench.bill --size 10000`: the figures as one line of JSON."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--size", type=int, default=10_000, help="time entries")
    print(json.dumps(run(parser.parse_args().size)))


if __name__ == "__main__":
    main()
