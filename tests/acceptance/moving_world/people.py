"""What people do in their systems, past every check of ours: a move changes one record of one vendor.

Each move is a function of the firm and of chance; it answers the subject it changed, or None where there is nothing to
change now. What kind of record it changes, what is done to it, and at which moment of the record's life, say `MOVES`
and `moment_of`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from random import Random
from typing import Any

from integrations.sandbox.operations.accounts import Accounts
from integrations.sandbox.vendors.wire import iso_offset, iso_z
from tests.acceptance.moving_world.firm import MovingFirm
from tests.acceptance.moving_world.oracle import fact_of, hours_of

Move = Callable[["People", Random], str | None]


@dataclass(frozen=True, slots=True)
class Kind:
    """A cell's row and column in the matrix: the record type and the verb."""

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

    @property
    def now(self) -> Any:
        return self.firm.house.clock.at

    def entries(self) -> list[dict[str, Any]]:
        return list(self.psa.tables["time_entries"])

    def bills(self) -> list[dict[str, Any]]:
        return list(self.erp.tables["timebill"])

    def invoices(self, *status: str) -> list[dict[str, Any]]:
        return [row for row in self.erp.tables["invoice"] if not status or row["status"] in status]

    def standing_bills(self) -> Iterator[dict[str, Any]]:
        """Postings that no reversal has undone, not invoiced yet."""
        undone = {fact_of(str(row["externalId"])) for row in self.bills() if hours_of(row["hours"]) < 0}
        for row in self.bills():
            if not row.get("custcol_invoiced") and fact_of(str(row.get("externalId"))) not in undone:
                yield row

    def change_entry(self, key: str, **fields: Any) -> str:
        self.psa.save("time_entries", fields, self.now, key)
        return f"TE-kantata-{key}"


def any_of(rows: list[Any], chance: Random) -> Any:
    """One of them; records in the order of their names, which a seed finds again whatever numbers they were given."""
    named = sorted(rows, key=_name) if rows and isinstance(rows[0], Mapping) else rows
    return chance.choice(named) if rows else None


def _name(row: Mapping[str, Any]) -> str:
    return str(row.get("externalId") or row.get("id") or row.get("Id"))


# Time entries.


@move("time entry", "create")
def log(people: People, chance: Random) -> str | None:
    project, user = any_of(PROJECTS, chance), any_of(list(people.psa.tables["users"].rows), chance)
    if people.psa.workspace(project) is None or user is None:
        return None
    key = people.firm.house.log(f"{project}.0{chance.choice('12')}0", user, chance.choice((15, 60, 95, 450, 475)))
    return f"TE-kantata-{key}"


@move("time entry", "edit hours")
def edit_hours(people: People, chance: Random) -> str | None:
    row = any_of(people.entries(), chance)
    return row and people.change_entry(row["id"], time_in_minutes=chance.choice((15, 45, 120, 720)))


@move("time entry", "edit rate")
def edit_rate(people: People, chance: Random) -> str | None:
    row = any_of(people.entries(), chance)
    return row and people.change_entry(row["id"], rate_in_cents=chance.choice((9_000, 15_050, 21_000)))


@move("time entry", "make unbillable")
def make_unbillable(people: People, chance: Random) -> str | None:
    row = any_of([row for row in people.entries() if row["billable"]], chance)
    return row and people.change_entry(row["id"], billable=False)


@move("time entry", "back-date")
def back_date(people: People, chance: Random) -> str | None:
    row = any_of(people.entries(), chance)
    day = people.now.date() - timedelta(days=chance.choice((1, 7, 33)))
    return row and people.change_entry(row["id"], date_performed=day.isoformat())


@move("time entry", "move")
def move_entry(people: People, chance: Random) -> str | None:
    row, project = any_of(people.entries(), chance), any_of(PROJECTS, chance)
    space = people.psa.workspace(project)
    if row is None or space is None or space == row["workspace_id"]:
        return None
    return people.change_entry(row["id"], workspace_id=space, story_id=people.psa.story(space, f"{project}.010"))


@move("time entry", "delete")
def delete_entry(people: People, chance: Random) -> str | None:
    row = any_of(people.entries(), chance)
    if row is None:
        return None
    people.psa.remove("time_entries", row["id"], people.now)
    return f"TE-kantata-{row['id']}"


@move("time entry", "reopen")
def unapprove(people: People, chance: Random) -> str | None:
    row = any_of([row for row in people.entries() if row["approved"]], chance)
    return row and people.change_entry(row["id"], approved=False, approved_at=None)


@move("time entry", "approve")
def approve(people: People, chance: Random) -> str | None:
    row = any_of([row for row in people.entries() if not row["approved"]], chance)
    return row and people.change_entry(row["id"], approved=True, approved_at=iso_offset(people.now))


# Postings in the ERP, edited by its own people.


@move("posting", "delete")
def delete_posting(people: People, chance: Random) -> str | None:
    row = any_of(list(people.standing_bills()), chance)
    if row is None:
        return None
    people.erp.remove("timebill", row["id"])
    return fact_of(str(row["externalId"]))


@move("posting", "edit hours")
def edit_posted_hours(people: People, chance: Random) -> str | None:
    return _edit_posting(people, chance, hours=chance.choice(("0:30", "3:00", "9:45")))


@move("posting", "edit rate")
def edit_posted_rate(people: People, chance: Random) -> str | None:
    return _edit_posting(people, chance, rate=chance.choice(("77.00", "200.00")))


@move("posting", "move")
def move_posting(people: People, chance: Random) -> str | None:
    job = people.accounts.key("job", any_of(PROJECTS, chance))
    return None if job is None else _edit_posting(people, chance, customer={"id": job}, caseTaskEvent=None)


def _edit_posting(people: People, chance: Random, **fields: Any) -> str | None:
    row = any_of(list(people.standing_bills()), chance)
    if row is None:
        return None
    people.accounts.put("timebill", people.now, row["id"], **fields)
    return fact_of(str(row["externalId"]))


@move("posting", "double")
def double_posting(people: People, chance: Random) -> str | None:
    row = any_of(list(people.standing_bills()), chance)
    if row is None:
        return None
    fact = fact_of(str(row["externalId"]))
    copy = {name: value for name, value in row.items() if name not in ("id", "externalId", "createdDate")}
    people.accounts.put("timebill", people.now, **{**copy, "externalId": f"{fact}-v{chance.randint(70, 99)}"})
    return fact


@move("posting", "create")
def foreign_posting(people: People, chance: Random) -> str | None:
    row = any_of(list(people.standing_bills()), chance)
    if row is None:
        return None
    copy = {name: value for name, value in row.items() if name not in ("id", "externalId", "createdDate")}
    external = f"BY-HAND-{chance.randint(10_000, 99_999)}"
    people.accounts.put("timebill", people.now, **{**copy, "externalId": external})
    return external


# Invoices.


@move("invoice", "create")
def bill(people: People, chance: Random) -> str | None:
    by_job: dict[str, list[dict[str, Any]]] = {}
    for row in people.standing_bills():
        if row.get("rate") is not None and row.get("isBillable"):
            by_job.setdefault(row["customer"]["id"], []).append(row)
    by_job = {job: rows for job, rows in by_job.items() if job in people.erp.tables["job"].rows}
    job = any_of(sorted(by_job), chance)
    if job is None:
        return None
    rows = sorted(by_job[job], key=_name)
    return invoice(people, job, rows[: chance.randint(1, 4)])


def invoice(people: People, job: str, rows: list[dict[str, Any]]) -> str:
    """An invoice over some postings of a project; its number."""
    record = people.erp.tables["job"].rows[job]
    number = f"INV-{10_001 + len(people.erp.tables['invoice'])}"
    lines = [
        {
            "description": f"{row['hours']} h on {row['tranDate']}",
            "amount": str((hours_of(row["hours"]) * Decimal(str(row["rate"]))).quantize(Decimal("0.01"))),
            "custcol_posting_id": row["externalId"],
        }
        for row in rows
    ]
    day = people.now.date().isoformat()
    people.accounts.put(
        "invoice",
        people.now,
        externalId=number,
        tranId=number,
        entity={"id": job, "refName": record.get("companyName")},
        customer=record.get("parent") or {},
        subsidiary=record.get("subsidiary"),
        currency=record.get("currency"),
        total=str(sum((Decimal(line["amount"]) for line in lines), Decimal(0))),
        status="open",
        tranDate=day,
        trandate_key=day,
        item={"items": lines},
    )
    for row in rows:
        people.accounts.put("timebill", people.now, row["id"], custcol_invoiced=True, custcol_invoice=number)
    return number


@move("invoice", "void")
def void(people: People, chance: Random) -> str | None:
    row = any_of(people.invoices("open"), chance)
    if row is None:
        return None
    people.accounts.put("invoice", people.now, row["id"], status="void")
    return str(row["tranId"])


@move("invoice", "pay")
def pay(people: People, chance: Random) -> str | None:
    row = any_of(people.invoices("open"), chance)
    if row is None:
        return None
    people.accounts.put("invoice", people.now, row["id"], status="paid")
    return str(row["tranId"])


@move("invoice", "edit line")
def edit_line(people: People, chance: Random) -> str | None:
    row = any_of(people.invoices("open"), chance)
    if row is None:
        return None
    first, *rest = row["item"]["items"]
    people.accounts.put("invoice", people.now, row["id"], item={"items": [{**first, "amount": "11.11"}, *rest]})
    return fact_of(first["custcol_posting_id"])


@move("invoice", "double line")
def double_line(people: People, chance: Random) -> str | None:
    row = any_of(people.invoices("open"), chance)
    if row is None:
        return None
    first = row["item"]["items"][0]
    people.accounts.put("invoice", people.now, row["id"], item={"items": [*row["item"]["items"], first]})
    return fact_of(first["custcol_posting_id"])


# What stands around the work.


@move("charge code", "switch")
def switch_code(people: People, chance: Random) -> str | None:
    row = any_of(list(people.erp.tables["projecttask"]), chance)
    if row is None:
        return None
    people.accounts.put("projecttask", people.now, row["id"], isInactive=not row.get("isInactive"))
    return str(row["title"])


@move("contract", "hold")
def hold(people: People, chance: Random) -> str | None:
    row = any_of(list(people.erp.tables["salesorder"]), chance)
    if row is None:
        return None
    people.accounts.put("salesorder", people.now, row["id"], custbody_hold=not row.get("custbody_hold"))
    return str(row["externalId"])


@move("contract", "cap")
def cap(people: People, chance: Random) -> str | None:
    row = any_of(list(people.erp.tables["salesorder"]), chance)
    if row is None:
        return None
    amount = chance.choice((None, "500.00", "2500.00", "1000000.00"))
    people.accounts.put("salesorder", people.now, row["id"], custbody_cap=amount)
    return str(row["externalId"])


@move("project", "delete in the ERP")
def delete_job(people: People, chance: Random) -> str | None:
    row = any_of(list(people.erp.tables["job"]), chance)
    if row is None or chance.random() < 0.7:
        return None
    people.erp.remove("job", row["id"])
    return str(row["externalId"])


@move("customer", "rename")
def rename(people: People, chance: Random) -> str | None:
    row = any_of(list(people.crm.tables["Account"]), chance)
    if row is None:
        return None
    people.crm.save("Account", {"Name": f"{row['Name'].split(' II')[0]} II"}, people.now, row["Id"])
    return str(row["Id"])


@move("period", "close or reopen")
def close_month(people: People, chance: Random) -> str | None:
    month = f"{people.now - timedelta(days=chance.choice((0, 31))):%Y-%m}"
    held = people.erp.periods.get(month)
    people.erp.shut(month, not (held and held["closed"]))
    return month


@move("exchange rate", "add late")
def late_rate(people: People, chance: Random) -> str | None:
    day = f"20{chance.randint(15, 24)}-0{chance.randint(1, 9)}-01"
    people.accounts.put(
        "currencyrate",
        people.now,
        externalId=f"EUR-USD-{day}-{iso_z(people.now)}",
        baseCurrency="EUR",
        transactionCurrency="USD",
        exchangeRate="0.5",
        effectiveDate=day,
    )
    return day


PROJECTS = ("PRJ-1001", "PRJ-1002", "PRJ-1003")
