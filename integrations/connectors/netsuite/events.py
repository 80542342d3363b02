"""SuiteQL rows as business events; pure. All values come as text, empty ones are left out."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from integrations.connectors.digest import digest
from integrations.connectors.rows import Row
from integrations.connectors.watermark import millis
from models.canonical.events import CloudEvent
from models.canonical.schemas import Canonical, ChargeCode, Dimensions, Project, SystemRef
from models.domain.errors import Unmappable

Raw = Mapping[str, Any]


def changed(raw: Raw) -> datetime | None:
    """When a row was last changed; None where the vendor sent no readable time."""
    try:
        return row_of(raw).opt_instant("lastmodifieddate")
    except Unmappable:
        return None


def charge_code_event(system: str, raw: Raw) -> CloudEvent:
    """A project task as a charge code; its title is the code."""
    row = row_of(raw)
    entity = row.opt_text("subsidiary")
    found = ChargeCode(
        code=row.text("title"),
        project_id=row.text("project"),
        project_code=row.text("project"),
        legal_entity_id=entity,
        active=not row.opt_flag("isinactive"),
        billable=not row.opt_flag("nonbillabletask"),
    )
    return _event(system, "charge_code", found.code, raw, found, entity)


def project_event(system: str, raw: Raw) -> CloudEvent:
    """A job as a project; its external id is the project code, its currency the subsidiary's where it has none."""
    row = row_of(raw)
    code, entity = row.text("externalid"), row.opt_text("subsidiary")
    found = Project(
        ref=SystemRef(system=system, kind="project", id=row.text("id")),
        code=code,
        project_id=code,
        name=row.text("companyname"),
        customer_id=row.opt_text("parent"),
        currency=row.opt_text("currency") or row.text("subsidiarycurrency"),
        status=status_of(row),
        dimensions=Dimensions(
            legal_entity_id=entity,
            cost_centre=row.opt_text("custentity_cost_centre"),
            service_line=row.opt_text("custentity_service_line"),
            practice=row.opt_text("custentity_practice"),
            region=row.opt_text("custentity_region"),
        ),
        starts_on=row.opt_day("startdate"),
        ends_on=row.opt_day("enddate"),
        changed_at=row.instant("lastmodifieddate"),
    )
    return _event(system, "project", code, raw, found, entity)


def status_of(row: Row) -> Any:
    """planned, active, closed or cancelled, out of the vendor's status name and its inactive flag."""
    text = (row.opt_text("entitystatus") or "").lower()
    if "cancel" in text:
        return "cancelled"
    if row.opt_flag("isinactive") or any(word in text for word in ("closed", "complete", "done")):
        return "closed"
    return "planned" if any(word in text for word in ("not started", "pending", "planned", "award")) else "active"


def _event(system: str, entity: str, key: str, raw: Raw, found: Canonical, legal_entity: str | None) -> CloudEvent:
    changed = row_of(raw).instant("lastmodifieddate")
    return CloudEvent(
        id=f"{system}:{entity}:{raw['id']}:{digest(raw)}",
        source=system,
        type=f"tieout.{entity}.changed",
        subject=f"{entity}:{key}",
        time=changed,
        dataschema=f"tieout:{entity}:{found.version}",
        data=found.model_dump(mode="json"),
        sourceversion=millis(changed),
        legalentity=legal_entity,
    )


def row_of(raw: Raw) -> Row:
    """A row of SuiteQL for typed reading: numbers and flags come as text, empty values are left out."""
    return Row(raw, sparse=True, textual=True)
