"""Budgets, forecasts and gates, as the portfolio governs them."""

from __future__ import annotations

from datetime import date, datetime
from typing import ClassVar, Literal

from models.canonical.classification import ContractValue
from models.canonical.value import Canonical, Hours, Share


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
