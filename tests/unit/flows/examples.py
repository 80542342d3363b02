"""Events as the connectors make them, each with one knob per thing a test varies."""

from __future__ import annotations

from typing import Any

from models.canonical.events import CloudEvent, dataschema
from tests.unit.flows.harness import NOW


def event(
    kind: str, subject: str, data: dict[str, Any], version: int = 1, system: str = "salesforce", entity: str = "NOV-DE"
) -> CloudEvent:
    schema = {"opportunity": "opportunity"}.get(kind.split(".")[1], kind.split(".")[1])
    return CloudEvent(
        id=f"{kind}:{subject}:{version}",
        source=f"tieout/{system}",
        type=kind,
        subject=subject,
        time=NOW,
        dataschema=dataschema(schema),
        data=data,
        sourceversion=version,
        legalentity=entity,
    )


def ref(kind: str, identity: str, system: str = "salesforce") -> dict[str, str]:
    return {"system": system, "kind": kind, "id": identity}


def money(amount: str, currency: str = "EUR") -> dict[str, str]:
    return {"amount": amount, "currency": currency}


def customer(account: str = "001A", number: str | None = "1001", version: int = 1, **changes: Any) -> CloudEvent:
    data = {
        "ref": ref("customer", account),
        "number": number,
        "name": "Nordwind GmbH",
        "country": "DE",
        "tax_id": "DE1001",
        "tax_profile": "standard",
        "legal_entity_id": "NOV-DE",
        "currency": "EUR",
        **changes,
    }
    return event("tieout.customer.changed", f"customer:salesforce:{account}", data, version)


def sale(code: str = "PRJ-1001", version: int = 1, **changes: Any) -> CloudEvent:
    dimensions = {
        "legal_entity_id": "NOV-DE",
        "cost_centre": "CC-10",
        "service_line": "Cloud",
        "practice": "Data",
        "region": "DACH",
    }
    data = {
        "ref": ref("opportunity", f"006-{code}"),
        "name": f"Work {code}",
        "project_code": code,
        "customer_ref": ref("customer", "001A"),
        "closed_at": NOW.isoformat(),
        "approved": True,
        "contract_type": "time_and_materials",
        "tax_profile": "standard",
        "dimensions": dimensions,
        "value": money("120000.00"),
        "target_margin": "0.35",
        "billing_rules": [{"kind": "time_and_expenses"}],
        "tasks": [
            {"task_id": "T1", "name": "Design", "charge_code": f"{code}.010"},
            {"task_id": "T2", "name": "Build", "charge_code": f"{code}.020"},
        ],
        "demand": [{"role": "Consultant", "hours": "800", "bill_rate": money("150.00")}],
        **changes,
    }
    return event("tieout.opportunity.won", f"project:{code}", data, version)


def person(number: str = "E-1007", version: int = 1, system: str = "workday", **changes: Any) -> CloudEvent:
    data = {
        "ref": ref("resource", number, system),
        "number": number,
        "name": "Ada Byron",
        "role": "Consultant",
        "legal_entity_id": "NOV-DE",
        "cost_rate": money("62.50"),
        **changes,
    }
    return event("tieout.resource.changed", f"resource:{number}", data, version, system)


def charge_code(code: str = "PRJ-1001.010", version: int = 1, system: str = "netsuite", **changes: Any) -> CloudEvent:
    """`version` counts milliseconds from now on, as the ERP's own changes do."""
    data = {"code": code, "project_code": code.split(".")[0], "legal_entity_id": "NOV-DE", **changes}
    return event(
        "tieout.charge_code.changed", f"charge_code:{code}", data, int(NOW.timestamp() * 1000) + version, system
    )


def hours(
    identity: str = "27",
    version: int = 1,
    verb: str = "approved",
    project: str = "kantata-1",
    user: str = "kantata-u1",
    **changes: Any,
) -> CloudEvent:
    data = {
        "ref": ref("time_entry", identity, "kantata"),
        "source_version": version,
        "project_ref": ref("project", project, "kantata"),
        "resource_ref": ref("resource", user, "kantata"),
        "charge_code": "PRJ-1001.010",
        "work_date": "2026-11-16",
        "hours": "7.50",
        "bill_rate": money("150.00"),
        "approval": "reversed" if verb == "reversed" else "approved",
        **changes,
    }
    return event(f"tieout.time_entry.{verb}", f"time_entry:TE-kantata-{identity}", data, version, "kantata")


def expense(identity: str = "9", version: int = 1, verb: str = "approved", **changes: Any) -> CloudEvent:
    data = {
        "ref": ref("expense", identity, "kantata"),
        "source_version": version,
        "project_ref": ref("project", "kantata-1", "kantata"),
        "resource_ref": ref("resource", "kantata-u1", "kantata"),
        "charge_code": "PRJ-1001.010",
        "spent_on": "2026-11-16",
        "category": "Travel",
        "amount": money("89.90"),
        **changes,
    }
    return event(f"tieout.expense.{verb}", f"expense:EX-kantata-{identity}", data, version, "kantata")
