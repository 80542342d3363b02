"""Canonical objects as NetSuite records; pure. References go by external id, which is our canonical id throughout."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any

from integrations.connectors.rows import Row
from integrations.connectors.targets import body_of
from integrations.contracts.connector import Change
from models.domain.duration import hours_of_minutes
from models.domain.errors import Rejected

KIND = {
    "customer": "customer",
    "project": "job",
    "charge_code": "projectTask",
    "resource": "employee",
    "contract": "salesOrder",
    "time_entry": "timeBill",
    "expense": "expenseReport",
}
STATUS = {"planned": "Not Started", "active": "In Progress", "closed": "Closed", "cancelled": "Cancelled"}
POSTED = frozenset({"time_entry", "expense"})


def record_of(change: Change) -> dict[str, Any]:
    """The record that a change writes; fields without a value are left out: what is not known is not wiped."""
    row = Row(body_of(change), sparse=True, textual=True)
    fields = RECORDS[change.entity](row, change)
    return {"externalId": external_id(change), **{name: value for name, value in fields.items() if value is not None}}


def external_id(change: Change) -> str:
    """Letters, digits, _ and - only: a charge code's dot becomes _."""
    return change.external_id.replace(".", "_") if change.entity == "charge_code" else change.external_id


def customer_record(row: Row, change: Change) -> dict[str, Any]:
    """A canonical customer as customer; the parent by our customer id."""
    return {
        "companyName": row.text("name"),
        "parent": _ref(row.opt_text("parent_id")),
        "subsidiary": _ref(row.opt_text("legal_entity_id")),
        "currency": row.opt_text("currency"),
        "custentity_country": row.opt_text("country"),
        "custentity_tax_id": row.opt_text("tax_id"),
        "custentity_tax_profile": row.opt_text("tax_profile"),
        "custentity_legal_entity": row.opt_text("legal_entity_id"),
        "isInactive": row.opt_flag("active") is False,
    }


def project_record(row: Row, change: Change) -> dict[str, Any]:
    """A canonical project as job; closed and cancelled ones are inactive, so that nothing can be posted."""
    dims = row.opt_child("dimensions") or Row({}, sparse=True)
    status = row.opt_text("status") or "active"
    return {
        "companyName": row.text("name"),
        "parent": _ref(row.opt_text("customer_id")),
        "subsidiary": _ref(dims.opt_text("legal_entity_id")),
        "currency": row.opt_text("currency"),
        "entityStatus": STATUS.get(status),
        "isInactive": status in ("closed", "cancelled"),
        "startDate": row.opt_text("starts_on"),
        "endDate": row.opt_text("ends_on"),
        "custentity_service_line": dims.opt_text("service_line"),
        "custentity_practice": dims.opt_text("practice"),
        "custentity_region": dims.opt_text("region"),
        "custentity_cost_centre": dims.opt_text("cost_centre"),
        "custentity_contract_type": row.opt_text("contract_type"),
    }


def charge_code_record(row: Row, change: Change) -> dict[str, Any]:
    """A canonical charge code as projectTask under its job."""
    return {
        "title": row.text("code"),
        "project": _ref(row.text("project_code")),
        "isInactive": row.opt_flag("active") is False,
        "nonBillableTask": row.opt_flag("billable") is False,
    }


def resource_record(row: Row, change: Change) -> dict[str, Any]:
    """A canonical resource as employee; the cost rate an hour in major units of its own currency."""
    first, _, last = row.text("name").rpartition(" ")
    rate = row.opt_child("cost_rate")
    return {
        "entityId": row.text("number"),
        "firstName": first or None,
        "lastName": last,
        "email": row.opt_text("email"),
        "subsidiary": _ref(row.opt_text("legal_entity_id")),
        "custentity_role": row.opt_text("role"),
        "custentity_cost_centre": row.opt_text("cost_centre"),
        "custentity_weekly_hours": row.opt_decimal("weekly_hours"),
        "custentity_cost_rate": rate.decimal("amount") if rate else None,
        "custentity_cost_currency": rate.text("currency") if rate else None,
        "hireDate": row.opt_text("hired_on"),
        "isInactive": row.opt_flag("active") is False,
    }


def contract_record(row: Row, change: Change) -> dict[str, Any]:
    """A canonical contract as salesOrder of its project: value and cap in major units, milestones as lines."""
    value, statement = row.child("value"), row.opt_child("statement_of_work")
    rules = row.children("billing_rules")
    rule = rules[0] if rules else Row({}, sparse=True)
    cap = rule.opt_child("cap")
    project = row.opt_text("project_id") or change.external_id.removeprefix("CT-")
    return {
        "entity": _ref(project),
        "currency": value.text("currency"),
        "total": value.decimal("amount"),
        "startDate": row.opt_text("starts_on"),
        "endDate": row.opt_text("ends_on"),
        "custbody_contract_version": row.opt_decimal("contract_version") or Decimal(1),
        "custbody_contract_type": row.opt_text("contract_type"),
        "custbody_billing_rule": rule.opt_text("kind"),
        "custbody_hold": any(one.opt_flag("hold") for one in rules),
        "custbody_cap": cap.decimal("amount") if cap else None,
        "custbody_po": rule.opt_text("purchase_order"),
        "custbody_sow": statement.text("number") if statement else None,
        "item": {"items": [_milestone(one) for one in row.children("milestones")]},
    }


def time_record(row: Row, change: Change) -> dict[str, Any]:
    """Canonical time as timeBill: hours as h:mm, negative in a reversal; rates an hour in major units."""
    bill, cost = row.opt_child("bill_rate"), row.opt_child("cost_rate")
    hours = row.decimal("hours")
    code = row.opt_text("charge_code")
    return {
        "customer": _ref(row.text("project_id")),
        "employee": _ref(row.text("resource_id")),
        "caseTaskEvent": _ref(code.replace(".", "_")) if code else None,
        "tranDate": row.text("work_date"),
        "hours": clock(-hours if change.action == "reverse" else hours),
        "isBillable": row.opt_flag("billable") is not False,
        "rate": bill.decimal("amount") if bill else None,
        "custcol_cost_rate": cost.decimal("amount") if cost else None,
        "custcol_currency": bill.text("currency") if bill else None,
        "custcol_cost_currency": cost.text("currency") if cost else None,
        "custcol_time_entry": row.opt_text("time_entry_id"),
        "memo": row.opt_text("notes"),
    }


def expense_record(row: Row, change: Change) -> dict[str, Any]:
    """A canonical expense as expenseReport with one line; the amount in major units, negative in a reversal."""
    money, code = row.child("amount"), row.opt_text("charge_code")
    amount = -money.decimal("amount") if change.action == "reverse" else money.decimal("amount")
    task = _ref(code.replace(".", "_")) if code else None
    line = {
        "customer": _ref(row.text("project_id")),
        "caseTaskEvent": task,
        "category": row.text("category"),
        "amount": amount,
    }
    return {
        "employee": _ref(row.text("resource_id")),
        "entity": _ref(row.text("resource_id")),
        "tranDate": row.text("spent_on"),
        **line,
        "total": amount,
        "currency": money.text("currency"),
        "isBillable": row.opt_flag("billable") is not False,
        "expense": {"items": [{name: value for name, value in line.items() if value is not None}]},
    }


RECORDS: dict[str, Callable[[Row, Change], dict[str, Any]]] = {
    "customer": customer_record,
    "project": project_record,
    "charge_code": charge_code_record,
    "resource": resource_record,
    "contract": contract_record,
    "time_entry": time_record,
    "expense": expense_record,
}


def clock(hours: Decimal) -> str:
    """Hours as the vendor's h:mm, rounded half-even to the minute: 7.5 -> 7:30, -0.33 -> -0:20."""
    minutes = int((abs(hours) * 60).to_integral_value(ROUND_HALF_EVEN))
    return f"{'-' if hours < 0 else ''}{minutes // 60}:{minutes % 60:02d}"


def hours_of(text: str) -> Decimal:
    """The vendor's h:mm (or decimal text) as hours; raises ValueError or decimal.InvalidOperation."""
    if ":" not in text:
        return Decimal(text)
    whole, minutes = text.lstrip("-").split(":")
    hours = hours_of_minutes(Decimal(whole) * 60 + Decimal(minutes))
    return -hours if text.startswith("-") else hours


def flat(record: Mapping[str, Any]) -> dict[str, Any]:
    """A record with its references as external ids and without sublists: what a preview compares."""
    fields = {
        name: value["externalId"] if isinstance(value, Mapping) and "externalId" in value else value
        for name, value in record.items()
    }
    return {name: value for name, value in fields.items() if not isinstance(value, Mapping)}


def with_kept_lines(record: dict[str, Any], held: Mapping[str, Any]) -> dict[str, Any]:
    """An order whose milestone lines keep what the ERP noted on them (done, accepted, invoiced): that is the ERP's
    word, and replacing the list without it would bill a milestone twice.
    """
    lines = {str(line.get("custcol_milestone_id")): line for line in (held.get("item") or {}).get("items", ())}
    merged = [{**lines.get(str(line["custcol_milestone_id"]), {}), **line} for line in record["item"]["items"]]
    return {**record, "item": {"items": merged}}


def _milestone(one: Row) -> dict[str, Any]:
    line = {
        "custcol_milestone_id": one.text("milestone_id"),
        "description": one.text("name"),
        "amount": one.child("amount").decimal("amount"),
        "custcol_due": one.opt_text("due"),
        "custcol_completed": one.opt_text("completed_at"),
        "custcol_accepted": one.opt_flag("accepted") or None,
    }
    return {name: value for name, value in line.items() if value is not None}


def _ref(external: str | None) -> dict[str, str] | None:
    return {"externalId": external} if external else None


def refuse_namesake(record: Mapping[str, Any], held: Mapping[str, Any]) -> None:
    """Raise Rejected `worker-clash` where the ERP has somebody else under a worker's number, by name and e-mail."""
    mails = {str(one.get("email") or "").casefold() for one in (record, held)}
    words = [
        set(f"{one.get('firstName') or ''} {one.get('lastName') or ''}".casefold().split()) for one in (record, held)
    ]
    if len(mails) == 2 and all(words) and not words[0] & words[1]:
        raise Rejected(
            f"employee {record['externalId']} is {held.get('firstName')} {held.get('lastName')} in the ERP and "
            f"{record.get('firstName')} {record.get('lastName')} in HR: give one of the two another number and replay",
            code="worker-clash",
            field="externalId",
        )
