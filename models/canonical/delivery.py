"""Projects with their tasks and charge codes, and the sale they begin with."""

from __future__ import annotations

from datetime import date
from typing import ClassVar, Literal

from pydantic import AwareDatetime

from models.canonical.agreement import BillingRule, ContractType, Milestone, StatementOfWork
from models.canonical.classification import ContractValue, PersonalText
from models.canonical.firm import Dimensions
from models.canonical.people import ResourceDemand
from models.canonical.value import Canonical, Share, SystemRef
from models.domain.money import Currency


class Task(Canonical):
    """A node of a project's task structure; a task with a charge code can take time."""

    entity: ClassVar[str] = "task"
    task_id: str
    name: str
    parent_id: str | None = None
    charge_code: str | None = None
    billable: bool = True


class Project(Canonical):
    """A delivery project; `code` is the enterprise-wide project code people type."""

    entity: ClassVar[str] = "project"
    project_id: str | None = None
    ref: SystemRef | None = None
    code: str
    name: str
    customer_id: str | None = None
    customer_ref: SystemRef | None = None
    contract_id: str | None = None
    currency: Currency
    dimensions: Dimensions = Dimensions()
    tasks: tuple[Task, ...] = ()
    status: Literal["planned", "active", "closed", "cancelled"] = "active"
    starts_on: date | None = None
    ends_on: date | None = None
    budget_value: ContractValue | None = None
    manager: PersonalText | None = None
    changed_at: AwareDatetime | None = None


class Opportunity(Canonical):
    """A sale as the CRM holds it when it is won: the source of customer, contract and project (F1)."""

    entity: ClassVar[str] = "opportunity"
    ref: SystemRef
    name: str
    project_code: str
    customer_ref: SystemRef
    customer_id: str | None = None
    closed_at: AwareDatetime
    approved: bool = False
    contract_type: ContractType | None = None
    tax_profile: str | None = None
    dimensions: Dimensions = Dimensions()
    value: ContractValue
    target_margin: Share | None = None
    statement_of_work: StatementOfWork | None = None
    billing_rules: tuple[BillingRule, ...] = ()
    milestones: tuple[Milestone, ...] = ()
    tasks: tuple[Task, ...] = ()
    demand: tuple[ResourceDemand, ...] = ()
    starts_on: date | None = None
    ends_on: date | None = None
    changed_at: AwareDatetime | None = None


class ChargeCode(Canonical):
    """A code that time and expenses are booked on; belongs to one project and legal entity."""

    entity: ClassVar[str] = "charge_code"
    code: str
    project_id: str | None = None
    project_code: str
    task_id: str | None = None
    legal_entity_id: str | None = None
    active: bool = True
    billable: bool = True
