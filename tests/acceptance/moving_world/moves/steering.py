"""Controllers in the ERP: orders, milestones done and accepted, periods, exchange rates."""

from __future__ import annotations

from datetime import timedelta
from random import Random
from typing import Any

from integrations.sandbox.vendors.wire import iso_z
from tests.acceptance.moving_world.people import People, any_of, move


def _order(people: People, chance: Random, changed: Any) -> str | None:
    row = any_of(people.erp_rows("salesorder"), chance)
    fields = row and changed(row)
    if not fields:
        return None
    people.accounts.put("salesorder", people.now, row["id"], **fields)
    return str(row["externalId"]).removeprefix("CT-")


@move("contract", "hold")
def hold(people: People, chance: Random) -> str | None:
    return _order(people, chance, lambda row: {"custbody_hold": not row.get("custbody_hold")})


@move("contract", "cap")
def cap(people: People, chance: Random) -> str | None:
    amount = chance.choice((None, "500.00", "2500.00", "1000000.00"))
    return _order(people, chance, lambda row: {"custbody_cap": amount})


@move("contract", "edit value")
def edit_total(people: People, chance: Random) -> str | None:
    total = chance.choice(("1000.00", "120000.00"))
    return _order(people, chance, lambda row: {"total": total})


@move("contract", "edit order number")
def edit_po(people: People, chance: Random) -> str | None:
    number = chance.choice((None, "PO-1"))
    return _order(people, chance, lambda row: {"custbody_po": number})


def _milestone(people: People, chance: Random, **fields: Any) -> str | None:
    def changed(row: Any) -> dict[str, Any] | None:
        lines = list((row.get("item") or {}).get("items", []))
        if not lines:
            return None
        at = chance.randrange(len(lines))
        lines[at] = {**lines[at], **fields}
        return {"item": {"items": lines}}

    return _order(people, chance, changed)


@move("milestone", "finish")
def finish(people: People, chance: Random) -> str | None:
    return _milestone(people, chance, custcol_completed=iso_z(people.now))


@move("milestone", "accept")
def accept(people: People, chance: Random) -> str | None:
    return _milestone(people, chance, custcol_completed=iso_z(people.now), custcol_accepted=True)


@move("milestone", "take acceptance back")
def refuse(people: People, chance: Random) -> str | None:
    return _milestone(people, chance, custcol_accepted=False)


@move("milestone", "edit in the ERP")
def edit_milestone(people: People, chance: Random) -> str | None:
    return _milestone(people, chance, amount=chance.choice(("1500.00", "777.77")))


@move("period", "close")
def close_month(people: People, chance: Random) -> str | None:
    return _period(people, chance, True)


@move("period", "reopen")
def reopen_month(people: People, chance: Random) -> str | None:
    return _period(people, chance, False)


def _period(people: People, chance: Random, closed: bool) -> str | None:
    month = f"{people.now - timedelta(days=chance.choice((0, 31))):%Y-%m}"
    if people.is_closed(month) == closed:
        return None
    people.shut(month, closed)
    return month


@move("exchange rate", "create")
def new_rate(people: People, chance: Random) -> str | None:
    return rate(people, people.day(chance), chance.choice(("1.15", "1.20")))


@move("exchange rate", "back-date")
def late_rate(people: People, chance: Random) -> str | None:
    return rate(people, f"20{chance.randint(15, 24)}-0{chance.randint(1, 9)}-01", "0.5")


def rate(people: People, day: str, value: str, quote: str = "GBP") -> str:
    """What a unit of a currency is worth in EUR since a day."""
    key = f"EUR-{quote}-{day}-{iso_z(people.now)}"
    fields = {"baseCurrency": "EUR", "transactionCurrency": quote, "exchangeRate": value, "effectiveDate": day}
    people.accounts.put("currencyrate", people.now, externalId=key, **fields)
    return day


@move("exchange rate", "edit")
def correct_rate(people: People, chance: Random) -> str | None:
    row = any_of(people.erp_rows("currencyrate"), chance)
    if row is None:
        return None
    people.accounts.put("currencyrate", people.now, row["id"], exchangeRate=chance.choice(("1.17", "1.31")))
    return str(row["effectiveDate"])


@move("exchange rate", "delete")
def delete_rate(people: People, chance: Random) -> str | None:
    row = any_of(people.erp_rows("currencyrate"), chance)
    if row is None:
        return None
    people.erp.remove("currencyrate", row["id"])
    return str(row["effectiveDate"])
