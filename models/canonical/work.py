"""Work done and money spent: time entries and expenses."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import AwareDatetime

from models.canonical.classification import Billable, Company, DataClass, LabourRate, WorkDay
from models.canonical.value import Canonical, Hours, SystemRef
from models.domain.money import Money

ProjectRef = Annotated[SystemRef, DataClass.MOVES_MONEY]
ProjectId = Annotated[str, DataClass.MOVES_MONEY]
Approval = Annotated[Literal["open", "submitted", "approved", "rejected", "reversed"], DataClass.MOVES_MONEY]


class TimeEntry(Canonical):
    """Hours a person worked. `source_version` grows with each change at the source; `approval` is the PSA's."""

    entity: ClassVar[str] = "time_entry"
    time_entry_id: str | None = None
    ref: SystemRef
    source_version: int = 1
    project_ref: ProjectRef
    project_id: ProjectId | None = None
    resource_ref: SystemRef
    resource_id: str | None = None
    charge_code: str | None = None
    legal_entity_id: Company | None = None
    work_date: WorkDay
    hours: Annotated[Hours, DataClass.MOVES_MONEY]
    billable: Billable = True
    bill_rate: LabourRate | None = None
    cost_rate: LabourRate | None = None
    notes: Annotated[str, DataClass.PERSONAL] | None = None
    approval: Approval = "approved"
    submitted_at: AwareDatetime | None = None
    approved_at: AwareDatetime | None = None
    changed_at: AwareDatetime | None = None


class Expense(Canonical):
    """Money a person spent for a project."""

    entity: ClassVar[str] = "expense"
    expense_id: str | None = None
    ref: SystemRef
    source_version: int = 1
    project_ref: ProjectRef
    project_id: ProjectId | None = None
    resource_ref: SystemRef
    resource_id: str | None = None
    charge_code: str | None = None
    legal_entity_id: Company | None = None
    spent_on: WorkDay
    category: str
    amount: Annotated[Money, DataClass.MOVES_MONEY]
    billable: Billable = True
    approval: Approval = "approved"
    submitted_at: AwareDatetime | None = None
    approved_at: AwareDatetime | None = None
    changed_at: AwareDatetime | None = None
