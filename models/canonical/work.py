"""Work done and money spent: time entries and expenses."""

from __future__ import annotations

from datetime import date
from typing import Annotated, ClassVar, Literal

from pydantic import AwareDatetime

from models.canonical.classification import DataClass, LabourRate
from models.canonical.value import Canonical, Hours, SystemRef
from models.domain.money import Money


class TimeEntry(Canonical):
    """Hours a person worked. `source_version` grows with each change at the source; `approval` is the PSA's."""

    entity: ClassVar[str] = "time_entry"
    time_entry_id: str | None = None
    ref: SystemRef
    source_version: int = 1
    project_ref: SystemRef
    project_id: str | None = None
    resource_ref: SystemRef
    resource_id: str | None = None
    charge_code: str | None = None
    legal_entity_id: str | None = None
    work_date: date
    hours: Hours
    billable: bool = True
    bill_rate: LabourRate | None = None
    cost_rate: LabourRate | None = None
    notes: Annotated[str, DataClass.PERSONAL] | None = None
    approval: Literal["open", "submitted", "approved", "rejected", "reversed"] = "approved"
    submitted_at: AwareDatetime | None = None
    approved_at: AwareDatetime | None = None
    changed_at: AwareDatetime | None = None


class Expense(Canonical):
    """Money a person spent for a project."""

    entity: ClassVar[str] = "expense"
    expense_id: str | None = None
    ref: SystemRef
    source_version: int = 1
    project_ref: SystemRef
    project_id: str | None = None
    resource_ref: SystemRef
    resource_id: str | None = None
    charge_code: str | None = None
    legal_entity_id: str | None = None
    spent_on: date
    category: str
    amount: Money
    billable: bool = True
    approval: Literal["open", "submitted", "approved", "rejected", "reversed"] = "approved"
    submitted_at: AwareDatetime | None = None
    approved_at: AwareDatetime | None = None
    changed_at: AwareDatetime | None = None
