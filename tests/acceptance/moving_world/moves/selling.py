"""Sales people in the CRM: sales and the milestones that they agree."""

from __future__ import annotations

from datetime import timedelta
from random import Random
from typing import Any

from tests.acceptance.moving_world.people import People, Record, any_of, move

MOST = 6
"""Sales of one world."""


def _sales(people: People) -> list[Record]:
    return people.crm_rows("Opportunity")


def _changed(people: People, chance: Random, rows: list[Record], **fields: Any) -> str | None:
    row = any_of(rows, chance)
    if row is None:
        return None
    people.crm.save("Opportunity", fields, people.now, row["Id"])
    return str(row["Project_Code__c"])


@move("sale", "create")
def win(people: People, chance: Random) -> str | None:
    if len(_sales(people)) >= MOST:
        return None
    account = any_of(people.crm_rows("Account"), chance)
    code = f"PRJ-2{len(_sales(people)):03d}"
    company = {"Legal_Entity__c": account["Legal_Entity__c"], "CurrencyIsoCode": account["CurrencyIsoCode"]}
    people.firm.house.win(account["Id"], code, **company, **LONG)
    return code


LONG = {"End_Date__c": "2029-12-31", "SOW_Expires_On__c": "2029-12-31"}
"""A contract that no run outlives."""


@move("sale", "edit amount")
def edit_amount(people: People, chance: Random) -> str | None:
    return _changed(people, chance, _sales(people), Amount=chance.choice((60000.0, 150000.5, 240000.0)))


@move("sale", "edit currency")
def edit_currency(people: People, chance: Random) -> str | None:
    """A sale's lines are in its currency: the CRM lets nobody say otherwise."""
    currency = chance.choice(("EUR", "GBP", "USD"))
    row = any_of(_sales(people), chance)
    if row is None:
        return None
    for line in people.crm_rows("OpportunityLineItem"):
        if line["OpportunityId"] == row["Id"]:
            people.crm.save("OpportunityLineItem", {"CurrencyIsoCode": currency}, people.now, line["Id"])
    people.crm.save("Opportunity", {"CurrencyIsoCode": currency}, people.now, row["Id"])
    return str(row["Project_Code__c"])


@move("sale", "lose")
def lose(people: People, chance: Random) -> str | None:
    won = [row for row in _sales(people) if row["IsWon"]]
    return _changed(people, chance, won, IsWon=False, StageName="Closed Lost", IsClosed=True)


@move("sale", "reopen")
def win_again(people: People, chance: Random) -> str | None:
    lost = [row for row in _sales(people) if not row["IsWon"]]
    return _changed(people, chance, lost, IsWon=True, StageName="Closed Won", IsClosed=True)


@move("sale", "edit code")
def edit_code(people: People, chance: Random) -> str | None:
    """Also to the code of another sale, which two then have, and back."""
    codes = sorted({str(row["Project_Code__c"]) for row in _sales(people)})
    return _changed(people, chance, _sales(people), Project_Code__c=chance.choice([*codes, "PRJ-1001X", "PRJ-1002"]))


@move("sale", "move to another customer")
def move_customer(people: People, chance: Random) -> str | None:
    account = any_of(people.crm_rows("Account"), chance)
    return _changed(people, chance, _sales(people), AccountId=account["Id"])


@move("sale", "move to another company")
def move_company(people: People, chance: Random) -> str | None:
    return _changed(people, chance, _sales(people), Legal_Entity__c=chance.choice(("NOV-DE", "NOV-UK")))


@move("sale", "edit terms")
def edit_terms(people: People, chance: Random) -> str | None:
    field, value = chance.choice(
        (("PO_Number__c", "PO-2"), ("Tax_Profile__c", None), ("Tax_Profile__c", "DE-STD-19"), ("PO_Number__c", None))
    )
    return _changed(people, chance, _sales(people), **{field: value})


# Milestones: lines of the sale, each change told by a save of the sale.


@move("milestone", "create")
def agree(people: People, chance: Random) -> str | None:
    sale = any_of([row for row in _sales(people) if row["IsWon"]], chance)
    if sale is None or len(_milestones(people)) > 12:
        return None
    price = chance.choice((1500.0, 20000.0))
    fields = {
        "OpportunityId": sale["Id"],
        "Line_Kind__c": "Milestone",
        "Name": f"Stage {len(_milestones(people)) + 1}",
        "Description": None,
        "Charge_Code__c": None,
        "Quantity": 1.0,
        "UnitPrice": price,
        "TotalPrice": price,
        "ServiceDate": (people.now.date() + timedelta(days=20)).isoformat(),
        "CurrencyIsoCode": sale["CurrencyIsoCode"],
        "Billable__c": True,
    }
    people.crm.save("OpportunityLineItem", fields, people.now)
    return _told(people, sale["Id"])


@move("milestone", "edit value")
def edit_value(people: People, chance: Random) -> str | None:
    price = chance.choice((1750.0, 9999.99))
    return _line(people, chance, UnitPrice=price, TotalPrice=price)


@move("milestone", "edit date")
def edit_date(people: People, chance: Random) -> str | None:
    return _line(people, chance, ServiceDate=people.day(chance))


@move("milestone", "delete")
def drop(people: People, chance: Random) -> str | None:
    line = any_of(_milestones(people), chance)
    if line is None:
        return None
    people.crm.tables["OpportunityLineItem"].delete(line["Id"])
    return _told(people, line["OpportunityId"])


def _line(people: People, chance: Random, **fields: Any) -> str | None:
    line = any_of(_milestones(people), chance)
    if line is None:
        return None
    people.crm.save("OpportunityLineItem", fields, people.now, line["Id"])
    return _told(people, line["OpportunityId"])


def _milestones(people: People) -> list[Record]:
    return [line for line in people.crm_rows("OpportunityLineItem") if line["Line_Kind__c"] == "Milestone"]


def _told(people: People, sale: str) -> str:
    people.crm.save("Opportunity", {}, people.now, sale)
    return str(people.crm.tables["Opportunity"].rows[sale]["Project_Code__c"])
