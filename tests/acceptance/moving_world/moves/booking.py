"""Consultants and their managers in the PSA: time and expenses."""

from __future__ import annotations

from functools import partial
from random import Random
from typing import Any

from integrations.sandbox.vendors.wire import iso_offset
from tests.acceptance.moving_world.people import Move, People, Record, any_of, move

KINDS = {"time entry": ("time_entries", "TE"), "expense": ("expenses", "EX")}
MINUTES = (15, 60, 95, 450, 475)
CENTS = (1_999, 12_050, 48_000)


@move("time entry", "create")
def log(people: People, chance: Random) -> str | None:
    return _book(people, chance, "time_entries", "TE", date="date_performed", time_in_minutes=chance.choice(MINUTES))


@move("time entry", "create negative")
def log_negative(people: People, chance: Random) -> str | None:
    return _book(people, chance, "time_entries", "TE", date="date_performed", time_in_minutes=-chance.choice(MINUTES))


@move("expense", "create")
def spend(people: People, chance: Random) -> str | None:
    return _book(people, chance, "expenses", "EX", date="date", amount_in_cents=chance.choice(CENTS), category="Travel")


@move("expense", "create negative")
def spend_negative(people: People, chance: Random) -> str | None:
    cents = -chance.choice(CENTS)
    return _book(people, chance, "expenses", "EX", date="date", amount_in_cents=cents, category="Travel")


def _book(people: People, chance: Random, plural: str, prefix: str, date: str, **fields: Any) -> str | None:
    space, user = any_of(people.psa_rows("workspaces"), chance), any_of(people.psa_rows("users"), chance)
    if space is None or user is None:
        return None
    code, currency = space["title"].split(" ", 1)[0], space["currency"]
    given = {
        date: people.day(chance),
        "billable": chance.random() < 0.9,
        "notes": "work",
        "currency": currency,
        "currency_symbol": currency,
        "currency_base_unit": 100,
        "approved": True,
        "is_invoiced": False,
        "taxable": False,
        "story_id": people.psa.story(space["id"], f"{code}.0{chance.choice('12')}0"),
        "workspace_id": space["id"],
        "user_id": user["id"],
        "submitted_at": iso_offset(people.now),
        "approved_at": iso_offset(people.now),
    }
    rated = {"rate_in_cents": 12_000, "cost_rate_in_cents": None} if plural == "time_entries" else {}
    return f"{prefix}-kantata-{people.psa.save(plural, {**given, **rated, **fields}, people.now)}"


def _edit(record: str, people: People, chance: Random, changed: Any, among: Any = lambda row: True) -> str | None:
    plural, prefix = KINDS[record]
    row = any_of([row for row in people.psa_rows(plural) if among(row)], chance)
    fields = row and changed(people, chance, row)
    if not fields:
        return None
    people.psa.save(plural, fields, people.now, row["id"])
    return f"{prefix}-kantata-{row['id']}"


def _elsewhere(people: People, chance: Random, row: Record) -> dict[str, Any] | None:
    space = any_of([one for one in people.psa_rows("workspaces") if one["id"] != row["workspace_id"]], chance)
    if space is None:
        return None
    code = space["title"].split(" ", 1)[0]
    return {"workspace_id": space["id"], "story_id": people.psa.story(space["id"], f"{code}.010")}


def _other_code(people: People, chance: Random, row: Record) -> dict[str, Any] | None:
    stories = [one for one in people.psa_rows("stories") if one["workspace_id"] == row["workspace_id"]]
    story = any_of([one for one in stories if one["id"] != row["story_id"]], chance)
    return story and {"story_id": story["id"]}


def _other_person(people: People, chance: Random, row: Record) -> dict[str, Any] | None:
    user = any_of([one for one in people.psa_rows("users") if one["id"] != row["user_id"]], chance)
    return user and {"user_id": user["id"]}


def _approved(people: People, chance: Random, row: Record) -> dict[str, Any]:
    return {"approved": True, "approved_at": iso_offset(people.now)}


def _delete(record: str, people: People, chance: Random) -> str | None:
    plural, prefix = KINDS[record]
    row = any_of(people.psa_rows(plural), chance)
    if row is None:
        return None
    people.psa.remove(plural, row["id"], people.now)
    return f"{prefix}-kantata-{row['id']}"


def _register() -> None:
    both: dict[str, tuple[Any, Any]] = {
        "make unbillable": (lambda p, c, r: {"billable": False}, lambda r: r["billable"]),
        "move": (_elsewhere, lambda r: True),
        "edit code": (_other_code, lambda r: True),
        "edit person": (_other_person, lambda r: True),
        "reopen": (lambda p, c, r: {"approved": False, "approved_at": None}, lambda r: r["approved"]),
        "approve": (_approved, lambda r: not r["approved"]),
    }
    of_time = {
        "edit hours": (lambda p, c, r: {"time_in_minutes": c.choice((15, 45, 120, 720, 1500))}, lambda r: True),
        "edit rate": (lambda p, c, r: {"rate_in_cents": c.choice((9_000, 15_050, 21_000))}, lambda r: True),
        "back-date": (lambda p, c, r: {"date_performed": p.day(c)}, lambda r: True),
    }
    of_expenses = {
        "edit amount": (lambda p, c, r: {"amount_in_cents": c.choice((2_500, 99_900))}, lambda r: True),
        "back-date": (lambda p, c, r: {"date": p.day(c)}, lambda r: True),
    }
    for record, own in (("time entry", of_time), ("expense", of_expenses)):
        for verb, (changed, among) in {**both, **own}.items():
            made: Move = partial(_edit, record, changed=changed, among=among)
            move(record, verb)(made)
        move(record, "delete")(partial(_delete, record))


_register()
