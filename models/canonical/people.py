"""People, what they cost and bill, and where they are planned."""

from __future__ import annotations

from datetime import date
from typing import ClassVar, Literal

from pydantic import AwareDatetime

from models.canonical.classification import Compensation, LabourRate, PersonalText
from models.canonical.value import Canonical, Hours, SystemRef


class Resource(Canonical):
    """A person who works: employee or contractor."""

    entity: ClassVar[str] = "resource"
    resource_id: str | None = None
    ref: SystemRef
    number: str
    name: PersonalText
    email: PersonalText | None = None
    role: str | None = None
    skills: tuple[str, ...] = ()
    legal_entity_id: str | None = None
    cost_centre: str | None = None
    weekly_hours: Hours | None = None
    cost_rate: LabourRate | None = None
    base_pay: Compensation | None = None
    active: bool = True
    hired_on: date | None = None
    changed_at: AwareDatetime | None = None


class Rate(Canonical):
    """A cost or bill rate an hour, from a day on."""

    entity: ClassVar[str] = "rate"
    kind: Literal["cost", "bill"]
    resource_id: str | None = None
    role: str | None = None
    project_id: str | None = None
    per_hour: LabourRate
    from_day: date


class Assignment(Canonical):
    """A person planned on a project."""

    entity: ClassVar[str] = "assignment"
    assignment_id: str
    project_id: str
    resource_id: str
    role: str | None = None
    hours: Hours
    starts_on: date
    ends_on: date


class ResourceDemand(Canonical):
    """Hours of a role that a project needs."""

    entity: ClassVar[str] = "resource_demand"
    role: str
    hours: Hours
    bill_rate: LabourRate | None = None
