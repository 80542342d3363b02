"""Workers as canonical resources; pure. Every value comes as text; parts that the tenant hides are absent."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from integrations.connectors.rows import Row
from integrations.connectors.watermark import millis
from integrations.connectors.workday.envelope import TEXT, UNKNOWN
from integrations.contracts.connector import Observation
from models.canonical.events import CloudEvent
from models.canonical.schemas import Resource, SystemRef
from models.domain.money import Money

Raw = Mapping[str, Any]
PLAN = "COST_RATE_HOURLY"
"""The compensation plan that holds the cost rate an hour; the option `cost_plan` names another."""


def resource_event(system: str, raw: Raw, since: str | None, seen_at: datetime, plan: str) -> CloudEvent:
    """A worker as entered by `seen_at`. The vendor gives no version, so the moment of reading is the version, and the
    event's id follows from the content and from where the reading began: repeating a read repeats ids, a change back
    does not.
    """
    found = resource_of(system, Row(raw, "Worker", sparse=True, textual=True), plan)
    data = found.model_dump(mode="json")
    digest = hashlib.sha256(json.dumps([data, since], sort_keys=True).encode()).hexdigest()[:16]
    return CloudEvent(
        id=f"{system}:worker:{found.number}:{digest}",
        source=system,
        type="tieout.resource.changed",
        subject=f"resource:{found.number}",
        time=seen_at,
        dataschema=f"tieout:resource:{found.version}",
        data=data | {"changed_at": seen_at.isoformat()},
        sourceversion=millis(seen_at),
        legalentity=found.legal_entity_id,
    )


def resource_of(system: str, worker: Row, plan: str) -> Resource:
    """A worker as a canonical resource: role and hours a week of the primary job, cost rate an hour of `plan`."""
    data, ids = worker.child("Worker_Data"), ids_of(worker.child("Worker_Reference"))
    number = ids.get("Employee_ID") or ids.get("Contingent_Worker_ID") or data.text("Worker_ID")
    job = _position(data)
    standing = data.child("Employment_Data").child("Worker_Status_Data")
    return Resource(
        ref=SystemRef(system=system, kind="resource", id=ids.get("WID") or number),
        resource_id=number,
        number=number,
        name=_name(worker, data),
        email=_email(data),
        role=job.opt_text("Business_Title") or job.opt_text("Position_Title"),
        legal_entity_id=place(data, "COMPANY"),
        cost_centre=place(data, "COST_CENTER"),
        weekly_hours=job.opt_decimal("Scheduled_Weekly_Hours"),
        cost_rate=cost_rate(data, plan),
        active=standing.flag("Active"),
        hired_on=standing.opt_day("Hire_Date"),
    )


def resource_observation(system: str, raw: Raw, plan: str) -> Observation:
    """A worker as the HCM has it now; the key is the worker number."""
    found = resource_of(system, Row(raw, "Worker", sparse=True, textual=True), plan).model_dump(mode="json")
    names = ("number", "name", "role", "legal_entity_id", "cost_centre", "weekly_hours", "cost_rate", "active")
    own, fields = found["ref"]["id"], {name: found[name] for name in names}
    return Observation("resource", own, found["number"], fields, found["legal_entity_id"], {"key": ("resource", own)})


def leave_observation(raw: Raw) -> Observation:
    """Hours of one day that a worker is away; a second report of one day is another kind of time off."""
    row = Row(raw, "Report_Entry", sparse=True, textual=True)
    number, day, kind = row.text("Employee_ID"), row.day("Date").isoformat(), row.opt_text("Time_Off_Type")
    fields = {"resource_number": number, "day": day, "hours": format(row.decimal("Units"), "f"), "kind": kind}
    key = f"{number}:{day}:{kind or 'Time off'}"
    return Observation("leave", key, key, fields, row.opt_text("Company"))


def holiday_observation(raw: Raw) -> Observation:
    """A day on which a legal entity does not work."""
    row = Row(raw, "Report_Entry", sparse=True, textual=True)
    entity, day = row.text("Company"), row.day("Date").isoformat()
    fields = {"legal_entity_id": entity, "day": day, "name": row.opt_text("Holiday")}
    return Observation("holiday", f"{entity}:{day}", f"{entity}:{day}", fields, entity)


def cost_rate(data: Row, plan: str) -> Money | None:
    """The amount of the cost-rate plan; other plans are pay and are not read."""
    pay = data.opt_child("Compensation_Data")
    for one in pay.children("Salary_and_Hourly_Data") if pay else ():
        if plan in ids_of(one.child("Compensation_Plan_Reference")).values():
            return one.opt_money("Amount", ids_of(one.child("Currency_Reference")).get("Currency_ID"))
    return None


def place(data: Row, kind: str) -> str | None:
    """The reference id of the worker's organisation of a type (COMPANY, COST_CENTER)."""
    places = data.opt_child("Organization_Data")
    for one in places.children("Worker_Organization_Data") if places else ():
        held = one.child("Organization_Data")
        if kind in ids_of(held.child("Organization_Type_Reference")).values():
            return held.opt_text("Organization_Reference_ID") or held.opt_text("Organization_Code")
    return None


def ids_of(reference: Row) -> dict[str, str]:
    """Reference ids by their type."""
    return {str(one.raw.get("type")): str(one.raw.get(TEXT)) for one in reference.children("ID") if one.raw.get(TEXT)}


def unknown(raw: object, path: str = "Worker") -> Iterator[str]:
    """Paths of elements that the service description does not have."""
    if isinstance(raw, Mapping):
        for name, value in raw.items():
            if name == UNKNOWN:
                yield from (f"{path}.{one}" for one in value)
            else:
                yield from unknown(value, f"{path}.{name}")
    elif isinstance(raw, list):
        for item in raw:
            yield from unknown(item, path)


def _position(data: Row) -> Row:
    jobs = data.child("Employment_Data").children("Worker_Job_Data")
    primary = [job for job in jobs if job.opt_flag("Primary_Job")] or jobs
    return primary[0].child("Position_Data") if primary else Row({}, "Position_Data", sparse=True, textual=True)


def _name(worker: Row, data: Row) -> str:
    person = data.opt_child("Personal_Data")
    names = person.opt_child("Name_Data") if person else None
    legal = names.child("Legal_Name_Data").child("Name_Detail_Data").opt_text("Formatted_Name") if names else None
    return legal or worker.text("Worker_Descriptor")


def _email(data: Row) -> str | None:
    person = data.opt_child("Personal_Data")
    contact = person.opt_child("Contact_Data") if person else None
    mails = contact.children("Email_Address_Data") if contact else []
    return mails[0].opt_text("Email_Address") if mails else None
