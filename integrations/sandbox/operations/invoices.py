"""Invoices and credit memos as accounting writes them: numbered, dated, with what each line bills."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from integrations.sandbox.operations.accounts import Accounts
from integrations.sandbox.world.ledger import Row

Line = dict[str, Any]
"""Names that begin with _ say which posting a line bills, and are not written on it."""


class Invoices:
    """Writes invoices and memos of projects into the ERP, and finds them again."""

    def __init__(self, accounts: Accounts) -> None:
        self._accounts, self._records = accounts, accounts.records

    def issue(self, job: Row, lines: Sequence[Line], at: datetime) -> str:
        """An invoice of a project; the postings that its lines bill are marked with its number, which is returned."""
        number = f"INV-{10_001 + len(self._records.tables['invoice'])}"
        day = at.date().isoformat()
        self._accounts.put(
            "invoice",
            at,
            externalId=number,
            tranId=number,
            entity={"id": job["id"], "refName": job.get("companyName")},
            customer=job.get("parent") or {},
            subsidiary=job.get("subsidiary"),
            currency=job.get("currency"),
            total=str(total_of(lines)),
            status="open",
            tranDate=day,
            trandate_key=day,
            dueDate=(at + timedelta(days=30)).date().isoformat(),
            item={"items": [{name: value for name, value in line.items() if name[0] != "_"} for line in lines]},
        )
        for line in lines:
            if "_key" in line:
                self._accounts.put(line["_table"], at, line["_key"], custcol_invoiced=True, custcol_invoice=number)
        return number

    def credit(self, invoice: Row, number: str, lines: Sequence[Line], at: datetime) -> None:
        """A memo that takes lines of an invoice back; amounts above zero, as the vendor has them."""
        self._accounts.put(
            "creditmemo",
            at,
            self._accounts.key("creditmemo", number),
            externalId=number,
            tranId=number,
            createdFrom={"id": invoice["id"], "refName": invoice["tranId"]},
            **{name: invoice.get(name) for name in ("entity", "customer", "subsidiary", "currency")},
            total=str(total_of(lines)),
            status="applied",
            tranDate=at.date().isoformat(),
            item={"items": list(lines)},
        )

    def amend(self, invoice: Row, lines: Sequence[Line], at: datetime) -> None:
        """Give an invoice other lines before it is paid."""
        self._accounts.put("invoice", at, invoice["id"], item={"items": list(lines)}, total=str(total_of(lines)))

    def of(self, code: str, *status: str) -> list[Row]:
        """A project's invoices with these states, the oldest first."""
        job = self._accounts.key("job", code)
        rows = self._records.tables["invoice"]
        return [row for row in rows if (row.get("entity") or {}).get("id") == job and row["status"] in status]

    def newest(self, code: str) -> Row | None:
        """The newest open invoice of a project that bills two pieces of work at least."""
        return next((row for row in reversed(self.of(code, "open")) if len(list(work_of(row))) > 1), None)


def lines_of(document: Row) -> list[Line]:
    return list((document.get("item") or {}).get("items", []))


def work_of(document: Row) -> Iterator[Line]:
    """The lines that bill a posting."""
    return (line for line in lines_of(document) if line.get("custcol_posting_id") and Decimal(line["amount"]) > 0)


def total_of(lines: Sequence[Line]) -> Decimal:
    return sum((Decimal(line["amount"]) for line in lines), Decimal(0))
