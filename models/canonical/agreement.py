"""What was agreed with a customer: contracts with versions, statements of work, billing rules, milestones."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import ClassVar, Literal

from pydantic import AwareDatetime

from models.canonical.classification import ContractValue
from models.canonical.value import Canonical


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
