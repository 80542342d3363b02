"""SuiteQL rows as what a snapshot shows; pure. All values come as text, empty ones are left out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from decimal import InvalidOperation
from typing import Any

from integrations.connectors.netsuite.events import Raw, row_of, status_of
from integrations.connectors.netsuite.invoices import settled_fields
from integrations.connectors.netsuite.mapping import hours_of
from integrations.connectors.rows import Row
from integrations.contracts.connector import Observation
from models.domain.errors import Unmappable


def project_observation(raw: Raw) -> Observation:
    """A job as the ERP has it; the key is the project code."""
    row = row_of(raw)
    code, entity = row.opt_text("externalid") or row.text("id"), row.opt_text("subsidiary")
    fields = {
        "code": code,
        "name": row.opt_text("companyname"),
        "status": status_of(row),
        "customer_key": row.opt_text("parent"),
        "currency": row.opt_text("currency") or row.opt_text("subsidiarycurrency"),
        "legal_entity_id": entity,
        "service_line": row.opt_text("custentity_service_line"),
        "practice": row.opt_text("custentity_practice"),
        "region": row.opt_text("custentity_region"),
        "cost_centre": row.opt_text("custentity_cost_centre"),
        "contract_type": row.opt_text("custentity_contract_type"),
    }
    return Observation("project", row.text("id"), code, fields, entity)


def charge_code_observation(raw: Raw) -> Observation:
    """A project task; the key is the charge code."""
    row = row_of(raw)
    code = row.text("title")
    fields = {
        "code": code,
        "project_code": row.opt_text("project"),
        "active": not row.opt_flag("isinactive"),
        "billable": not row.opt_flag("nonbillabletask"),
    }
    return Observation("charge_code", row.text("id"), code, fields, row.opt_text("subsidiary"))


def customer_observation(raw: Raw) -> Observation:
    """A customer; the key is our customer id where it came from us."""
    row = row_of(raw)
    key = row.opt_text("externalid") or row.text("id")
    fields = {
        "name": row.opt_text("companyname"),
        "number": row.opt_text("entityid") or key.removeprefix("C-"),
        "parent_key": row.opt_text("parent"),
        "country": row.opt_text("custentity_country"),
        "tax_id": row.opt_text("custentity_tax_id"),
        "active": not row.opt_flag("isinactive"),
    }
    return Observation(
        "customer", row.text("id"), key, fields, row.opt_text("subsidiary") or row.opt_text("custentity_legal_entity")
    )


def resource_observation(raw: Raw) -> Observation:
    """An employee; the cost rate in its own currency, else in the subsidiary's."""
    row = row_of(raw)
    number = row.opt_text("externalid") or row.text("id")
    rate = row.opt_money(
        "custentity_cost_rate", row.opt_text("custentity_cost_currency") or row.opt_text("subsidiarycurrency")
    )
    fields = {
        "number": number,
        "name": " ".join(filter(None, (row.opt_text("firstname"), row.opt_text("lastname"))))
        or row.opt_text("entityid"),
        "role": row.opt_text("custentity_role"),
        "legal_entity_id": row.opt_text("subsidiary"),
        "cost_centre": row.opt_text("custentity_cost_centre"),
        "weekly_hours": _text(row.opt_decimal("custentity_weekly_hours")),
        "cost_rate": rate.model_dump(mode="json") if rate else None,
        "active": not row.opt_flag("isinactive"),
    }
    return Observation("resource", row.text("id"), number, fields, row.opt_text("subsidiary"))


def time_observation(raw: Raw) -> Observation:
    """A posting of time: hours to the hundredth, rates an hour; a cost in another currency keeps its own."""
    row = row_of(raw)
    currency = row.opt_text("custcol_currency")
    bill, cost = (
        row.opt_money("rate", currency),
        row.opt_money("custcol_cost_rate", row.opt_text("custcol_cost_currency") or currency),
    )
    fields = _posting(row, "time_entry_id") | {
        "work_date": row.opt_text("trandate"),
        "hours": _hours(row),
        "bill_rate": bill.model_dump(mode="json") if bill else None,
        "cost_rate": cost.model_dump(mode="json") if cost else None,
    }
    return Observation("time_entry", row.text("id"), fields["posting_id"], fields, row.opt_text("subsidiary"))


def expense_observation(raw: Raw) -> Observation:
    """A posting of an expense; the amount of its line, else the report's total."""
    row = row_of(raw)
    amount = row.opt_money("amount", row.opt_text("currency")) or row.opt_money("total", row.opt_text("currency"))
    fields = _posting(row, "expense_id") | {
        "spent_on": row.opt_text("trandate"),
        "category": row.opt_text("category"),
        "amount": amount.model_dump(mode="json") if amount else None,
    }
    return Observation("expense", row.text("id"), fields["posting_id"], fields, row.opt_text("subsidiary"))


def contract_observation(raw: Raw, lines: Sequence[Raw]) -> Observation:
    """A sales order with its milestones; `lines` are those of this order."""
    row = row_of(raw)
    key, currency = row.opt_text("externalid") or row.text("id"), row.opt_text("currency")
    value, cap = row.opt_money("total", currency), row.opt_money("custbody_cap", currency)
    fields = {
        "contract_id": key,
        "contract_version": int(row.opt_decimal("custbody_contract_version") or 1),
        "project_code": row.opt_text("entity"),
        "value": value.model_dump(mode="json") if value else None,
        "billing_rule": row.opt_text("custbody_billing_rule"),
        "hold": bool(row.opt_flag("custbody_hold")),
        "cap": cap.model_dump(mode="json") if cap else None,
        "po": row.opt_text("custbody_po"),
        "milestones": [_milestone(row_of(line), currency) for line in lines if line.get("custcol_milestone_id")],
    }
    return Observation("contract", row.text("id"), key, fields, row.opt_text("subsidiary"))


def invoice_observation(raw: Raw, lines: Sequence[Raw]) -> Observation:
    """An invoice with what each line bills; `lines` are those of this invoice."""
    row = row_of(raw)
    number, currency = row.opt_text("tranid") or row.text("id"), row.opt_text("currency")
    total = row.opt_money("total", currency)
    fields = {
        "number": number,
        "customer_key": row.opt_text("customer") or row.opt_text("parent"),
        "project_code": row.opt_text("entity"),
        "status": (row.opt_text("status") or "open").lower(),
        "issued_on": row.opt_text("trandate"),
        "due_on": row.opt_text("duedate"),
        "total": total.model_dump(mode="json") if total else None,
        **settled_fields(row),
        "lines": [_line(row_of(line), currency) for line in lines],
    }
    return Observation("invoice", row.text("id"), number, fields, row.opt_text("subsidiary"))


def credit_memo_observation(raw: Raw, lines: Sequence[Raw]) -> Observation:
    """What takes an invoice back, in whole or in part; its lines name the postings that they take back, if any."""
    made = invoice_observation(raw, lines)
    fields = {
        name: value
        for name, value in made.fields.items()
        if name not in ("settled_as", "paid", "credited", "changed_at")
    }
    fields |= {"credits": row_of(raw).opt_text("createdfrom")}
    return replace(made, entity="credit_memo", fields=fields)


def payment_observation(raw: Raw) -> Observation:
    """What a customer's payment paid of one invoice; a payment of several invoices is one observation each."""
    row = row_of(raw)
    amount = row.opt_money("amount", row.opt_text("currency"))
    key = f"{row.opt_text('tranid') or row.text('payment')}:{row.opt_text('invoice') or row.text('invoiceid')}"
    fields = {
        "invoice_number": row.opt_text("invoice"),
        "paid_on": row.opt_text("trandate"),
        "status": (row.opt_text("status") or "deposited").lower(),
        "amount": amount.model_dump(mode="json") if amount else None,
    }
    return Observation("payment", row.text("id"), key, fields, row.opt_text("subsidiary"))


def rate_observation(raw: Raw) -> Observation:
    """How many units of the base currency one unit of another is worth since a day. Each row is a rate of its own."""
    row = row_of(raw)
    quote, day = row.text("transactioncurrency"), row.day("effectivedate").isoformat()
    changed = row.opt_instant("lastmodifieddate")
    fields = {
        "base": row.text("basecurrency"),
        "quote": quote,
        "currency": quote,
        "rate": format(row.decimal("exchangerate"), "f"),
        "effective_date": day,
        "as_of": day,
        "changed_at": changed.isoformat() if changed else None,
    }
    return Observation("exchange_rate", row.text("id"), row.text("id"), fields)


def period_observation(raw: Raw) -> Observation:
    """An accounting period of all companies of the account."""
    row = row_of(raw)
    changed, closed = row.opt_instant("lastmodifieddate"), row.opt_day("closedondate")
    fields = {
        "name": row.opt_text("periodname"),
        "first": row.day("startdate").isoformat(),
        "last": row.day("enddate").isoformat(),
        "closed": bool(row.opt_flag("closed")),
        "closed_on": closed.isoformat() if closed else None,
        "changed_at": changed.isoformat() if changed else None,
    }
    return Observation("accounting_period", row.text("id"), row.text("id"), fields)


OBSERVED: dict[str, tuple[str, Callable[[Raw], Observation]]] = {
    "project": ("job", project_observation),
    "charge_code": ("projectTask", charge_code_observation),
    "customer": ("customer", customer_observation),
    "resource": ("employee", resource_observation),
    "time_entry": ("timeBill", time_observation),
    "expense": ("expenseReport", expense_observation),
    "payment": ("customerPayment", payment_observation),
    "exchange_rate": ("currencyrate", rate_observation),
    "accounting_period": ("accountingPeriod", period_observation),
}
WITH_LINES: dict[str, tuple[str, Callable[[Raw, Sequence[Raw]], Observation]]] = {
    "invoice": ("invoice", invoice_observation),
    "credit_memo": ("creditMemo", credit_memo_observation),
    "contract": ("salesOrder", contract_observation),
}


def _posting(row: Row, fact: str) -> dict[str, Any]:
    posting = row.opt_text("externalid") or row.text("id")
    return {
        "posting_id": posting,
        fact: posting.rsplit("-v", 1)[0],
        "reversal": posting.endswith("-R"),
        "project_code": row.opt_text("customer"),
        "charge_code": row.opt_text("chargecode"),
        "resource_number": row.opt_text("employee"),
        "billable": row.opt_flag("isbillable") is not False,
        "invoiced": bool(row.opt_flag("custcol_invoiced")),
        "invoice_number": row.opt_text("custcol_invoice"),
        "created_at": row.opt_text("createddate"),
    }


def _milestone(line: Row, currency: str | None) -> dict[str, Any]:
    amount = line.opt_money("amount", currency)
    return {
        "milestone_id": line.text("custcol_milestone_id"),
        "name": line.opt_text("description"),
        "due": line.opt_text("custcol_due"),
        "amount": amount.model_dump(mode="json") if amount else None,
        "completed_at": line.opt_text("custcol_completed"),
        "accepted": bool(line.opt_flag("custcol_accepted")),
    }


def _line(line: Row, currency: str | None) -> dict[str, Any]:
    amount = line.opt_money("amount", currency)
    return {
        "posting_id": line.opt_text("custcol_posting_id"),
        "milestone_id": line.opt_text("custcol_milestone_id"),
        "kind": line.opt_text("custcol_line_kind"),
        "amount": amount.model_dump(mode="json") if amount else None,
    }


def _hours(row: Row) -> str | None:
    text = row.opt_text("hours")
    try:
        return None if text is None else format(hours_of(text), "f")
    except (ValueError, InvalidOperation):
        raise Unmappable("hours is not in the form h:mm", "hours", code="retyped-field") from None


def _text(number: Any) -> str | None:
    return None if number is None else format(number, "f")
