"""The CRM's three objects: their fields, their ids, their rows, and what a write of them lacks."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from integrations.sandbox.vendors.salesforce.soql import soql_instant
from integrations.sandbox.vendors.wire import iso_salesforce
from integrations.sandbox.world.ledger import Ledger, Row, Table

VERSION = "v68.0"
PREFIX = {"Account": "001", "Opportunity": "006", "OpportunityLineItem": "00k"}
CHILDREN = {
    "OpportunityLineItems": ("OpportunityLineItem", "OpportunityId"),
    "Opportunities": ("Opportunity", "AccountId"),
}
PARENTS = {
    "Account": ("Account", "AccountId"),
    "Opportunity": ("Opportunity", "OpportunityId"),
    "Parent": ("Account", "ParentId"),
}
REQUIRED = {
    "Account": ("Name",),
    "Opportunity": ("Name", "StageName", "CloseDate"),
    "OpportunityLineItem": ("OpportunityId", "Quantity"),
}
FIELDS = {
    "Account": """
        Name AccountNumber ParentId BillingStreet BillingCity BillingState BillingPostalCode BillingCountry
        OwnerId CurrencyIsoCode Tax_Id__c Tax_Profile__c Legal_Entity__c Ext_Key__c
    """,
    "Opportunity": """
        Name AccountId StageName IsClosed IsWon CloseDate Closed_Won_At__c Amount Probability Type
        CurrencyIsoCode Project_Code__c Contract_Type__c Tax_Profile__c Legal_Entity__c Cost_Centre__c
        Service_Line__c Practice__c Region__c Target_Margin__c Approval_Status__c SOW_Number__c
        SOW_Signed_On__c SOW_Expires_On__c PO_Number__c Billing_Cap__c Start_Date__c End_Date__c Ext_Key__c
        OwnerId
    """,
    "OpportunityLineItem": """
        OpportunityId Name Description Quantity UnitPrice TotalPrice ServiceDate Line_Kind__c Charge_Code__c
        Billable__c Product2Id PricebookEntryId Ext_Key__c CurrencyIsoCode
    """,
}
SYSTEM = ("Id", "IsDeleted", "CreatedDate", "LastModifiedDate", "SystemModstamp")
KNOWN = {
    name: {**{field: None for field in fields.split()}, **dict.fromkeys(SYSTEM)} for name, fields in FIELDS.items()
}
_DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"


def salesforce_id(sobject: str, number: int) -> str:
    """An 18-character id: prefix, instance and number, then the three characters that make it case-safe."""
    plain = f"{PREFIX[sobject]}Hs{number:010d}"
    blocks = (plain[at : at + 5] for at in (0, 5, 10))
    return plain + "".join(
        _DIGITS[sum(1 << at for at, letter in enumerate(block) if letter.isupper())] for block in blocks
    )


class Objects:
    """Rows by object and id, lines also by their opportunity, all by `Ext_Key__c`."""

    def __init__(self, ledger: Ledger) -> None:
        self.tables: dict[str, Table] = {name: ledger.table(f"salesforce.{name}") for name in PREFIX}
        self.lines_of = self.tables["OpportunityLineItem"].index(lambda row: row["OpportunityId"])
        self.external = {name: table.index(lambda row: row.get("Ext_Key__c")) for name, table in self.tables.items()}
        self._numbers = itertools.count(sum(len(table) for table in self.tables.values()) + 1)

    def save(self, sobject: str, fields: Mapping[str, Any], at: datetime, key: str | None = None) -> str:
        """Create or change a record as a person would at a moment; its id."""
        table = self.tables[sobject]
        old: Row = table.rows[key] if key else {}
        stamp = iso_salesforce(max(at, _after(old)))
        key = key or salesforce_id(sobject, next(self._numbers))
        created = old.get("CreatedDate", stamp)
        table.put(
            key,
            {
                **old,
                **fields,
                "Id": key,
                "IsDeleted": False,
                "CreatedDate": created,
                "LastModifiedDate": stamp,
                "SystemModstamp": stamp,
            },
        )
        return key


def _after(old: Row) -> datetime:
    return soql_instant(old["SystemModstamp"]) if old else datetime.fromisoformat("2000-01-01T00:00:00+00:00")


def refusal(sobject: str, fields: Any, creating: bool) -> dict[str, Any] | None:
    """What the vendor says against writing these fields, None when nothing does."""
    if not isinstance(fields, dict):
        return {"message": "Unexpected character", "errorCode": "JSON_PARSER_ERROR"}
    unknown = [name for name in fields if name not in KNOWN[sobject] and name != "attributes"]
    if unknown:
        return {
            "message": f"No such column '{unknown[0]}' on sobject of type {sobject}",
            "errorCode": "INVALID_FIELD",
            "fields": [],
        }
    missing = [name for name in REQUIRED[sobject] if creating and fields.get(name) in (None, "")]
    if missing:
        return {
            "message": f"Required fields are missing: [{', '.join(missing)}]",
            "errorCode": "REQUIRED_FIELD_MISSING",
            "fields": missing,
        }
    return None


def attributes(sobject: str, key: str) -> dict[str, str]:
    return {"type": sobject, "url": f"/services/data/{VERSION}/sobjects/{sobject}/{key}"}
