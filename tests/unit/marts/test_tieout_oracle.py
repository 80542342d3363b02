"""Control totals of random small worlds against an oracle in plain Python, which knows what was done and no SQL (X12).

`TIEOUT_ORACLE_SEED` plays a printed world again, `TIEOUT_ORACLE_WORLDS` plays more of them.
"""

from __future__ import annotations

import os
import random
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from models.derivation.refresh import refresh
from tests.unit.cases.lakes import NOW, Lake, hours_ago, money
from tests.unit.marts.test_tieout import LEVELS, owned, unbalanced, write_off

SEED = int(os.environ.get("TIEOUT_ORACLE_SEED", "0")) or random.SystemRandom().randrange(1, 10**6)
WORLDS = int(os.environ.get("TIEOUT_ORACLE_WORLDS", "12"))
PROJECTS = (("PRJ-1001", "NOV-DE", "EUR"), ("PRJ-1002", "NOV-UK", "GBP"))
DAYS = ("2026-08-31", "2026-09-01", "2026-09-30")
EDITS = ("hours", "bill_rate", "project_code", "work_date", "resource_number")
Key = tuple[str, str, str]
"""Legal entity, currency and month: what a total is of."""


class Stopped:
    def now(self) -> datetime:
        return NOW


@dataclass
class Book:
    """What must stand where, as the oracle counts it: amounts by group, by place."""

    source: dict[Key, dict[str, list[Decimal]]] = field(default_factory=lambda: defaultdict(lambda: defaultdict(list)))
    target: dict[Key, dict[str, list[Decimal]]] = field(default_factory=lambda: defaultdict(lambda: defaultdict(list)))


def group(fields: dict[str, Any]) -> Key:
    entity, currency = next((entity, currency) for code, entity, currency in PROJECTS if code == fields["home"])
    return entity, currency, fields["work_date"][:7]


def worth(fields: dict[str, Any]) -> Decimal:
    return Decimal(fields["hours"]) * Decimal(fields["bill_rate"]["amount"]) if fields["billable"] else Decimal(0)


def booked(dice: random.Random, number: int) -> dict[str, Any]:
    code, _, currency = dice.choice(PROJECTS)
    return {
        "home": code,
        "time_entry_id": f"TE-kantata-{number}",
        "project_code": code,
        "charge_code": f"{code}.010",
        "resource_number": dice.choice(("E-1", "E-2")),
        "work_date": dice.choice(DAYS),
        "hours": str(dice.choice((1, 2, 4, 8))),
        "billable": dice.random() > 0.2,
        "bill_rate": money(str(dice.choice((50, 100))), currency),
    }


def edited(dice: random.Random, fields: dict[str, Any]) -> dict[str, Any]:
    what = dice.choice(EDITS)
    other = {
        "hours": "7",
        "bill_rate": money("49", fields["bill_rate"]["currency"]),
        "project_code": "PRJ-9",
        "work_date": "2026-07-15",
        "resource_number": "E-9",
    }
    changed = {**fields, what: other[what]}
    return changed if what != "bill_rate" or fields["billable"] else {**fields, "hours": "7"}


class World:
    """Entries and postings with what people did to them, each put into the lake and into the oracle's book."""

    def __init__(self, dice: random.Random) -> None:
        self.lake, self.book, self._dice = Lake(), Book(), dice
        for code, entity, currency in PROJECTS:
            for system in ("salesforce", "netsuite", "kantata"):
                self.lake.observe(system, "project", code, hours_ago(900), legal_entity=entity, currency=currency)

    def play(self, number: int) -> None:
        deeds = (self.landed, self.missing, self.young, self.edited, self.deleted, self.foreign, self.doubled)
        deeds += (self.corrected, self.withdrawn, self.unapproved, self.case, self.written_off)
        self._dice.choice(deeds)(number, booked(self._dice, number))

    def landed(self, number: int, fields: dict[str, Any]) -> None:
        self._entry(number, fields)
        self._posting(number, fields, 1)
        self._stands(fields, "landed", fields)

    def missing(self, number: int, fields: dict[str, Any]) -> None:
        self._entry(number, fields)
        self._stands(fields, "unexplained")

    def young(self, number: int, fields: dict[str, Any]) -> None:
        self._entry(number, fields, changed=hours_ago(self._dice.choice((1, 23))))
        self._stands(fields, "on_its_way")

    def edited(self, number: int, fields: dict[str, Any]) -> None:
        other = edited(self._dice, fields)
        self._entry(number, fields)
        self._posting(number, other, 1)
        self._stands(fields, "unexplained", other)

    def deleted(self, number: int, fields: dict[str, Any]) -> None:
        self._entry(number, fields)
        self._posting(number, fields, 1)
        self.lake.observe("netsuite", "time_entry", f"TE-kantata-{number}-v1", NOW, present=False)
        self._stands(fields, "unexplained")

    def foreign(self, number: int, fields: dict[str, Any]) -> None:
        self._posting(number, {**fields, "time_entry_id": f"typed-{number}"}, 1)
        self._stands(None, "", fields)

    def doubled(self, number: int, fields: dict[str, Any]) -> None:
        self.landed(number, fields)
        self._posting(number, fields, 0)
        self._stands(None, "", fields)

    def corrected(self, number: int, fields: dict[str, Any]) -> None:
        self._posting(number, {**fields, "hours": "3"}, 1)
        self._posting(number, {**fields, "hours": "-3", "reversal": True}, 1, "-R")
        self._entry(number, fields)
        self._posting(number, fields, 2)
        self._stands(fields, "landed", fields)

    def withdrawn(self, number: int, fields: dict[str, Any]) -> None:
        self._entry(number, fields)
        self._posting(number, fields, 1)
        self.lake.observe("kantata", "time_entry", f"TE-kantata-{number}", NOW, present=False)
        self._stands(None, "", fields)

    def unapproved(self, number: int, fields: dict[str, Any]) -> None:
        self._entry(number, {**fields, "approval": self._dice.choice(("open", "submitted", "rejected"))})

    def case(self, number: int, fields: dict[str, Any]) -> None:
        self._entry(number, fields)
        owned(self.lake, f"TE-kantata-{number}")
        self._stands(fields, "cases")

    def written_off(self, number: int, fields: dict[str, Any]) -> None:
        if not fields["billable"] or fields["home"] != "PRJ-1001":
            return self.missing(number, fields)
        self._entry(number, fields)
        write_off(self.lake, f"TE-kantata-{number}", str(worth(fields)))
        self._stands(fields, "written_off")

    def _entry(self, number: int, fields: dict[str, Any], changed: datetime | None = None) -> None:
        at = (changed or hours_ago(300)).isoformat()
        said = {"approval": "approved", "approved_at": at, "changed_at": at, **fields}
        self.lake.observe("kantata", "time_entry", f"TE-kantata-{number}", hours_ago(1), legal_entity=None, **said)

    def _posting(self, number: int, fields: dict[str, Any], version: int, suffix: str = "") -> None:
        entity = next(entity for code, entity, _ in PROJECTS if code == fields["home"])
        key = f"TE-kantata-{number}-v{version}{suffix}"
        made = hours_ago(299).isoformat()
        self.lake.observe(
            "netsuite", "time_entry", key, hours_ago(1), legal_entity=entity, created_at=made, posting_id=key, **fields
        )

    def _stands(self, source: dict[str, Any] | None, place: str, target: dict[str, Any] | None = None) -> None:
        if source is not None:
            self.book.source[group(source)][place].append(worth(source))
        if target is not None:
            self.book.target[group(target)]["landed" if place == "landed" else "unsourced"].append(worth(target))


def expected(book: Book) -> dict[Key, dict[str, Any]]:
    """The columns of the control totals, out of the book."""
    found = {}
    for key in {*book.source, *book.target}:
        source, target = book.source[key], book.target[key]
        row: dict[str, Any] = {}
        for place in ("landed", "on_its_way", "cases", "written_off", "unexplained"):
            row |= {f"{place}_count": len(source[place]), f"{place}_amount": sum(source[place], Decimal(0))}
        row |= {"unsourced_count": len(target["unsourced"]), "unsourced_amount": sum(target["unsourced"], Decimal(0))}
        for side, places in (("source", source), ("target", target)):
            every = [amount for amounts in places.values() for amount in amounts]
            row |= {f"{side}_count": len(every), f"{side}_amount": sum(every, Decimal(0))}
        found[key] = row
    return found


@pytest.mark.req("X12")
@pytest.mark.parametrize("world", range(WORLDS))
def test_control_totals_are_what_was_done_in_the_world(world: int) -> None:
    """X12: every amount in its one place, each group to the cent, whatever people did."""
    print(f"TIEOUT_ORACLE_SEED={SEED} world {world}")
    played = World(random.Random(SEED * 1_000 + world))
    for number in range(1, 40):
        played.play(number)
    lake = played.lake
    lake.observe("kantata", "project", "PRJ-8", NOW + timedelta(minutes=1), name="both were read after all of it")
    lake.observe("netsuite", "project", "PRJ-8", NOW + timedelta(minutes=1), name="both were read after all of it")
    refresh(lake.connection, "EUR", Stopped(), LEVELS)
    rows = lake.rows("SELECT * FROM mart_totals WHERE entity = 'time_entry'")
    shown = {(row["legal_entity"], row["currency"], row["period"]): row for row in rows}
    wanted = expected(played.book)
    assert len(rows) == len(shown) and set(shown) == set(wanted)
    assert {key: {name: shown[key][name] for name in row} for key, row in wanted.items()} == wanted
    assert unbalanced(rows) == []
