"""Business events in the CloudEvents 1.0 envelope (M3), in the past tense.

`type` is `tieout.<entity>.<verb>`, `dataschema` is `tieout:<entity>:<version>`, `subject` the business key
(`<system>:<entity>:<id at the source>`). `sourceversion` orders versions of one business fact.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from models.canonical.registry import UPCASTS, Upcast, upcast_data
from models.canonical.schemas import SCHEMAS, Canonical
from models.domain.errors import Unmappable

EVENT_TYPES: dict[str, str] = {
    "tieout.opportunity.won": "opportunity",
    "tieout.customer.changed": "customer",
    "tieout.resource.changed": "resource",
    "tieout.project.changed": "project",
    "tieout.charge_code.changed": "charge_code",
    "tieout.time_entry.approved": "time_entry",
    "tieout.time_entry.corrected": "time_entry",
    "tieout.time_entry.reversed": "time_entry",
    "tieout.expense.approved": "expense",
    "tieout.expense.corrected": "expense",
    "tieout.expense.reversed": "expense",
    "tieout.invoice.issued": "invoice_status",
    "tieout.invoice.paid": "invoice_status",
    "tieout.invoice.credited": "invoice_status",
    "tieout.invoice.voided": "invoice_status",
    "tieout.resource_demand.raised": "opportunity",
    "tieout.workspace.requested": "project",
    "tieout.actual.stated": "actual",
    "tieout.progress.stated": "progress",
}


class CloudEvent(BaseModel):
    """CloudEvents 1.0 (JSON format); extension attributes are lower-case alphanumerics as the standard asks."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    specversion: str = "1.0"
    id: str = Field(min_length=1)
    source: str = Field(min_length=1)
    type: str
    subject: str
    time: AwareDatetime
    dataschema: str
    datacontenttype: str = "application/json"
    data: dict[str, Any]
    sourceversion: int = 1
    legalentity: str | None = None
    correlationid: str | None = None
    traceparent: str | None = None


def dataschema(entity: str) -> str:
    """The schema name and present version that an event of an entity carries: `tieout:project:1`."""
    return f"tieout:{entity}:{SCHEMAS[entity].version}"


def upcast(event: CloudEvent, upcasts: Mapping[tuple[str, int], Upcast] = UPCASTS) -> CloudEvent:
    """The event in the present version of its schema; an event of the present version comes back as it is.

    Stored bytes are never rewritten: an older event is brought up when it is read or replayed (M3).
    Raises Unmappable for a version newer than this release, or one that no upcast leads away from.
    """
    entity = EVENT_TYPES.get(event.type)
    if entity is None:
        raise Unmappable(
            f"unknown event type {event.type!r}: register it in EVENT_TYPES", "type", code="unknown-event-type"
        )
    expected = dataschema(entity)
    if event.dataschema == expected:
        return event
    data = upcast_data(entity, event.dataschema, event.data, upcasts)
    return event.model_copy(update={"data": data, "dataschema": expected})


def data_of(event: CloudEvent) -> Canonical:
    """The event's data as its canonical schema, upcast where it is older.

    Raises Unmappable when the type or version is unknown or a field is missing, retyped or new (S8).
    """
    current = upcast(event)
    try:
        return SCHEMAS[EVENT_TYPES[event.type]].model_validate(current.data)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        path = "data." + ".".join(str(part) for part in first["loc"])
        raise Unmappable(f"{event.type} at {path}: {first['msg']}", path, code="schema-violation") from error
