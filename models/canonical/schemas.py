"""The canonical business objects (M1, M4), version 1 of each. Money is exact, dates are ISO, ids are text.

`SystemRef` names an object by a vendor's own id; a `…_id` field is canonical, enterprise-wide. A connector fills
the refs; a flow's identify step resolves them through the crosswalk (M2) and fills the canonical ids.
"""

from __future__ import annotations

from models.canonical.actuals import Actual, Progress
from models.canonical.agreement import BillingRule, Contract, ContractType, Milestone, StatementOfWork
from models.canonical.billing import BillingEvent, Invoice, InvoiceLine, InvoiceStatus, RevenueSchedule
from models.canonical.customer import Customer
from models.canonical.delivery import ChargeCode, Opportunity, Project, Task
from models.canonical.firm import Dimensions, LegalEntity
from models.canonical.people import Assignment, Rate, Resource, ResourceDemand
from models.canonical.portfolio import Budget, Forecast, PortfolioGate
from models.canonical.value import Canonical, Hours, Share, SystemRef
from models.canonical.work import Expense, TimeEntry

__all__ = [
    "SCHEMAS",
    "Actual",
    "Assignment",
    "BillingEvent",
    "BillingRule",
    "Budget",
    "Canonical",
    "ChargeCode",
    "Contract",
    "ContractType",
    "Customer",
    "Dimensions",
    "Expense",
    "Forecast",
    "Hours",
    "Invoice",
    "InvoiceLine",
    "InvoiceStatus",
    "LegalEntity",
    "Milestone",
    "Opportunity",
    "PortfolioGate",
    "Progress",
    "Project",
    "Rate",
    "Resource",
    "ResourceDemand",
    "RevenueSchedule",
    "Share",
    "StatementOfWork",
    "SystemRef",
    "Task",
    "TimeEntry",
]

SCHEMAS: dict[str, type[Canonical]] = {
    schema.entity: schema
    for schema in (
        LegalEntity,
        Dimensions,
        Customer,
        BillingRule,
        Milestone,
        StatementOfWork,
        Contract,
        Task,
        Project,
        Opportunity,
        ChargeCode,
        Resource,
        Rate,
        Assignment,
        ResourceDemand,
        TimeEntry,
        Expense,
        BillingEvent,
        InvoiceLine,
        Invoice,
        InvoiceStatus,
        RevenueSchedule,
        Budget,
        Forecast,
        PortfolioGate,
        Actual,
        Progress,
    )
}
