"""People at the vendors' screens: they change the raw records past every check of ours.

A move is a function of the people and of chance that changes one record of one vendor. It answers the subject that it
changed (a piece of work, a project's code), or None where there is nothing to change now. `moves/` registers them under
their record type and verb.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import Any

from integrations.sandbox.operations.accounts import Accounts
from tests.acceptance.moving_world.firm import MovingFirm
from tests.acceptance.moving_world.oracle import fact_of

Move = Callable[["People", Random], str | None]
Record = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Kind:
    """A cell's row in the matrix: the record type and what is done to it."""

    record: str
    verb: str


MOVES: dict[Kind, Move] = {}


def move(record: str, verb: str) -> Callable[[Move], Move]:
    """Register a move under its record type and verb."""

    def kept(made: Move) -> Move:
        MOVES[Kind(record, verb)] = made
        return made

    return kept


class People:
    """Hands on the raw records of the vendors."""

    def __init__(self, firm: MovingFirm) -> None:
        self.firm, self.vendors = firm, firm.house.vendors
        self.psa, self.crm, self.erp = self.vendors.psa, self.vendors.crm, self.vendors.erp.records
        self.accounts = Accounts(self.vendors.erp)
        self.let_go: dict[tuple[str, str], Record] = {}
        """What two people wrote off, by flow and piece of work: their request, how much, in which currency."""

    @property
    def requests(self) -> Any:
        return self.firm.house.journal.requests

    @property
    def now(self) -> datetime:
        return self.firm.now

    def psa_rows(self, plural: str) -> list[Record]:
        return list(self.psa.tables[plural])

    def erp_rows(self, kind: str) -> list[Record]:
        return list(self.erp.tables[kind])

    def crm_rows(self, name: str) -> list[Record]:
        return [row for row in self.crm.tables[name] if not row["IsDeleted"]]

    def invoices(self, *status: str) -> list[Record]:
        return [row for row in self.erp.tables["invoice"] if row["status"] in status]

    def standing(self, kind: str) -> Iterator[Record]:
        """Postings that no reversal has undone, not invoiced yet."""
        rows = self.erp_rows(kind)
        undone = {fact_of(str(row["externalId"])) for row in rows if str(row["externalId"]).endswith("-R")}
        for row in rows:
            if not row.get("custcol_invoiced") and fact_of(str(row["externalId"])) not in undone:
                yield row

    def day(self, chance: Random) -> str:
        """A day of now or before, as people back-date."""
        return (self.now.date() - timedelta(days=chance.choice((0, 0, 1, 7, 33)))).isoformat()

    def is_closed(self, month: str) -> bool:
        return bool((self.erp.periods.get(month) or {}).get("closed"))

    def shut(self, month: str, closed: bool) -> None:
        self.erp.shut(month, closed, self.now)


class Chance(Random):
    """What happens by chance, if possible to one of the subjects that are `wanted`."""

    wanted: frozenset[str] = frozenset()


def any_of(rows: Sequence[Any], chance: Random) -> Any:
    """One of them; records in the order of their names, which a seed finds again whatever numbers they were given."""
    if not rows or not isinstance(rows[0], Mapping):
        return chance.choice(rows) if rows else None
    wanted = [row for row in rows if isinstance(chance, Chance) and subject_of(row) in chance.wanted]
    return chance.choice(sorted(wanted or rows, key=name_of))


def subject_of(row: Record) -> str:
    """The piece of work or the project's code that a record is about."""
    if "time_in_minutes" in row or "amount_in_cents" in row:
        return f"{'TE' if 'time_in_minutes' in row else 'EX'}-kantata-{row['id']}"
    if "tranId" in row:
        lines = (row.get("item") or {}).get("items", ())
        return fact_of(str(lines[0].get("custcol_posting_id"))) if lines else ""
    if "tranDate" in row:
        return fact_of(str(row["externalId"]))
    code = row.get("Project_Code__c") or row.get("externalId") or row.get("title") or ""
    return str(code).removeprefix("CT-").split(" ", 1)[0].split(".", 1)[0]


def name_of(row: Record) -> str:
    return str(row.get("externalId") or row.get("id") or row.get("Id"))
