"""What each system is asked for a sold project: customer, job and contract in the ERP, workspace in the PSA, budget in
the portfolio (F1).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from integrations.contracts import Change, Context, Need, Role
from integrations.contracts.flow import Payload
from integrations.flows.mastering import refuse_twin
from integrations.flows.shaping import plain, shaped
from models.canonical.schemas import Budget, Contract, Customer, Project
from models.domain.keys import business_key
from models.domain.outcomes import NothingToDo, WaitFor


def erp_customer(sale: Payload, ctx: Context) -> Change | WaitFor:
    """The customer in the ERP, below its parent where it has one.

    Raises Rejected `customer-duplicate-suspected`: a sale may come before master data has settled which of two accounts
    stands.
    """
    customer = ctx.known("customer", sale["customer_id"])
    if customer is None:
        return WaitFor(
            business_key("customer", sale["customer_id"]), "the customer is not described yet", ["customer"], Role.CRM
        )
    refuse_twin(customer, Role.ERP, ctx)
    parent = customer.get("parent_id")
    refs = {"parent": ctx.system_id(Role.ERP, "customer", parent)} if parent else {}
    body = shaped(Customer, customer)
    return Change("upsert", "customer", sale["customer_id"], ctx.key("erp-customer"), body, refs)


def erp_customer_needs(sale: Payload) -> Iterable[Need]:
    yield Need("known", ("customer", sale["customer_id"]))
    yield Need("system", (Role.ERP, "customer", sale["customer_id"]))


def erp_project(sale: Payload, ctx: Context) -> Change:
    """The job in the ERP, with its financial dimensions."""
    return _project_change(sale, ctx, "erp-project", Role.ERP)


def psa_project(sale: Payload, ctx: Context) -> Change:
    """The workspace in the PSA, with one story per task."""
    return _project_change(sale, ctx, "psa-project", Role.PSA)


def ppm_budget(sale: Payload, ctx: Context) -> Change | NothingToDo:
    """The approved budget and target margin in the portfolio system."""
    if sale["budget"] is None:
        return NothingToDo("the sale has no target margin, so the portfolio gets no budget")
    budget = shaped(Budget, sale["budget"])
    value = budget.value
    return Change(
        "upsert", "budget", sale["project_code"], ctx.key("ppm-budget"), budget, {}, value.amount, value.currency
    )


def ppm_project(sale: Payload, ctx: Context) -> Change:
    """The project's record in the portfolio system, which its budget hangs on."""
    return _project_change(sale, ctx, "ppm-project", Role.PPM)


def erp_contract(sale: Payload, ctx: Context) -> Change:
    """The contract with billing rules and milestones in the ERP: from here on the project can be billed."""
    contract = shaped(Contract, sale["contract"])
    refs = {
        "project": ctx.system_id(Role.ERP, "project", sale["project_code"]),
        "customer": ctx.system_id(Role.ERP, "customer", sale["customer_id"]),
    }
    value = contract.value
    return Change(
        "upsert",
        "contract",
        contract.contract_id,
        ctx.key("erp-contract"),
        contract,
        refs,
        value.amount,
        value.currency,
    )


def customer_needs(role: Role) -> Callable[[Payload], Iterable[Need]]:
    """The customer's id in the system that plays a role."""
    return lambda sale: [Need("system", (role, "customer", sale["customer_id"]))]


def erp_contract_needs(sale: Payload) -> Iterable[Need]:
    yield Need("system", (Role.ERP, "project", sale["project_code"]))
    yield Need("system", (Role.ERP, "customer", sale["customer_id"]))


def _project_change(sale: Payload, ctx: Context, step: str, role: Role) -> Change:
    project = shaped(Project, sale["project"])
    refs = {"customer": ctx.system_id(role, "customer", sale["customer_id"])}
    value, body = project.budget_value, {**plain(project), "contract_type": sale["contract_type"]}
    return Change(
        "upsert", "project", project.code, ctx.key(step), body, refs, value.amount if value else None, project.currency
    )
