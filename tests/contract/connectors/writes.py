"""A write of each kind that each vendor takes, and what the vendor must hold besides what `Case.prepare` makes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any

from integrations.contracts.connector import Change
from tests.contract.connectors.cases import World, csv_change, posting, sf_change


def money(amount: str) -> dict[str, str]:
    return {"amount": amount, "currency": "EUR"}


def upsert(entity: str, external_id: str, body: Mapping[str, Any]) -> Change:
    return Change("upsert", entity, external_id, f"key-{external_id}", body)


PROJECT = {
    "code": "PRJ-2001",
    "name": "Platform",
    "customer_id": "C-10001",
    "currency": "EUR",
    "status": "active",
    "contract_type": "time_and_materials",
    "starts_on": "2026-11-01",
    "dimensions": {"legal_entity_id": "NOV-DE", "cost_centre": "220", "practice": "Engineering", "region": "DACH"},
    "budget_value": money("125000.50"),
    "tasks": [{"task_id": "1", "name": "Build", "charge_code": "PRJ-2001.010"}],
}
PERSON = {
    "number": "E-2007",
    "name": "Ada Byron",
    "email": "ada@novalis.example",
    "legal_entity_id": "NOV-DE",
    "role": "Consultant",
    "cost_centre": "220",
    "weekly_hours": "38.5",
    "cost_rate": money("62.50"),
    "hired_on": "2024-01-08",
    "active": True,
}
CHARGE_CODE = {"code": "PRJ-2001.010", "project_code": "PRJ-2001", "billable": True}
CUSTOMER = {"number": "20001", "name": "Orrin Freight", "country": "DE", "legal_entity_id": "NOV-DE", "active": True}
CONTRACT = {
    "project_id": "PRJ-1001",
    "value": money("125000.50"),
    "starts_on": "2026-11-01",
    "contract_version": "1",
    "contract_type": "time_and_materials",
    "billing_rules": [{"kind": "time_and_expenses", "cap": money("90000.00"), "purchase_order": "PO-7", "hold": False}],
    "milestones": [{"milestone_id": "M1", "name": "Design accepted", "amount": money("25000.00"), "due": "2026-12-01"}],
}
EXPENSE = {
    "expense_id": "EX-kantata-7",
    "project_id": "PRJ-1001",
    "resource_id": "E-1007",
    "charge_code": "PRJ-1001.010",
    "spent_on": "2026-11-16",
    "category": "Travel",
    "amount": money("148.20"),
    "billable": True,
}
BUDGET = {
    "project_code": "PRJ-2001",
    "value": money("125000.50"),
    "cost": money("80000.25"),
    "target_margin": "0.36",
    "hours": "800",
    "approved": True,
}
ACTUAL = {
    "project_code": "PRJ-2001",
    "legal_entity_id": "NOV-DE",
    "period": "Nov 2026",
    "period_starts_on": "2026-11-01",
    "period_ends_on": "2026-11-30",
    "period_closed": False,
    "currency": "EUR",
    "cost": money("468.75"),
    "revenue": money("1388.25"),
    "billed": money("1288.25"),
    "hours": "7.500000",
    "revision": "1",
    "reason": "first",
    "stated_at": "2026-11-18T10:00:00Z",
}
PROGRESS = {
    "project_code": "PRJ-2001",
    "period_starts_on": "2026-11-01",
    "complete": "62.5",
    "milestones": [{"milestone_id": "M1", "name": "Design accepted", "state": "done"}],
    "as_of": "2026-11-18",
    "stated_at": "2026-11-18T10:00:00Z",
}


def invoice(number: int, status: str, paid: str = "0.00", credited: str = "0.00", *bills: str) -> Change:
    """An invoice of 1,388.25 EUR on the first workspace, as the ERP has it then."""
    external = f"IN-netsuite-{number}"
    amounts = {"total": money("1388.25"), "paid": money(paid), "credited": money(credited)}
    named = {"invoice_id": external, "ref": {"system": "netsuite", "kind": "invoice", "id": str(number)}}
    body = {**named, "number": f"INV-{number}", "issued_on": "2026-11-17", "due_on": "2026-12-17", "status": status}
    body |= {"project_id": "PRJ-1001", "legal_entity_id": "NOV-DE", **amounts, "bills": list(bills)}
    return Change("upsert", "invoice_status", external, f"key-{external}-{status}", body, {"project": "1001"})


def verdict(entity: str, identity: str, status: str, **more: str) -> Change:
    external = f"{'TE' if entity == 'time_entry' else 'EX'}-kantata-{identity}"
    return Change("annotate", entity, external, f"key-{external}-{status}", {"status": status, "system": "erp", **more})


def reversed_posting(n: int) -> Change:
    made = posting(n)
    return Change("reverse", "time_entry", f"{made.external_id}-R", f"{made.key}-R", made.body)


WRITES: Mapping[str, Sequence[Change]] = {
    "salesforce": [sf_change(1)],
    "netsuite": [
        upsert("customer", "C-20001", CUSTOMER),
        upsert("project", "PRJ-2001", PROJECT),
        upsert("charge_code", "PRJ-2001.010", CHARGE_CODE),
        upsert("resource", "E-2007", PERSON),
        upsert("contract", "CT-PRJ-1001", CONTRACT),
        posting(1),
        reversed_posting(1),
        Change("post", "expense", "EX-kantata-7-v1", "key-EX-7", EXPENSE),
    ],
    "kantata": [
        upsert("project", "PRJ-2001", PROJECT),
        upsert("resource", "E-2007", PERSON),
        verdict("time_entry", "1000", "successful", posting_id="TE-kantata-1000-v1"),
        verdict("time_entry", "1001", "failed", code="closed-period", message="The period is closed"),
        verdict("expense", "1000", "successful", posting_id="EX-kantata-1000-v1"),
        invoice(2000001, "open", "0.00", "0.00", "TE-kantata-1001", "TE-kantata-1002", "EX-kantata-1001"),
        invoice(2000001, "partly_paid", "400.00"),
        invoice(2000001, "paid", "1388.25"),
        invoice(2000002, "open"),
        invoice(2000002, "credited", "0.00", "1388.25"),
    ],
    "ppm": [
        upsert("project", "PRJ-2001", PROJECT),
        upsert("budget", "PRJ-2001", BUDGET),
        upsert("actual", "r1:2026-11-01:EUR:NOV-DE:PRJ-2001", ACTUAL),
        upsert("progress", "2026-11-01:PRJ-2001", PROGRESS),
    ],
    "csv": [
        csv_change(1),
        upsert("customer", "C-20001", CUSTOMER),
        upsert("project", "PRJ-2001", PROJECT),
        upsert("charge_code", "PRJ-2001.010", CHARGE_CODE),
        upsert("resource", "E-2007", PERSON),
        upsert("contract", "CT-PRJ-1001", CONTRACT),
        upsert("budget", "PRJ-2001", BUDGET),
        verdict("expense", "7", "successful", posting_id="EX-kantata-7-v1"),
        invoice(2000001, "open"),
    ],
}


def _ledger(world: World) -> None:
    """An invoice with a line, a credit memo and a payment of a part of it, a rate, a month that is closed: what the ERP
    makes itself.
    """
    world.vendors.erp.records.shut("2026-09", True)
    tables = world.vendors.erp.records.tables
    bill = {
        "id": "2000000",
        "externalId": "INV-10001",
        "tranId": "INV-10001",
        "entity": {"id": next(iter(tables["job"].rows))},
        "subsidiary": {"id": next(iter(tables["subsidiary"].rows))},
        "total": 1388.25,
        "currency": "EUR",
        "status": "Open",
        "tranDate": "2026-11-17",
        "item": {"items": [{"amount": 1388.25, "custcol_posting_id": "TE-kantata-1-v1", "description": "Time"}]},
        "lastModifiedDate": "2026-11-17T18:00:00Z",
        "createdDate": "2026-11-17T18:00:00Z",
    }
    tables["invoice"].put("2000000", bill)
    credited = {"amount": 100, "custcol_posting_id": "TE-kantata-1-v1", "description": "One hour too many"}
    memo = {**bill, "id": "4000000", "externalId": "CM-10001", "tranId": "CM-10001", "status": "Applied", "total": 100}
    memo |= {"createdFrom": {"id": "2000000"}, "item": {"items": [credited]}, "tranDate": "2026-11-18"}
    tables["creditmemo"].put("4000000", memo)
    paid = {
        "id": "3000000",
        "externalId": "PAY-10001",
        "tranId": "PAY-10001",
        "subsidiary": bill["subsidiary"],
        "total": 1000,
        "currency": "EUR",
        "status": "deposited",
        "tranDate": "2026-11-18",
        "apply": {"items": [{"doc": {"id": "2000000"}, "amount": 1000, "apply": True}]},
        "lastModifiedDate": "2026-11-18T09:00:00Z",
        "createdDate": "2026-11-18T09:00:00Z",
    }
    tables["customerpayment"].put("3000000", paid)
    rate = {
        "id": "100",
        "externalId": "USD",
        "baseCurrency": "EUR",
        "transactionCurrency": "USD",
        "exchangeRate": 0.9213,
        "effectiveDate": "2026-11-18",
        "lastModifiedDate": "2026-11-18T06:00:00Z",
    }
    tables["currencyrate"].put("100", rate)


def _expense(world: World) -> None:
    """An approved expense of the person and project that there are."""
    psa = world.vendors.psa
    first = {name: next(iter(psa.tables[name].rows)) for name in ("workspaces", "stories", "users")}
    fields = {
        "date": "2026-11-16",
        "amount_in_cents": 14820,
        "currency": "EUR",
        "currency_base_unit": 100,
        "category": "Travel",
        "billable": True,
        "approved": True,
        "approved_at": "2026-11-18T09:40:00+00:00",
        "workspace_id": first["workspaces"],
        "story_id": first["stories"],
        "user_id": first["users"],
    }
    psa.save("expenses", fields, world.clock.now() - timedelta(minutes=20))


def _portfolio(world: World) -> None:
    """A manager's estimate and a company's target, as people key them in."""
    at, ppm = world.clock.now() - timedelta(hours=1), world.vendors.ppm
    estimate = {
        "currencyCode": "EUR",
        "baselineStart": "2026-09-07",
        "baselineFinish": "2026-11-27",
        "forecastFinish": "2026-12-11",
        "percentComplete": 62.5,
        "etcHours": 310,
        "etcCost": 25110.75,
        "estimatedOn": "2026-11-16",
    }
    ppm.enter("forecasts", "PRJ-1000", estimate, at)
    quarter = {"periodStart": "2026-10-01", "periodEnd": "2026-12-31", "currencyCode": "EUR", "revenue": 4200000}
    ppm.enter("targets", "NOV-DE-2026-10-01", {"legalEntity": "NOV-DE", **quarter}, at)


def _days_off(world: World) -> None:
    """A day of vacation and a company's holiday."""
    away = {
        "Employee_ID": "E-1000",
        "Company": "NOV-DE",
        "Date": "2026-11-17",
        "Units": "8",
        "Time_Off_Type": "Vacation",
    }
    world.vendors.hcm.enter("time_off", "E-1000-2026-11-17", away)
    closed = {"Company": "NOV-DE", "Date": "2026-12-25", "Holiday": "Christmas"}
    world.vendors.hcm.enter("holidays", "NOV-DE-2026-12-25", closed)


FURNISH: Mapping[str, Callable[[World], None]] = {
    "netsuite": _ledger,
    "kantata": _expense,
    "ppm": _portfolio,
    "workday": _days_off,
}
