"""Billing events, invoices and revenue."""

from __future__ import annotations

from datetime import date
from typing import ClassVar, Literal

from pydantic import AwareDatetime

from models.canonical.classification import ContractValue
from models.canonical.value import Canonical, SystemRef


class BillingEvent(Canonical):
    """Something that may be invoiced."""

    entity: ClassVar[str] = "billing_event"
    billing_event_id: str
    project_id: str
    contract_id: str
    contract_version: int
    kind: Literal["time", "expense", "milestone", "recurring"]
    amount: ContractValue
    occurred_on: date


class InvoiceLine(Canonical):
    """One line of an invoice, with the business facts it bills."""

    entity: ClassVar[str] = "invoice_line"
    project_id: str
    amount: ContractValue
    bills: tuple[str, ...] = ()


class Invoice(Canonical):
    """A demand for payment."""

    entity: ClassVar[str] = "invoice"
    invoice_id: str
    ref: SystemRef | None = None
    number: str
    customer_id: str
    legal_entity_id: str
    issued_on: date
    status: Literal["draft", "open", "paid", "void"]
    lines: tuple[InvoiceLine, ...]


class InvoiceStatus(Canonical):
    """What became of an invoice, by the word of the system that wrote it: the whole of it, so that a later one says
    all that an earlier one said. `paid` and `credited` are what was applied to it, however many payments and memos did.
    """

    entity: ClassVar[str] = "invoice_status"
    invoice_id: str
    ref: SystemRef
    number: str
    project_id: str | None = None
    customer_id: str | None = None
    legal_entity_id: str | None = None
    issued_on: date
    due_on: date | None = None
    status: Literal["draft", "open", "partly_paid", "paid", "credited", "void"]
    """`credited` is wholly taken back by credit memos: nothing of it is billed any more, as of one that is void."""
    total: ContractValue
    paid: ContractValue
    credited: ContractValue
    bills: tuple[str, ...] = ()
    """Time entries and expenses that its lines bill."""
    changed_at: AwareDatetime | None = None


class RevenueSchedule(Canonical):
    """Revenue planned or recognised in a period."""

    entity: ClassVar[str] = "revenue_schedule"
    project_id: str
    period: str
    amount: ContractValue
    recognised: bool = False
