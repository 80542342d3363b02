"""Clerks in the ERP who change what was posted there: time and expenses."""

from __future__ import annotations

from functools import partial
from random import Random
from typing import Any

from tests.acceptance.moving_world.oracle import fact_of
from tests.acceptance.moving_world.people import People, any_of, move

TABLES = {"time posting": "timebill", "expense posting": "expensereport"}


def _edit(record: str, people: People, chance: Random, changed: Any) -> str | None:
    row = any_of(list(people.standing(TABLES[record])), chance)
    if row is None:
        return None
    people.accounts.put(TABLES[record], people.now, row["id"], **changed(people, chance))
    return fact_of(str(row["externalId"]))


def _elsewhere(people: People, chance: Random) -> dict[str, Any]:
    return {"customer": {"id": any_of(people.erp_rows("job"), chance)["id"]}, "caseTaskEvent": None}


def _total(people: People, chance: Random) -> dict[str, Any]:
    amount = chance.choice(("33.00", "810.10"))
    return {"amount": amount, "total": amount}


def _delete(record: str, people: People, chance: Random) -> str | None:
    row = any_of(list(people.standing(TABLES[record])), chance)
    if row is None:
        return None
    people.erp.remove(TABLES[record], row["id"])
    return fact_of(str(row["externalId"]))


def _copy(record: str, people: People, chance: Random, by_hand: bool) -> str | None:
    row = any_of(list(people.standing(TABLES[record])), chance)
    if row is None:
        return None
    copy = {name: value for name, value in row.items() if name not in ("id", "externalId", "createdDate")}
    number = chance.randint(10_000, 99_999)
    external = f"BY-HAND-{number}" if by_hand else f"{fact_of(str(row['externalId']))}-v{number}"
    people.accounts.put(TABLES[record], people.now, **{**copy, "externalId": external})
    return fact_of(external)


def _register() -> None:
    edits: dict[tuple[str, str], Any] = {
        ("time posting", "edit hours"): lambda p, c: {"hours": c.choice(("0:30", "3:00", "9:45"))},
        ("time posting", "edit rate"): lambda p, c: {"rate": c.choice(("77.00", "200.00"))},
        ("expense posting", "edit amount"): _total,
    }
    for record in TABLES:
        edits[record, "move"] = _elsewhere
        edits[record, "back-date"] = lambda p, c: {"tranDate": p.day(c)}
        edits[record, "make unbillable"] = lambda p, c: {"isBillable": False}
        move(record, "delete")(partial(_delete, record))
        move(record, "double")(partial(_copy, record, by_hand=False))
        move(record, "create")(partial(_copy, record, by_hand=True))
    for (record, verb), changed in edits.items():
        move(record, verb)(partial(_edit, record, changed=changed))


_register()
