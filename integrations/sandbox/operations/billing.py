"""What accounting does in the ERP each week: invoices for work and for accepted milestones, payments."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from zlib import crc32

from integrations.sandbox.operations.accounts import Accounts
from integrations.sandbox.operations.books import CENT, Books, reversal, worth
from integrations.sandbox.operations.invoices import Invoices
from integrations.sandbox.vendors.netsuite.records import fact_of
from integrations.sandbox.vendors.wire import iso_z
from integrations.sandbox.world.ledger import Row

SHORT = Decimal("0.96")
"""What a customer pays who disputes a part of an invoice."""


class Billing:
    """Operations on NetSuite's orders and invoices; each answers whether it could be done now."""

    def __init__(self, accounts: Accounts) -> None:
        self._accounts, self._records = accounts, accounts.records
        self._invoices = Invoices(accounts)

    def milestone(self, at: datetime, code: str, name: str) -> bool:
        """Note on the order that a milestone is done and accepted."""
        return self._noted(at, code, name, custcol_completed=iso_z(at), custcol_accepted=True)

    def refuse(self, at: datetime, code: str, name: str) -> bool:
        """The customer sends the acceptance of a milestone back that is done and not billed yet."""
        line = self._milestone(code, name)
        if line is None or not line.get("custcol_completed") or line.get("custcol_invoice"):
            return False
        return self._noted(at, code, name, custcol_accepted=False)

    def accept(self, at: datetime, code: str, name: str) -> bool:
        """The customer accepts after all; it was done when it was done."""
        line = self._milestone(code, name)
        return bool(line and line.get("custcol_completed")) and self._noted(at, code, name, custcol_accepted=True)

    def _milestone(self, code: str, name: str) -> dict[str, Any] | None:
        order = self._records.tables["salesorder"].get(self._accounts.key("salesorder", f"CT-{code}")) or {}
        lines = (order.get("item") or {}).get("items", [])
        return next((line for line in lines if line.get("description") == name), None)

    def _noted(self, at: datetime, code: str, name: str, **marks: Any) -> bool:
        key = self._accounts.key("salesorder", f"CT-{code}")
        if key is None:
            return False
        order = self._records.tables["salesorder"].rows[key]
        lines = [
            {**line, **marks} if line.get("description") == name else line
            for line in (order.get("item") or {}).get("items", [])
        ]
        self._accounts.put("salesorder", at, key, item={"items": lines})
        return True

    def bill(self, at: datetime, week: str) -> bool:
        """The weekly billing run: an invoice a project for work until ten days ago and for accepted milestones."""
        until = (at - timedelta(days=10)).date().isoformat()
        for job in list(self._records.tables["job"].rows.values()):
            order = self._records.tables["salesorder"].get(
                self._accounts.key("salesorder", f"CT-{job.get('externalId')}")
            )
            if order is not None and not order.get("custbody_hold") and order.get("custbody_po") != "":
                self._invoice(job, order, until, at)
        credited = self._credited()
        for key, row in list(self._records.tables["invoice"].rows.items()):
            if row["status"] == "open" and row["trandate_key"] <= (at - pays_after(row)).date().isoformat():
                self._collect(key, row, credited.get(key, Decimal(0)), at)
        return True

    def _credited(self) -> dict[str, Decimal]:
        """What memos take back of each invoice."""
        found: dict[str, Decimal] = {}
        for memo in self._records.tables["creditmemo"]:
            if memo["status"] != "void":
                key = memo["createdFrom"]["id"]
                found[key] = found.get(key, Decimal(0)) + Decimal(memo["total"])
        return found

    def _collect(self, key: str, invoice: Row, credited: Decimal, at: datetime) -> None:
        """A customer's payment of an invoice: a few pay less, and the rest stays open."""
        total, number = Decimal(invoice["total"]) - credited, str(invoice["tranId"])
        short = crc32(number.encode()) % 23 == 0
        paid = (total * SHORT).quantize(CENT) if short else total
        if self._accounts.key("customerpayment", f"PAY-{number}") is not None:
            return
        self._accounts.put(
            "customerpayment",
            at,
            externalId=f"PAY-{number}",
            tranId=f"PAY-{number}",
            customer=invoice.get("customer") or {},
            subsidiary=invoice.get("subsidiary"),
            currency=invoice.get("currency"),
            total=str(paid),
            status="deposited",
            tranDate=at.date().isoformat(),
            apply={"items": [{"doc": {"id": key, "refName": number}, "amount": str(paid), "apply": True}]},
        )
        if not short:
            self._accounts.put("invoice", at, key, status="paid")

    def _invoice(self, job: Row, order: Row, until: str, at: datetime) -> None:
        lines = [*self._work_lines(job, order, until), *self._milestone_lines(order)]
        if not lines:
            return
        number = self._invoices.issue(job, lines, at)
        milestones = {line["custcol_milestone_id"] for line in lines if line.get("custcol_milestone_id")}
        if milestones:
            marked = [
                {**line, "custcol_invoice": number} if line.get("custcol_milestone_id") in milestones else line
                for line in order["item"]["items"]
            ]
            self._accounts.put("salesorder", at, order["id"], item={"items": marked})

    def _work_lines(self, job: Row, order: Row, until: str) -> list[dict[str, Any]]:
        """Work that is due: all of it, or as much as the order's cap lets be billed, the oldest first."""
        due = list(self.due(job, until))
        if not order.get("custbody_cap"):
            return due
        billed = (line.amount for line in Books(self._records).lines() if line.job == job["id"] and line.kind != "tax")
        left, fits = Decimal(str(order["custbody_cap"])) - sum(billed, Decimal(0)), []
        for line in sorted(due, key=lambda one: (one["_day"], fact_of(one["custcol_posting_id"]))):
            left -= Decimal(line["amount"])
            if left < 0:
                break
            fits.append(line)
        return fits

    def due(self, job: Row, until: str) -> Iterator[dict[str, Any]]:
        """Time and expenses that stand, are the customer's to pay, and are on no invoice in any version."""
        for table, of_job in (("timebill", self._records.bills_of), ("expensereport", self._records.expenses_of)):
            rows = {key: self._records.tables[table].rows[key] for key in of_job.keys(job["id"])}
            undone = {str(row["externalId"]).removesuffix("-R") for row in rows.values() if reversal(row)}
            billed = {fact_of(row["externalId"]) for row in rows.values() if row.get("custcol_invoiced")}
            for key, row in rows.items():
                stands = not reversal(row) and row["externalId"] not in undone
                due = row.get("isBillable") and worth(row) is not None and row["tranDate"] <= until
                if stands and due and fact_of(row["externalId"]) not in billed:
                    yield {
                        "_table": table,
                        "_key": key,
                        "_day": row["tranDate"],
                        "description": f"{row.get('hours', row.get('memo'))} on {row['tranDate']}",
                        "amount": str(worth(row)),
                        "custcol_posting_id": row["externalId"],
                    }

    @staticmethod
    def _milestone_lines(order: Row) -> Iterator[dict[str, Any]]:
        for line in (order.get("item") or {}).get("items", []):
            if line.get("custcol_accepted") and line.get("custcol_completed") and not line.get("custcol_invoice"):
                yield {
                    "description": line.get("description"),
                    "amount": str(line.get("amount")),
                    "custcol_milestone_id": line.get("custcol_milestone_id"),
                    "custcol_posting_id": line.get("custcol_milestone_id"),
                }


def pays_after(invoice: Row) -> timedelta:
    """How long a customer takes to pay: most are early, each fifth invoice is overdue first."""
    return timedelta(days=24 if crc32(str(invoice["tranId"]).encode()) % 5 else 38)
