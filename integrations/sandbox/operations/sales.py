"""What people do in the CRM and in HR: accounts, sales, dimensions filled late, duplicates, rates."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from integrations.sandbox.vendors.salesforce.emulator import Salesforce
from integrations.sandbox.vendors.wire import iso_salesforce
from integrations.sandbox.vendors.workday.emulator import Workday
from integrations.sandbox.world.firm import ENTITY, PRACTICES
from integrations.sandbox.world.plan import Plan
from integrations.sandbox.world.portfolio import Client, Deal

KINDS = {"Time and Materials": "Time and Materials", "Fixed Price": "Fixed Price", "Retainer": "Retainer"}


class Sales:
    """Operations in Salesforce and Workday; each answers whether it could be done."""

    def __init__(self, crm: Salesforce, hcm: Workday, plan: Plan) -> None:
        self._crm, self._hcm, self._plan = crm, hcm, plan
        self._numbered = crm.tables["Account"].index(lambda row: row.get("AccountNumber"))
        self._sale = crm.tables["Opportunity"].index(lambda row: row.get("Project_Code__c"))

    def found(self, at: datetime) -> None:
        """The CRM's accounts and HR's workers as the scenario begins."""
        for client in self._plan.clients:
            self._open_account(client, at)
        for worker in self._plan.people:
            self._hcm.save(
                worker.number,
                {
                    "first": worker.first,
                    "last": worker.last,
                    "user": worker.user,
                    "email": worker.email,
                    "role": worker.role,
                    "legal_entity": worker.entity.id,
                    "company": worker.entity.name,
                    "cost_centre": worker.cost_centre,
                    "currency": worker.entity.currency,
                    "cost_rate": str(worker.cost_rate),
                    "weekly_hours": worker.weekly_hours,
                    "hired": worker.hired.isoformat(),
                    "active": True,
                },
                at,
            )

    def _open_account(self, client: Client, at: datetime, name: str | None = None, number: str | None = None) -> str:
        group = None if client.group is None else self._numbered.first(self._plan.clients[client.group].number)
        return self._crm.save(
            "Account",
            {
                "Name": name or client.name,
                "AccountNumber": number or client.number,
                "ParentId": group,
                "BillingCountry": client.entity.country,
                "CurrencyIsoCode": client.entity.currency,
                "Tax_Id__c": client.tax_id,
                "Tax_Profile__c": client.entity.tax_profile,
                "Legal_Entity__c": client.entity.id,
                "Ext_Key__c": None,
            },
            at,
        )

    def win(self, at: datetime, code: str) -> bool:
        """Close a sale: the lines first, so that nobody sees the sale without them."""
        deal = self._plan.deals[code]
        if self._sale.first(code):
            return True
        key = self._crm.save(
            "Opportunity",
            {**self._terms(deal, at), "IsWon": False, "StageName": "Negotiation/Review", "IsClosed": False},
            at,
        )
        for line in self._lines(deal):
            self._crm.save("OpportunityLineItem", {**line, "OpportunityId": key, "CurrencyIsoCode": deal.currency}, at)
        self._crm.save("Opportunity", {"StageName": "Closed Won", "IsClosed": True, "IsWon": True}, at, key)
        return True

    def _terms(self, deal: Deal, at: datetime) -> dict[str, Any]:
        account = self._numbered.first(self._plan.clients[deal.client].number)
        begins = self._plan.start.date() + timedelta(weeks=deal.first)
        ends = self._plan.start.date() + timedelta(weeks=deal.last + 1)
        terms: dict[str, Any] = {
            "Name": deal.name,
            "AccountId": account,
            "CloseDate": at.date().isoformat(),
            "Closed_Won_At__c": iso_salesforce(at),
            "Amount": float(deal.value),
            "CurrencyIsoCode": deal.currency,
            "Project_Code__c": deal.code,
            "Contract_Type__c": KINDS[deal.kind],
            "Tax_Profile__c": deal.entity.tax_profile,
            "Legal_Entity__c": deal.entity.id,
            "Cost_Centre__c": deal.centre,
            "Service_Line__c": deal.line,
            "Practice__c": deal.practice or PRACTICES[deal.line][0],
            "Region__c": deal.entity.region,
            "Target_Margin__c": float(deal.target_margin),
            "Approval_Status__c": "Approved",
            "SOW_Number__c": f"SOW-{deal.code[4:]}",
            "SOW_Signed_On__c": at.date().isoformat(),
            "SOW_Expires_On__c": (deal.sow_expires or ends + timedelta(days=60)).isoformat(),
            "PO_Number__c": f"PO-{int(deal.code[4:]) * 37 % 9000 + 1000}",
            "Billing_Cap__c": None,
            "Start_Date__c": begins.isoformat(),
            "End_Date__c": ends.isoformat(),
        }
        return {**terms, **dict.fromkeys(deal.lacks)}

    @staticmethod
    def _lines(deal: Deal) -> list[dict[str, Any]]:
        roles = [
            {
                "Line_Kind__c": "Role",
                "Name": role,
                "Quantity": float(deal.hours[role]),
                "UnitPrice": float(rate),
                "TotalPrice": float(rate * deal.hours[role]),
                "Billable__c": deal.billable_time,
            }
            for role, rate in deal.rates.items()
        ]
        tasks = [
            {
                "Line_Kind__c": "Task",
                "Name": name,
                "Charge_Code__c": code,
                "Billable__c": billable,
                "Quantity": 1.0,
                "UnitPrice": 0.0,
                "TotalPrice": 0.0,
            }
            for code, name, billable in deal.tasks
        ]
        milestones = [
            {
                "Line_Kind__c": "Milestone",
                "Name": milestone.name,
                "Quantity": 1.0,
                "UnitPrice": float(milestone.amount),
                "TotalPrice": float(milestone.amount),
                "ServiceDate": milestone.due.isoformat(),
                "Billable__c": True,
            }
            for milestone in deal.milestones
        ]
        return [*roles, *tasks, *milestones]

    def fill(self, at: datetime, code: str, column: str) -> bool:
        """Supply what a sale lacked."""
        key = self._sale.first(code)
        if key is None:
            return False
        deal = self._plan.deals[code]
        value = {
            "Service_Line__c": deal.line,
            "Cost_Centre__c": deal.centre,
            "Tax_Profile__c": deal.entity.tax_profile,
        }[column]
        self._crm.save("Opportunity", {column: value}, at, key)
        return True

    def extend(self, at: datetime, code: str) -> bool:
        """Give a sale's statement of work half a year more."""
        key = self._sale.first(code)
        if key is not None:
            self._crm.save("Opportunity", {"SOW_Expires_On__c": (at.date() + timedelta(days=182)).isoformat()}, at, key)
        return key is not None

    def cap(self, at: datetime, code: str, amount: str) -> bool:
        """Agree that no more than an amount is billed for a sale."""
        return self._agreed(at, code, Billing_Cap__c=float(amount))

    def hand_over(self, at: datetime, code: str, entity: str) -> bool:
        """Have another company of the firm sell a project."""
        return self._agreed(at, code, Legal_Entity__c=entity)

    def recode(self, at: datetime, code: str, fresh: str) -> bool:
        """Give a sale another project code."""
        return self._agreed(at, code, Project_Code__c=fresh)

    def sell_on(self, at: datetime, code: str, number: str) -> bool:
        """Put a sale on the second account of a customer."""
        return self._agreed(at, code, AccountId=self._numbered.first(f"9{number[1:]}"))

    def _agreed(self, at: datetime, code: str, **fields: Any) -> bool:
        key = self._sale.first(code)
        if key is not None:
            self._crm.save("Opportunity", fields, at, key)
        return key is not None

    def sell_again(self, at: datetime, code: str, amount: str) -> bool:
        """Win a second sale under a code that has one."""
        if self._sale.first(code) is None:
            return False
        deal = self._plan.deals[code]
        own = tuple((task.replace(code, f"{code}-2"), name, billable) for task, name, billable in deal.tasks)
        terms = {**self._terms(deal, at), "Name": f"{deal.name}, second phase", "Amount": float(amount)}
        key = self._crm.save("Opportunity", {**terms, "IsWon": False, "StageName": "Negotiation/Review"}, at)
        for line in self._lines(replace(deal, tasks=own, milestones=())):
            self._crm.save("OpportunityLineItem", {**line, "OpportunityId": key, "CurrencyIsoCode": deal.currency}, at)
        self._crm.save("Opportunity", {"StageName": "Closed Won", "IsClosed": True, "IsWon": True}, at, key)
        return True

    def part(self, at: datetime, code: str) -> bool:
        """Give the second sale of a code one of its own."""
        second = self._sale.keys(code)[1:]
        for key in second:
            self._crm.save("Opportunity", {"Project_Code__c": f"{code}-2"}, at, key)
        return bool(second)

    def rename_account(self, at: datetime, number: str, name: str) -> bool:
        """Note that a customer is called otherwise now."""
        key = self._numbered.first(number)
        if key is not None:
            self._crm.save("Account", {"Name": name}, at, key)
        return key is not None

    def duplicate(self, at: datetime, number: str) -> bool:
        """Open a second account for a customer, spelt a little differently."""
        client = next(client for client in self._plan.clients if client.number == number)
        if self._numbered.first(f"9{number[1:]}") is None:
            self._open_account(
                client,
                at,
                client.name.replace(" Ltd", " Limited").replace(" GmbH", " G.m.b.H.").replace(" Inc.", ", Inc."),
                f"9{number[1:]}",
            )
        return True

    def merge(self, at: datetime, number: str) -> bool:
        """Merge the second account into the first: Salesforce moves its sales there and deletes it."""
        key, master = self._numbered.first(f"9{number[1:]}"), self._numbered.first(number)
        if key is not None:
            for sale in [row["Id"] for row in self._crm.tables["Opportunity"] if row["AccountId"] == key]:
                self._crm.save("Opportunity", {"AccountId": master}, at, sale)
            self._crm.save("Account", {}, at, key)
            self._crm.tables["Account"].change(key, IsDeleted=True)
        return True

    def hire(self, at: datetime, number: str, first: str, last: str, entity: str) -> bool:
        """HR takes somebody on, under a number."""
        company = ENTITY[entity]
        self._hcm.save(
            number,
            {
                "first": first,
                "last": last,
                "user": f"{first[0]}{last}".lower(),
                "email": f"{first}.{last}@novalis.example".lower(),
                "role": "Consultant",
                "legal_entity": entity,
                "company": company.name,
                "cost_centre": f"{entity[4:]}-110",
                "currency": company.currency,
                "cost_rate": "71.00",
                "weekly_hours": 40,
                "hired": at.date().isoformat(),
                "active": True,
            },
            at,
        )
        return True

    def rate(self, at: datetime, number: str, rate: str) -> bool:
        """HR gives a worker a cost rate, or takes it away (empty)."""
        self._hcm.save(number, {"cost_rate": str(Decimal(rate)) if rate else None}, at)
        return True
