"""What the books and the delivery tell the portfolio of a project, by accounting period (F10)."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Annotated, ClassVar, Literal

from pydantic import AwareDatetime, Field

from models.canonical.classification import ContractValue
from models.canonical.value import Canonical, Hours, SystemRef
from models.domain.money import Currency

PerCent = Annotated[Decimal, Field(ge=0, le=100)]
Reason = Literal["first", "running", "period-closed", "period-reopened", "closed-period-adjusted"]
"""Why a statement was made: the first of its period, another figure of an open one, its final one, one of a period that
finance opened again, or one that finance changed after it had been closed."""


class Actual(Canonical):
    """What the ERP's books hold of one project in one accounting period, company and currency: a statement. Amounts of
    another currency are a statement of their own.

    `cost` is labour at its cost rate and expenses, `revenue` billable work at its bill rate, `billed` what invoices say
    less what credit memos take back, without tax, by their own dates. `revision` counts from 1: a later one restates
    the one before, which is kept.
    """

    entity: ClassVar[str] = "actual"
    project_code: str
    legal_entity_id: str
    period: str
    period_starts_on: date
    period_ends_on: date
    period_closed: bool
    currency: Currency
    cost: ContractValue
    revenue: ContractValue
    billed: ContractValue
    hours: Hours
    stated_at: AwareDatetime
    revision: int | None = None
    reason: Reason | None = None
    superseded: bool = False


class MilestoneState(Canonical):
    """How far one milestone has come, in the words of delivery."""

    entity: ClassVar[str] = "milestone_state"
    milestone_id: str
    name: str
    state: Literal["planned", "started", "done", "accepted"]
    due: date | None = None


class Progress(Canonical):
    """How far delivery says that a project has come: what of it is complete, and its milestones."""

    entity: ClassVar[str] = "progress"
    project_ref: SystemRef | None = None
    project_code: str | None = None
    legal_entity_id: str | None = None
    complete: PerCent | None = None
    milestones: tuple[MilestoneState, ...] = ()
    as_of: date
    period_starts_on: date | None = None
    stated_at: AwareDatetime
