"""What people do in the CRM and in HR: accounts, sales, dimensions filled late, duplicates, rates."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from integrations.sandbox.vendors.salesforce.emulator import Salesforce
from integrations.sandbox.vendors.wire import iso_salesforce
from integrations.sandbox.vendors.workday.emulator import Workday
from integrations.sandbox.world.firm import PRACTICES
from integrations.sandbox.world.plan import Plan
from integrations.sandbox.world.portfolio import Client, Deal

KINDS = {"Time and Materials": "Time and Materials", "Fixed Price": "Fixed Price", "Retainer": "Retainer"}


class Sales:
    """Operations in Salesforce and Workday; each answers whether it could be done."""

    def __init__(self, crm: Salesforce, hcm: Workday, plan: Plan) -> None:
        self._crm, self._hcm, self._plan = crm, hcm, plan
        self._account = crm.tables["Account"].index(lambda row: row.get("Name"))
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
        group = None if client.group is None else self._account.first(self._plan.clients[client.group].name)
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
        account = self._account.first(self._plan.clients[deal.client].name)
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
        """Merge the second account into the first: Salesforce deletes it."""
        key = self._numbered.first(f"9{number[1:]}")
        if key is not None:
            self._crm.save("Account", {}, at, key)
            self._crm.tables["Account"].change(key, IsDeleted=True)
        return True

    def rate(self, at: datetime, number: str, rate: str) -> bool:
        """HR gives a worker a cost rate, or takes it away (empty)."""
        self._hcm.save(number, {"cost_rate": str(Decimal(rate)) if rate else None}, at)
        return True
