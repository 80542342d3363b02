"""Every kind of planted fault, in the order of planting: the order is part of what a seed draws."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from integrations.sandbox.faults.charge_codes import foreign_code, inactive_code, typo_codes
from integrations.sandbox.faults.customers import duplicate_customer, moved_customer
from integrations.sandbox.faults.people import back_dated, corrections, late_approvals, missing_rates, rejections
from integrations.sandbox.faults.planting import Planting
from integrations.sandbox.faults.projects import (
    closed_in_psa,
    expired_work,
    headline,
    missing_dimensions,
    missing_in_ppm,
    orphan,
)
from integrations.sandbox.faults.wire import schema_drift, vendor_faults
from integrations.sandbox.world.plan import Plan

ALL: tuple[Callable[[Planting], None], ...] = (
    headline,
    missing_dimensions,
    typo_codes,
    inactive_code,
    orphan,
    foreign_code,
    closed_in_psa,
    missing_in_ppm,
    expired_work,
    back_dated,
    late_approvals,
    rejections,
    missing_rates,
    corrections,
    duplicate_customer,
    moved_customer,
    schema_drift,
    vendor_faults,
)


def planted(plan: Plan, chance: Random) -> None:
    """Write every fault into the plan, with what it holds back and what would mend it."""
    planting = Planting(plan, chance)
    for plant in ALL:
        plant(planting)
