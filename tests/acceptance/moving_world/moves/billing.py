"""Accounting in the ERP: invoices, credit memos, and at each month's begin the billing run and the close."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from random import Random
from typing import Any

from integrations.sandbox.operations.billing import Billing
from tests.acceptance.moving_world.oracle import cents, fact_of, hours_of
from tests.acceptance.moving_world.people import People, Record, any_of, move, name_of


def month_begins(people: People) -> str:
    """Everything of before is billed and what is due was paid; the month before last is closed."""
    Billing(people.accounts).bill(people.now, "")
    month = f"{(people.now.replace(day=1) - timedelta(days=32)):%Y-%m}"
    people.shut(month, True)
    return f"the billing run of {people.now:%d %b %Y}, {month} closed"


@move("invoice", "create")
def bill(people: People, chance: Random) -> str | None:
    by_job: dict[str, list[Record]] = {}
    for row in (*people.standing("timebill"), *people.standing("expensereport")):
        if row.get("isBillable") and row["customer"]["id"] in people.erp.tables["job"].rows and _worth(row):
            by_job.setdefault(row["customer"]["id"], []).append(row)
    job = any_of(sorted(by_job), chance)
    return None if job is None else invoice(people, job, sorted(by_job[job], key=name_of)[: chance.randint(1, 4)])


def _worth(row: Record) -> Decimal | None:
    if "hours" not in row:
        return cents(Decimal(str(row.get("total") or row.get("amount") or 0)))
    return None if row.get("rate") is None else cents(hours_of(row["hours"]) * Decimal(str(row["rate"])))


def invoice(people: People, job: str, rows: list[Record]) -> str:
    """An invoice over some postings of a project; the first one's fact."""
    record = people.erp.tables["job"].rows[job]
    number = f"INV-{people.erp.tables['invoice'].last_key}"
    lines = [
        {"description": "work", "amount": str(_worth(row)), "custcol_posting_id": row["externalId"]} for row in rows
    ]
    whose = {"customer": record.get("parent") or {}, "subsidiary": record.get("subsidiary")}
    entity = {"id": record["id"], "refName": record.get("companyName")}
    _document(people, "invoice", number, lines, entity=entity, currency=record.get("currency"), **whose)
    for row in rows:
        kind = "timebill" if "hours" in row else "expensereport"
        people.accounts.put(kind, people.now, row["id"], custcol_invoiced=True, custcol_invoice=number)
    return fact_of(str(rows[0]["externalId"]))


def _document(people: People, kind: str, number: str, lines: list[dict[str, Any]], **whose: Any) -> None:
    day = people.now.date().isoformat()
    people.accounts.put(
        kind,
        people.now,
        externalId=number,
        tranId=number,
        total=str(sum((Decimal(line["amount"]) for line in lines), Decimal(0))),
        status="open",
        tranDate=day,
        trandate_key=day,
        item={"items": lines},
        **whose,
    )


@move("invoice", "void")
def void(people: People, chance: Random) -> str | None:
    return _changed(people, chance, lambda row: {"status": "void"})


@move("invoice", "pay")
def pay(people: People, chance: Random) -> str | None:
    return _changed(people, chance, lambda row: {"status": "paid"})


@move("invoice", "edit line")
def edit_line(people: People, chance: Random) -> str | None:
    def cheaper(row: Record) -> dict[str, Any]:
        first, *rest = row["item"]["items"]
        return {"item": {"items": [{**first, "amount": "11.11"}, *rest]}}

    return _changed(people, chance, cheaper)


@move("invoice", "double line")
def double_line(people: People, chance: Random) -> str | None:
    return _changed(people, chance, lambda row: {"item": {"items": [*row["item"]["items"], row["item"]["items"][0]]}})


@move("invoice", "delete line")
def delete_line(people: People, chance: Random) -> str | None:
    return _changed(people, chance, lambda row: {"item": {"items": row["item"]["items"][1:]}})


def _changed(people: People, chance: Random, fields: Any) -> str | None:
    row = any_of([one for one in people.invoices("open") if one["item"]["items"]], chance)
    if row is None:
        return None
    people.accounts.put("invoice", people.now, row["id"], **fields(row))
    return fact_of(str(row["item"]["items"][0].get("custcol_posting_id")))


@move("invoice", "delete")
def delete_invoice(people: People, chance: Random) -> str | None:
    """One that no memo was made from: the ERP deletes no transaction on which another depends."""
    credited = {str((memo.get("createdFrom") or {}).get("id")) for memo in people.erp.tables["creditmemo"]}
    row = any_of([one for one in people.invoices("open") if str(one["id"]) not in credited], chance)
    if row is None or chance.random() < 0.5:
        return None
    people.erp.remove("invoice", row["id"])
    return fact_of(str((row["item"]["items"] or [{}])[0].get("custcol_posting_id")))


@move("invoice", "reverse")
def credit(people: People, chance: Random) -> str | None:
    """A credit memo of one line, in whole or in part, in the currency and the books of what it was made from."""
    row = any_of([one for one in people.invoices("open", "paid") if one["item"]["items"]], chance)
    if row is None:
        return None
    line = chance.choice(row["item"]["items"])
    taken = cents(Decimal(line["amount"]) / chance.choice((1, 1, 2)))
    number = f"CM-{people.erp.tables['creditmemo'].last_key}"
    whose = {name: row[name] for name in ("entity", "customer", "subsidiary", "currency")}
    _document(people, "creditmemo", number, [{**line, "amount": str(taken)}], createdFrom={"id": row["id"]}, **whose)
    return fact_of(str(line.get("custcol_posting_id")))
