"""Faults and lawful oddities of who is who: codes, companies and customers that change, a number for two people."""

from __future__ import annotations

from decimal import Decimal

from integrations.sandbox.faults.planting import Planting
from integrations.sandbox.world.fault import Fault

SECOND_SALE = Decimal("47500.00")
NAMESAKE = "E-1301"
"""A worker number that ERP and HCM each give to somebody."""


def second_sale(planting: Planting) -> None:
    """A second sale is won under the code of a project that runs."""
    plan, deal = planting.plan, planting.billed("NOV-DE")
    plan.add(plan.moment(planting.last - 1, 1, 14, 20), "sell_again", deal.code, str(SECOND_SALE))
    planting.add(
        Fault(
            "F41",
            "second-sale",
            deal.code,
            "duplicate-project",
            f"give the second sale of {deal.code} a code of its own in Salesforce, then replay it",
            {deal.currency: SECOND_SALE},
            remedy=[("part", (deal.code,))],
        )
    )


def recoded(planting: Planting) -> None:
    """Sales gave a running project another code, with a letter in it, after work was posted on it."""
    plan, deal = planting.plan, planting.billed("NOV-UK")
    plan.add(plan.moment(planting.last - 1, 1, 14, 25), "recode", deal.code, f"{deal.code}-B")
    planting.add(
        Fault(
            "F42",
            "recoded",
            deal.code,
            "project-recoded",
            f"give the sale of {deal.code} its code back in Salesforce, then replay it",
            {deal.currency: deal.value},
            remedy=[("recode", (f"{deal.code}-B", deal.code))],
        )
    )


def moved_company(planting: Planting) -> None:
    """A sale moved to another company of the firm in mid-quarter; its books are where they were."""
    plan, deal = planting.plan, planting.billed("NOV-US")
    plan.add(plan.moment(planting.last - 1, 1, 14, 30), "hand_over", deal.code, "NOV-DE")
    planting.add(
        Fault(
            "F43",
            "moved-company",
            deal.code,
            "entity-moved",
            f"put the sale of {deal.code} back to {deal.entity.id} in Salesforce",
            remedy=[("hand_over", (deal.code, deal.entity.id))],
        )
    )


def one_number(planting: Planting) -> None:
    """The ERP's own numbering and HR's have come to one number for two people."""
    plan = planting.plan
    plan.add(plan.moment(2, 1, 9), "employ", NAMESAKE, "Iris", "Castle", "NOV-UK")
    plan.add(plan.moment(planting.last - 2, 1, 9), "hire", NAMESAKE, "Tomasz", "Wren", "NOV-UK")
    planting.add(
        Fault(
            "F44",
            "one-number-two-people",
            NAMESAKE,
            "worker-clash",
            f"give Iris Castle another number than {NAMESAKE} in NetSuite, then replay",
            remedy=[("renumber", (NAMESAKE, f"X-{NAMESAKE[2:]}"))],
        )
    )


def merged_customer(planting: Planting) -> None:
    """A second account of a customer on which a project was sold, and that was merged; another was renamed."""
    plan = planting.plan
    taken = {place for place, one in enumerate(plan.clients) if one.name in {fault.subject for fault in plan.faults}}
    deal = planting.billed("NOV-DE", lambda one: one.client not in taken)
    client = plan.clients[deal.client]
    plan.add(plan.moment(3, 1, 14, 50), "duplicate", client.number)
    plan.add(plan.moment(3, 1, 15), "sell_on", deal.code, client.number)
    plan.add(plan.moment(5, 1, 14, 50), "merge", client.number)
    planting.odd("F52", "merged-customer", client.name)
    renamed = next(
        one
        for place, one in enumerate(plan.clients)
        if one.entity.id == "NOV-US" and place not in taken and one is not client
    )
    plan.add(plan.moment(6, 1, 11), "rename_account", renamed.number, f"{renamed.name.split(' ')[0]} Holdings")
    planting.odd("F53", "renamed-customer", renamed.name)
