"""Margin as rows. All money is in the reporting currency; margins and costs derive from labour rates."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from app.readings.masking import LabourRate


@dataclass(frozen=True, slots=True)
class Project:
    """One project over the chosen months. `difference` is its margin in PSA − in ERP, `disagreement` the sum of its
    months' differences without their signs; `target_margin` a share of one as sold; `entries` may each be rounded.
    """

    project_key: str
    name: str | None
    customer_name: str | None
    legal_entity: str | None
    service_line: str | None
    revenue: Decimal
    cost: LabourRate
    margin: LabourRate
    psa_margin: LabourRate
    erp_margin: LabourRate
    difference: Decimal
    disagreement: Decimal
    target_margin: Decimal | None
    entries: int


@dataclass(frozen=True, slots=True)
class Month:
    """All projects in the month that begins at `month`. `target` is the margin as sold, on the `target_revenue` of
    projects that have one.
    """

    month: date
    revenue: Decimal
    margin: LabourRate | None
    target: Decimal | None
    target_revenue: Decimal | None
