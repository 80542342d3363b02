"""A whole house for acceptance tests: the five emulators behind one port, real connectors over HTTP, a journal, one
engine.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from integrations.contracts import Policy, Role, SystemConfig
from integrations.engine.engine import Engine
from integrations.engine.systems import connect
from integrations.flows import flows
from integrations.sandbox.faults.conditions import Conditions
from integrations.sandbox.gateway import Gateway
from integrations.sandbox.operations.books import hours as hours_of
from integrations.sandbox.serving import served
from integrations.sandbox.vendors.netsuite.records import fact_of
from integrations.sandbox.vendors.vendors import Vendors
from integrations.sandbox.vendors.wire import iso_offset, iso_salesforce
from integrations.sandbox.world.ledger import Ledger, Row
from models.journal import open_journal
from tests.catalogues import demonstration

SECRET = "for-this-test-only"
BEGIN = datetime(2026, 11, 16, 9, tzinfo=UTC)
CREDENTIALS = {
    "token": SECRET,
    "client_id": "tieout",
    "client_secret": SECRET,
    "username": "tieout",
    "password": SECRET,
}
EAGER = Policy(rate=10_000, burst=10_000, concurrency=4, backoff_base=0.0, breaker_failures=1000)
CAST = {
    Role.CRM: ("salesforce", "salesforce"),
    Role.ERP: ("netsuite", "netsuite"),
    Role.PSA: ("kantata", "kantata"),
    Role.PPM: ("planview", "ppm"),
    Role.HCM: ("workday", "workday"),
}


class Hand:
    """A clock that a test moves."""

    def __init__(self, at: datetime) -> None:
        self.at = at

    def now(self) -> datetime:
        return self.at


class House:
    """`vendors` are the systems as their own people see them, `engine` is ours."""

    def __init__(
        self,
        address: str,
        vendors: Vendors,
        conditions: Conditions,
        clock: Hand,
        journal_url: str,
        others: Mapping[Role, Any],
    ) -> None:
        self.vendors, self.conditions, self.clock = vendors, conditions, clock
        self.journal = open_journal(journal_url, clock)
        configs = [_given(address, role, others.get(role, {})) for role in CAST]
        self.connectors = connect([config for config in configs if config is not None], clock)
        self.engine = Engine(
            self.journal, flows(), self.connectors, clock, catalogue=demonstration(), chance=lambda: 0.0
        )

    def settle(self, rounds: int = 6) -> None:
        """Poll and work until nothing moves, a second of world time between the rounds."""
        for _ in range(rounds):
            self.clock.at += timedelta(seconds=1)
            self.engine.drain()

    def runs(self, flow: str | None = None) -> list[Row]:
        with self.journal.engine.connect() as connection:
            rows = connection.execute(sa.text("select * from run order by seq")).mappings().all()
        return [dict(row) for row in rows if flow in (None, row["flow"])]

    def states(self, flow: str) -> dict[str, int]:
        found: dict[str, int] = {}
        for run in self.runs(flow):
            found[run["state"]] = found.get(run["state"], 0) + 1
        return found

    def close(self) -> None:
        self.engine.close()
        for connector in self.connectors.values():
            connector.close()
        self.journal.close()

    # What people do.

    def open_company(self, entity: str = "NOV-DE", currency: str = "EUR") -> None:
        table = self.vendors.erp.records.tables["subsidiary"]
        key = table.new_key()
        table.put(
            key,
            {
                "id": key,
                "externalId": entity,
                "name": entity,
                "currency": currency,
                "isInactive": False,
                "lastModifiedDate": "2026-01-01T00:00:00Z",
            },
        )

    def account(self, name: str = "Nordwind GmbH", number: str = "1001", **fields: Any) -> str:
        given = {
            "Name": name,
            "AccountNumber": number,
            "BillingCountry": "DE",
            "CurrencyIsoCode": "EUR",
            "Tax_Id__c": f"DE{number}",
            "Tax_Profile__c": "DE-STD-19",
            "Legal_Entity__c": "NOV-DE",
            "Ext_Key__c": None,
            "ParentId": None,
            **fields,
        }
        return self.vendors.crm.save("Account", given, self.clock.at)

    def win(self, account: str, code: str = "PRJ-1001", **fields: Any) -> str:
        crm, at = self.vendors.crm, self.clock.at
        given = {
            "Name": "Data platform",
            "AccountId": account,
            "StageName": "Closed Won",
            "IsClosed": True,
            "IsWon": False,
            "CloseDate": "2026-11-16",
            "Closed_Won_At__c": iso_salesforce(at),
            "Amount": 120000.0,
            "CurrencyIsoCode": "EUR",
            "Project_Code__c": code,
            "Contract_Type__c": "Time and Materials",
            "Tax_Profile__c": "DE-STD-19",
            "Legal_Entity__c": "NOV-DE",
            "Cost_Centre__c": "440",
            "Service_Line__c": "Engineering",
            "Practice__c": "Data Engineering",
            "Region__c": "DACH",
            "Target_Margin__c": 35.0,
            "Approval_Status__c": "Approved",
            "SOW_Number__c": "SOW-1",
            "SOW_Signed_On__c": "2026-11-16",
            "SOW_Expires_On__c": "2027-06-30",
            "PO_Number__c": "PO-1",
            "Billing_Cap__c": None,
            "Start_Date__c": "2026-11-16",
            "End_Date__c": "2027-05-31",
            **fields,
        }
        sale = crm.save("Opportunity", given, at)
        blank = {
            "OpportunityId": sale,
            "CurrencyIsoCode": "EUR",
            "Description": None,
            "ServiceDate": None,
            "Charge_Code__c": None,
            "Billable__c": True,
        }
        crm.save(
            "OpportunityLineItem",
            {
                **blank,
                "Line_Kind__c": "Role",
                "Name": "Engineer",
                "Quantity": 800.0,
                "UnitPrice": 120.0,
                "TotalPrice": 96000.0,
            },
            at,
        )
        for number, name in (("010", "Design"), ("020", "Build")):
            crm.save(
                "OpportunityLineItem",
                {
                    **blank,
                    "Line_Kind__c": "Task",
                    "Name": name,
                    "Charge_Code__c": f"{code}.{number}",
                    "Quantity": 1.0,
                    "UnitPrice": 0.0,
                    "TotalPrice": 0.0,
                },
                at,
            )
        crm.save("Opportunity", {"IsWon": True}, at, sale)
        return sale

    def hire(self, number: str = "E-1007", rate: str | None = "62.50") -> str:
        """The worker in HR and as a user of the PSA; the user's id."""
        mail = f"{number.lower()}@novalis.example"
        self.vendors.hcm.save(
            number,
            {
                "first": "Ada",
                "last": "Byron",
                "user": number.lower(),
                "email": mail,
                "role": "Engineer",
                "legal_entity": "NOV-DE",
                "company": "Novalis GmbH",
                "cost_centre": "440",
                "currency": "EUR",
                "cost_rate": rate,
                "weekly_hours": 40,
                "hired": "2024-01-01",
                "active": True,
            },
            self.clock.at,
        )
        return self.vendors.psa.save(
            "users", {"full_name": "Ada Byron", "email_address": mail, "headline": "Engineer"}, self.clock.at
        )

    def log(
        self, code: str, user: str | None, minutes: int = 450, story: str | None = None, approved: bool = True
    ) -> str:
        """Time on a charge code of the PSA, approved; its id."""
        psa = self.vendors.psa
        workspace = psa.workspace(code.split(".")[0])
        fields = {
            "date_performed": self.clock.at.date().isoformat(),
            "time_in_minutes": minutes,
            "billable": True,
            "notes": "work",
            "rate_in_cents": 12000,
            "cost_rate_in_cents": None,
            "currency": "EUR",
            "currency_symbol": "€",
            "currency_base_unit": 100,
            "approved": False,
            "is_invoiced": False,
            "taxable": False,
            "story_id": story or psa.story(str(workspace), code),
            "workspace_id": workspace,
            "user_id": user,
            "timesheet_submission_id": None,
            "submitted_at": iso_offset(self.clock.at),
            "approved_at": None,
        }
        entry = psa.save("time_entries", fields, self.clock.at)
        if approved:
            psa.save("time_entries", {"approved": True, "approved_at": iso_offset(self.clock.at)}, self.clock.at, entry)
        return entry

    # What the systems hold.

    def erp(self, kind: str) -> dict[str, Row]:
        return {str(row["externalId"]): row for row in self.vendors.erp.records.tables[kind.lower()]}

    def posted(self) -> dict[str, Decimal]:
        """Hours in the ERP by business fact, reversals taken off."""
        net: dict[str, Decimal] = {}
        for external, row in self.erp("timeBill").items():
            fact = str(fact_of(external))
            net[fact] = net.get(fact, Decimal(0)) + hours_of(str(row["hours"]))
        return net

    def told(self, entry: str) -> Row | None:
        """What the PSA's sync ledger says of an entry."""
        rows = [
            row
            for row in self.vendors.psa.tables["external_references"]
            if (row["subject_type"], row["subject_id"]) == ("TimeEntry", entry)
        ]
        return rows[0] if rows else None


def system(address: str, role: Role, **options: Any) -> SystemConfig:
    """One of the five, as a systems file would say it."""
    name, vendor = CAST[role]
    options |= {"tenant": "novalis"} if vendor == "workday" else {}
    return SystemConfig(
        name, vendor, role, f"{address}/{vendor}", credentials=CREDENTIALS, options=options, policy=EAGER
    )


def _given(address: str, role: Role, other: SystemConfig | Mapping[str, Any] | None) -> SystemConfig | None:
    return system(address, role, **other) if isinstance(other, Mapping) else other


@contextmanager
def open_house(
    folder: Path, others: Mapping[Role, Any] | None = None, journal_url: str | None = None
) -> Iterator[House]:
    """A house that is closed at the end of the block; `others` replaces the system of a role (None: nobody plays it;
    a mapping: the same with these options). The journal is SQLite in the folder unless its URL is given."""
    clock, conditions, ledger = Hand(BEGIN), Conditions(), Ledger()
    vendors = Vendors(ledger, clock, SECRET)
    with served(Gateway(vendors.by_prefix(), ledger, conditions, clock)) as address:
        house = House(
            address, vendors, conditions, clock, journal_url or f"sqlite:///{folder / 'journal.sqlite'}", others or {}
        )
        try:
            yield house
        finally:
            house.close()
