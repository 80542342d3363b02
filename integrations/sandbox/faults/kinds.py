"""Every kind of planted fault, in the order of planting: the order is part of what a seed draws."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random

from integrations.sandbox.faults.agreements import beyond_cap, lost_order, refused_milestones
from integrations.sandbox.faults.charge_codes import foreign_code, inactive_code, typo_codes
from integrations.sandbox.faults.customers import duplicate_customer, moved_customer
from integrations.sandbox.faults.hours import late_correction, odd_hours
from integrations.sandbox.faults.identities import (
    merged_customer,
    moved_company,
    one_number,
    recoded,
    second_sale,
)
from integrations.sandbox.faults.invoices import (
    changed_after_invoice,
    copies_in_psa,
    invoices_by_hand,
    odd_invoices,
    wrong_customer,
)
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

FIRST: tuple[Callable[[Planting], None], ...] = (
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
"""Those of the first release: what they draw, and in which order, a home that was drawn by it holds for good."""

ALL = (
    *FIRST,
    invoices_by_hand,
    wrong_customer,
    changed_after_invoice,
    odd_invoices,
    beyond_cap,
    lost_order,
    refused_milestones,
    second_sale,
    recoded,
    moved_company,
    one_number,
    merged_customer,
    late_correction,
    odd_hours,
    copies_in_psa,
)


def planted(plan: Plan, chance: Random, kinds: Sequence[Callable[[Planting], None]] = ALL) -> None:
    """Write every fault into the plan, with what it holds back and what would mend it."""
    planting = Planting(plan, chance)
    for plant in kinds:
        plant(planting)
