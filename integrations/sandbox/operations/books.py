"""What the ERP's books say of each piece of work, read from its records alone: what it is posted at, what bills it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal

from integrations.sandbox.operations.invoices import lines_of, total_of
from integrations.sandbox.vendors.netsuite.records import Records, fact_of
from integrations.sandbox.world.ledger import Row

CENT = Decimal("0.01")


@dataclass(frozen=True)
class BilledLine:
    """A line of a document that stands, below zero where a memo takes it back; no fact where it bills no work."""

    invoice: Row
    job: str
    fact: str | None
    amount: Decimal
    kind: str | None


class Books:
    """Reads invoices, memos and postings; writes nothing."""

    def __init__(self, records: Records) -> None:
        self._records = records

    def lines(self) -> Iterator[BilledLine]:
        """Of invoices that are neither draft nor void nor wholly credited, and of the memos on them."""
        memos: dict[str, list[Row]] = {}
        for memo in self._records.tables["creditmemo"]:
            if memo["status"] not in ("void", "draft"):
                memos.setdefault(memo["createdFrom"]["id"], []).append(memo)
        for invoice in self._records.tables["invoice"]:
            back = memos.get(invoice["id"], [])
            if stands(invoice, back):
                yield from _lines(invoice, invoice, 1)
                for memo in back:
                    yield from _lines(invoice, memo, -1)

    def billed(self) -> dict[str, Decimal]:
        """What standing lines bill of each piece of work."""
        found: dict[str, Decimal] = {}
        for line in self.lines():
            if line.fact is not None:
                found[line.fact] = found.get(line.fact, Decimal(0)) + line.amount
        return found


def stands(invoice: Row, memos: list[Row]) -> bool:
    """Whether an invoice bills anything: memos may have taken all of it back."""
    back = sum((Decimal(memo["total"]) for memo in memos), Decimal(0))
    return invoice["status"] not in ("void", "draft") and not (memos and back >= Decimal(invoice["total"]) > 0)


def _lines(invoice: Row, document: Row, sign: int) -> Iterator[BilledLine]:
    for line in lines_of(document):
        fact = fact_of(line.get("custcol_posting_id"))
        amount = sign * total_of([line])
        yield BilledLine(invoice, document["entity"]["id"], fact, amount, line.get("custcol_line_kind"))


def reversal(row: Row) -> bool:
    return str(row["externalId"]).endswith("-R")


def worth(row: Row) -> Decimal | None:
    """What the customer pays for a posting; none for time without a rate."""
    if "hours" not in row:
        return Decimal(str(row.get("total", row.get("amount", 0)))).quantize(CENT, ROUND_HALF_EVEN)
    rate = row.get("rate")
    return None if rate is None else (hours(row["hours"]) * Decimal(str(rate))).quantize(CENT, ROUND_HALF_EVEN)


def hours(text: str) -> Decimal:
    """h:mm as exact hours."""
    sign, (whole, minutes) = (-1 if text.startswith("-") else 1), text.lstrip("-").split(":")
    return sign * (Decimal(whole) + Decimal(minutes) / 60)
