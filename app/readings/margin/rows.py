"""Margin as rows. All money is in the reporting currency; margins and costs derive from labour rates."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from app.readings.masking import ContractValue, LabourRate


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


@dataclass(frozen=True, slots=True)
class Forecast:
    """One project as sold and as it will end. `erosion` is the margin as sold − the margin at completion, the sum of
    six parts; `complete` and `planned` are per cent of the work; `open_items` are what open cases are about.
    """

    project_key: str
    name: str | None
    customer_name: str | None
    legal_entity: str | None
    service_line: str | None
    fixed: bool
    sold_revenue: ContractValue
    sold_cost: LabourRate
    sold_hours: Decimal
    sold_rate: ContractValue
    sold_cost_rate: LabourRate
    hours: Decimal
    billable_hours: Decimal
    hours_to_complete: Decimal | None
    revenue: ContractValue
    cost: LabourRate
    margin: LabourRate
    complete: Decimal | None
    planned: Decimal | None
    baseline_ends_on: date | None
    forecast_ends_on: date | None
    slip_days: int | None
    erosion: LabourRate
    rate: LabourRate
    mix: LabourRate
    overrun: LabourRate
    unbilled: LabourRate
    written_off: LabourRate
    unexplained: LabourRate
    items: int
    open_items: int


@dataclass(frozen=True, slots=True)
class Person:
    """One person's approved hours on a project, and what each of them took from its margin."""

    person: str | None
    hours: Decimal
    billable_hours: Decimal
    bill: LabourRate
    cost: LabourRate
    rate: LabourRate
    mix: LabourRate
    unbilled: LabourRate
    written_off: LabourRate


@dataclass(frozen=True, slots=True)
class Entry:
    """One time entry or expense and what it took from the margin; `unpaid` is an expense that the customer does not
    pay for, `of_all` how many there are in all pages.
    """

    item_key: str
    kind: str
    person: str | None
    work_date: date | None
    hours: Decimal | None
    billable: bool
    bill: LabourRate
    cost: LabourRate
    state: str
    blocker: str | None
    rate: LabourRate
    mix: LabourRate
    unbilled: LabourRate
    unpaid: LabourRate
    written_off: LabourRate
    of_all: int


@dataclass(frozen=True, slots=True)
class Gap:
    """What a project's difference between PSA and ERP is made of: `told` by gates, cases and what is on its way,
    `rounding` of cents, and what is `apart` beside these; `records` are not rounding.
    """

    project_key: str
    records: int
    told: Decimal
    rounding: Decimal
    apart: Decimal


@dataclass(frozen=True, slots=True)
class GapRecord:
    """One record on whose margin PSA and ERP differ: `why` is missing, foreign, bill, cost or rounding, `told` whether
    something says so already. `of_all` is how many there are in all pages.
    """

    entity: str
    item_key: str
    project_key: str
    legal_entity: str | None
    period: str | None
    why: str
    told: bool
    blocker: str | None
    psa_margin: LabourRate
    erp_margin: LabourRate
    difference: LabourRate
    of_all: int
