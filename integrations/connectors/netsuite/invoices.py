"""An invoice with what was applied to it, as a business event and as what a snapshot tells of it; pure.

What a payment or a credit memo does shows on its invoice: one event says all that is true of an invoice, so that one
that comes twice, late or not at all changes nothing that the next one does not say again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Literal

from integrations.connectors.digest import digest
from integrations.connectors.netsuite.events import Raw, row_of
from integrations.connectors.rows import Row
from integrations.connectors.watermark import millis
from models.canonical.events import CloudEvent
from models.canonical.schemas import InvoiceStatus, SystemRef
from models.domain.keys import business_key, invoice_id
from models.domain.money import Money

Status = Literal["draft", "open", "partly_paid", "paid", "credited", "void"]
VOID = frozenset({"void", "voided"})
UNSENT = frozenset({"draft", "pending approval"})


@dataclass(frozen=True, slots=True)
class Settled:
    """What became of an invoice: `paid` and `credited` are what was applied to it."""

    status: Status
    total: Money
    paid: Money
    credited: Money

    @property
    def verb(self) -> str:
        """The newest thing that can be said of it, in the past tense."""
        if self.status == "void":
            return "voided"
        if self.credited.amount:
            return "credited"
        return "paid" if self.paid.amount or self.status == "paid" else "issued"


def settled(row: Row) -> Settled:
    """What became of an invoice, by what was applied to it; where nothing is known to be, by the vendor's status."""
    currency = row.opt_text("currency")
    total = row.money("total", currency)
    applied = {name: row.opt_decimal(name) or Decimal(0) for name in ("paid", "credited")}
    said = (row.opt_text("status") or "open").lower()
    paid, credited = (Money(amount=applied[name], currency=total.currency) for name in ("paid", "credited"))
    return Settled(_status(said, total.amount, paid.amount, credited.amount), total, paid, credited)


def _status(said: str, total: Decimal, paid: Decimal, credited: Decimal) -> Status:
    if said in VOID:
        return "void"
    if said in UNSENT:
        return "draft"
    if credited >= total > 0:
        return "credited"
    if paid + credited >= total or (said.startswith("paid") and not paid and not credited):
        return "paid"
    return "partly_paid" if paid + credited > 0 else "open"


def settled_fields(row: Row) -> dict[str, Any]:
    """What an observation of an invoice says of it; nothing of one without a total."""
    if row.opt_decimal("total") is None:
        return {}
    found = settled(row)
    told = {"paid": found.paid, "credited": found.credited}
    changed = row.opt_instant("lastmodifieddate")
    told_at = {"changed_at": changed.isoformat() if changed else None}
    return {
        "settled_as": found.status,
        **told_at,
        **{name: money.model_dump(mode="json") for name, money in told.items()},
    }


def invoice_event(system: str, raw: Raw, lines: Sequence[Mapping[str, Any]], read_at: datetime | None) -> CloudEvent:
    """An invoice as it stands. Its id names what it says and since when, so that reading it again admits nothing;
    `read_at` is given where all invoices are read again: then it is the version, for what changed without the vendor's
    stamp is newer than the stamp.
    """
    row, changed = row_of(raw), row_of(raw).instant("lastmodifieddate")
    found, ours = settled(row), invoice_id(system, row.text("id"))
    entity = row.opt_text("subsidiary")
    status = InvoiceStatus(
        invoice_id=ours,
        ref=SystemRef(system=system, kind="invoice", id=row.text("id")),
        number=row.opt_text("tranid") or row.text("id"),
        project_id=row.opt_text("entity"),
        customer_id=row.opt_text("customer") or row.opt_text("parent"),
        legal_entity_id=entity,
        issued_on=row.day("trandate"),
        due_on=row.opt_day("duedate"),
        status=found.status,
        total=found.total,
        paid=found.paid,
        credited=found.credited,
        bills=_billed(lines),
        changed_at=changed,
    )
    data = status.model_dump(mode="json")
    return CloudEvent(
        id=f"{system}:invoice:{row.text('id')}:{found.verb}:{digest(data)}",
        source=system,
        type=f"tieout.invoice.{found.verb}",
        subject=business_key("invoice", ours),
        time=changed,
        dataschema=f"tieout:invoice_status:{status.version}",
        data=data,
        sourceversion=millis(max(changed, read_at) if read_at else changed),
        legalentity=entity,
    )


def _billed(lines: Sequence[Mapping[str, Any]]) -> tuple[str, ...]:
    """The time entries and expenses that lines bill, each once."""
    rows = [row_of(line) for line in lines]
    postings = {row.opt_text("custcol_posting_id") for row in rows if row.opt_text("custcol_milestone_id") is None}
    return tuple(sorted({one.rsplit("-v", 1)[0] for one in postings if one}))
