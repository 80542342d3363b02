"""Business events in the CloudEvents 1.0 envelope (M3), in the past tense.

`type` is `tieout.<entity>.<verb>`, `dataschema` is `tieout:<entity>:<version>`, `subject` the business key
(`<system>:<entity>:<id at the source>`). `sourceversion` orders versions of one business fact.
"""

from __future__ import annotations

from typing import Any

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

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
    "tieout.resource_demand.raised": "opportunity",
    "tieout.workspace.requested": "project",
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


def data_of(event: CloudEvent) -> Canonical:
    """The event's data as its canonical schema.

    Raises Unmappable when the type or version is unknown or a field is missing, retyped or new (S8).
    """
    entity = EVENT_TYPES.get(event.type)
    if entity is None:
        raise Unmappable(f"unknown event type {event.type!r}: register it in EVENT_TYPES", "type", code="unknown-event-type")
    schema = SCHEMAS[entity]
    expected = f"tieout:{entity}:{schema.version}"
    if event.dataschema != expected:
        raise Unmappable(
            f"{event.type} came as {event.dataschema!r}, this release reads {expected!r}: upgrade, or add an upcast",
            "dataschema", code="unknown-event-version",
        )  # fmt: skip
    try:
        return schema.model_validate(event.data)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        path = "data." + ".".join(str(part) for part in first["loc"])
        raise Unmappable(f"{event.type} at {path}: {first['msg']}", path, code="schema-violation") from error
