"""Faults of customers: one twice in the CRM, one under the wrong group in the ERP."""

from __future__ import annotations

from integrations.sandbox.faults.planting import Planting
from integrations.sandbox.world.fault import Fault


def duplicate_customer(planting: Planting) -> None:
    """A second account for a customer that exists, with the same tax id."""
    plan = planting.plan
    client = plan.clients[6]
    plan.add(plan.moment(0, 1, 14, 50), "duplicate", client.number)
    planting.add(
        Fault(
            "F20",
            "duplicate-customer",
            client.name,
            "duplicate-customer",
            f"merge the second account of {client.name} in Salesforce",
            remedy=[("merge", (client.number,))],
        )
    )


def moved_customer(planting: Planting) -> None:
    """Accounting hung a subsidiary under another group in the ERP."""
    plan = planting.plan
    child = next(client for client in plan.clients if client.group not in (None, 0))
    plan.add(plan.moment(1, 2, 10, 10), "reparent", child.number, plan.clients[0].number)
    assert child.group is not None
    planting.add(
        Fault(
            "F22",
            "customer-hierarchy",
            child.name,
            "hierarchy-mismatch",
            f"put {child.name} back under {plan.clients[child.group].name} in NetSuite",
            remedy=[("reparent", (child.number, plan.clients[child.group].number))],
        )
    )
