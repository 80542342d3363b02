"""The canonical business objects (M1, M4), version 1 of each. Money is exact, dates are ISO, ids are text.

`SystemRef` names an object by a vendor's own id; a `…_id` field is canonical, enterprise-wide. A connector fills
the refs; a flow's identify step resolves them through the crosswalk (M2) and fills the canonical ids.
"""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, ClassVar, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from models.canonical.classification import Compensation, ContractValue, DataClass, LabourRate, PersonalText
from models.domain.money import Currency, Money

Hours = Annotated[Decimal, Field(max_digits=8, decimal_places=2)]
Share = Annotated[Decimal, Field(ge=0, le=1)]


class Canonical(BaseModel):
    """A frozen value with a schema name and version; unknown fields are refused so that drift shows (S8)."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    entity: ClassVar[str]
    version: ClassVar[int] = 1


class SystemRef(Canonical):
    """An object by a vendor's own id, e.g. ("kantata", "project", "123")."""

    entity: ClassVar[str] = "system_ref"
    system: str
    kind: str
    id: str


class LegalEntity(Canonical):
    """A company of the firm: the unit that books, taxes and pays."""

    entity: ClassVar[str] = "legal_entity"
    legal_entity_id: str
    name: str
    country: str
    currency: Currency
    tax_jurisdiction: str
    labour_rules: str = "standard"
    residency_region: str = "eu"


class Dimensions(Canonical):
    """Financial dimensions that every posting carries; None means not known yet, which pauses set-up."""

    entity: ClassVar[str] = "dimensions"
    legal_entity_id: str | None = None
    cost_centre: str | None = None
    service_line: str | None = None
    practice: str | None = None
    region: str | None = None


class Customer(Canonical):
    """A client company; `parent_*` makes the hierarchy, the top of which is the group."""

    entity: ClassVar[str] = "customer"
    customer_id: str | None = None
    ref: SystemRef
    number: str | None = None
    name: str
    parent_id: str | None = None
    parent_ref: SystemRef | None = None
    country: str | None = None
    tax_id: str | None = None
    tax_profile: str | None = None
    legal_entity_id: str | None = None
    currency: Currency | None = None
    active: bool = True
    changed_at: AwareDatetime | None = None


class ContractType(StrEnum):
    TIME_AND_MATERIALS = "time_and_materials"
    FIXED_PRICE = "fixed_price"
    RETAINER = "retainer"


class BillingRule(Canonical):
    """How a contract turns work into billing."""

    entity: ClassVar[str] = "billing_rule"
    kind: Literal["time_and_expenses", "milestone", "recurring"]
    hold: bool = False
    cap: ContractValue | None = None
    purchase_order: str | None = None


class Milestone(Canonical):
    """A deliverable that is billed when done and accepted."""

    entity: ClassVar[str] = "milestone"
    milestone_id: str
    name: str
    due: date | None = None
    amount: ContractValue
    completed_at: AwareDatetime | None = None
    accepted: bool = False


class StatementOfWork(Canonical):
    """A signed document that a contract version rests on."""

    entity: ClassVar[str] = "statement_of_work"
    number: str
    signed_on: date | None = None
    expires_on: date | None = None


class Contract(Canonical):
    """One version of what was agreed; a revision is a new version, never an edit."""

    entity: ClassVar[str] = "contract"
    contract_id: str
    contract_version: int = 1
    project_id: str | None = None
    customer_id: str | None = None
    contract_type: ContractType | None = None
    value: ContractValue
    statement_of_work: StatementOfWork | None = None
    billing_rules: tuple[BillingRule, ...] = ()
    milestones: tuple[Milestone, ...] = ()
    starts_on: date | None = None
    ends_on: date | None = None


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


class BillingEvent(Canonical):
    """Something that may be invoiced."""

    entity: ClassVar[str] = "billing_event"
    billing_event_id: str
    project_id: str
    contract_id: str
    contract_version: int
    kind: Literal["time", "expense", "milestone", "recurring"]
    amount: ContractValue
    occurred_on: date


class InvoiceLine(Canonical):
    """One line of an invoice, with the business facts it bills."""

    entity: ClassVar[str] = "invoice_line"
    project_id: str
    amount: ContractValue
    bills: tuple[str, ...] = ()


class Invoice(Canonical):
    """A demand for payment."""

    entity: ClassVar[str] = "invoice"
    invoice_id: str
    ref: SystemRef | None = None
    number: str
    customer_id: str
    legal_entity_id: str
    issued_on: date
    status: Literal["draft", "open", "paid", "void"]
    lines: tuple[InvoiceLine, ...]


class RevenueSchedule(Canonical):
    """Revenue planned or recognised in a period."""

    entity: ClassVar[str] = "revenue_schedule"
    project_id: str
    period: str
    amount: ContractValue
    recognised: bool = False


class Budget(Canonical):
    """Approved money and margin of a project, as governed by the portfolio."""

    entity: ClassVar[str] = "budget"
    budget_id: str | None = None
    project_id: str
    project_code: str
    value: ContractValue
    cost: ContractValue
    target_margin: Share
    hours: Hours | None = None
    approved: bool = True


class Forecast(Canonical):
    """What is expected at completion."""

    entity: ClassVar[str] = "forecast"
    project_id: str
    made_on: date
    revenue_at_completion: ContractValue
    cost_at_completion: ContractValue


class PortfolioGate(Canonical):
    """A governance decision on a project."""

    entity: ClassVar[str] = "portfolio_gate"
    project_id: str
    gate: str
    decision: Literal["pending", "passed", "failed"]
    decided_at: datetime | None = None


Opportunity.model_rebuild()

SCHEMAS: dict[str, type[Canonical]] = {
    schema.entity: schema
    for schema in (
        LegalEntity, Dimensions, Customer, BillingRule, Milestone, StatementOfWork, Contract, Task, Project, Opportunity,
        ChargeCode, Resource, Rate, Assignment, ResourceDemand, TimeEntry, Expense, BillingEvent, InvoiceLine, Invoice,
        RevenueSchedule, Budget, Forecast, PortfolioGate,
    )
}  # fmt: skip
