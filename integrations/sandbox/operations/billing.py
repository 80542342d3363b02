"""What accounting does in the ERP each week: invoices for work and for accepted milestones, payments."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any
from zlib import crc32

from integrations.sandbox.operations.accounts import Accounts
from integrations.sandbox.vendors.netsuite.records import fact_of
from integrations.sandbox.vendors.wire import iso_z
from integrations.sandbox.world.ledger import Row

CENT = Decimal("0.01")
SHORT = Decimal("0.96")
"""What a customer pays who disputes a part of an invoice."""


class Billing:
    """Operations on NetSuite's orders and invoices; each answers whether it could be done now."""

    def __init__(self, accounts: Accounts) -> None:
        self._accounts, self._records = accounts, accounts.records

    def milestone(self, at: datetime, code: str, name: str) -> bool:
        """Note on the order that a milestone is done and accepted."""
        key = self._accounts.key("salesorder", f"CT-{code}")
        if key is None:
            return False
        order = self._records.tables["salesorder"].rows[key]
        lines = [
            {**line, "custcol_completed": iso_z(at), "custcol_accepted": True}
            if line.get("description") == name
            else line
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
            if order is not None and not order.get("custbody_hold"):
                self._invoice(job, order, until, at)
        for key, row in list(self._records.tables["invoice"].rows.items()):
            if row["status"] == "open" and row["trandate_key"] <= (at - pays_after(row)).date().isoformat():
                self._collect(key, row, at)
        return True

    def _collect(self, key: str, invoice: Row, at: datetime) -> None:
        """A customer's payment of an invoice: a few pay less, and the rest stays open."""
        total, number = Decimal(invoice["total"]), str(invoice["tranId"])
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
        lines = [*self._work_lines(job, until), *self._milestone_lines(order)]
        if not lines:
            return
        number = f"INV-{10_001 + len(self._records.tables['invoice'])}"
        total = sum((Decimal(line["amount"]) for line in lines), Decimal(0))
        customer = job.get("parent") or {}
        self._accounts.put(
            "invoice",
            at,
            externalId=number,
            tranId=number,
            entity={"id": job["id"], "refName": job.get("companyName")},
            customer=customer,
            subsidiary=job.get("subsidiary"),
            currency=job.get("currency"),
            total=str(total),
            status="open",
            tranDate=at.date().isoformat(),
            trandate_key=at.date().isoformat(),
            dueDate=(at + timedelta(days=30)).date().isoformat(),
            item={"items": [{name: value for name, value in line.items() if name[0] != "_"} for line in lines]},
        )
        for line in lines:
            if "_key" in line:
                self._accounts.put(line["_table"], at, line["_key"], custcol_invoiced=True, custcol_invoice=number)
        milestones = {line["custcol_milestone_id"] for line in lines if line.get("custcol_milestone_id")}
        if milestones:
            marked = [
                {**line, "custcol_invoice": number} if line.get("custcol_milestone_id") in milestones else line
                for line in order["item"]["items"]
            ]
            self._accounts.put("salesorder", at, order["id"], item={"items": marked})

    def _work_lines(self, job: Row, until: str) -> Iterator[dict[str, Any]]:
        """Time and expenses that stand, are the customer's to pay, and are on no invoice in any version."""
        for table, of_job in (("timebill", self._records.bills_of), ("expensereport", self._records.expenses_of)):
            rows = {key: self._records.tables[table].rows[key] for key in of_job.keys(job["id"])}
            undone = {str(row["externalId"]).removesuffix("-R") for row in rows.values() if _reversal(row)}
            billed = {fact_of(row["externalId"]) for row in rows.values() if row.get("custcol_invoiced")}
            for key, row in rows.items():
                stands = not _reversal(row) and row["externalId"] not in undone
                due = row.get("isBillable") and _worth(row) is not None and row["tranDate"] <= until
                if stands and due and fact_of(row["externalId"]) not in billed:
                    yield {
                        "_table": table,
                        "_key": key,
                        "description": f"{row.get('hours', row.get('memo'))} on {row['tranDate']}",
                        "amount": str(_worth(row)),
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


def _reversal(row: Row) -> bool:
    return str(row["externalId"]).endswith("-R")


def _worth(row: Row) -> Decimal | None:
    """What the customer pays for a posting; none for time without a rate."""
    if "hours" not in row:
        return Decimal(str(row.get("total", row.get("amount", 0)))).quantize(CENT, ROUND_HALF_EVEN)
    rate = row.get("rate")
    return None if rate is None else (hours(row["hours"]) * Decimal(str(rate))).quantize(CENT, ROUND_HALF_EVEN)


def hours(text: str) -> Decimal:
    """h:mm as exact hours."""
    sign, (whole, minutes) = (-1 if text.startswith("-") else 1), text.lstrip("-").split(":")
    return sign * (Decimal(whole) + Decimal(minutes) / 60)
