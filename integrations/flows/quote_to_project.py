"""quote-to-project (F1): a governed, won opportunity becomes a project that can take time and be billed.

Order matters. The billing contract comes last in the ERP, after PSA and PPM have the project: until then the ERP has a
job without billing rules, so nothing half-made can be invoiced. Every step is an upsert; any step may be run again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from integrations.contracts import Change, Context, Deliver, Emit, Flow, Need, Role, Transform
from integrations.contracts.flow import Payload
from integrations.flows.mastering import refuse_twin
from integrations.flows.origin import OURS
from integrations.flows.shaping import plain, shaped
from integrations.flows.structure import (
    budget_of,
    charge_codes_of,
    codes_in,
    contract_of,
    missing,
    project_of,
    rates_of,
)
from models.canonical.events import CloudEvent, dataschema
from models.canonical.schemas import Budget, Contract, Customer, Opportunity, Project
from models.domain.errors import Rejected
from models.domain.flow_names import QUOTE_TO_PROJECT
from models.domain.identity import project_keys
from models.domain.keys import business_key, contract_id, ref_key
from models.domain.outcomes import Done, Fact, NothingToDo, WaitFor


def validated(sale: Payload, ctx: Context) -> Done | WaitFor:
    """A complete, approved sale; a paused run takes up a newer version of it. Waits for what the CRM still owes."""
    newest = ctx.known("opportunity", sale["project_code"])
    version = int(sale.get("sale_version") or ctx.run.source_version)
    if newest and newest["source_version"] > version:
        sale, version = {**newest["sale"]}, newest["source_version"]
    lacking = missing(sale)
    if lacking:
        because = (
            f"{sale['project_code']} was won without {', '.join(lacking)}: set-up goes on when the CRM supplies them"
        )
        return WaitFor(business_key("project", sale["project_code"]), because, lacking, Role.CRM)
    body = {key: value for key, value in sale.items() if not key.startswith("_")}
    fact = Fact("opportunity", sale["project_code"], {"source_version": version, "sale": body})
    return Done({**sale, "sale_version": version}, [fact])


def validated_needs(sale: Payload) -> Iterable[Need]:
    yield Need("known", ("opportunity", sale["project_code"]))


def identified(sale: Payload, ctx: Context) -> Done | WaitFor:
    """The sale with its customer's canonical id. Waits until master data has brought the customer and its parents."""
    ref = sale["customer_ref"]
    customer = ctx.canonical_id(ref)
    if customer is None:
        awaited = ref_key("customer", ref["system"], ref["id"])
        return WaitFor(
            awaited,
            f"the customer {ref['id']} of {sale['project_code']} has not come from the CRM yet",
            ["customer"],
            Role.CRM,
        )
    return Done({**sale, "customer_id": customer})


def identified_needs(sale: Payload) -> Iterable[Need]:
    ref = sale["customer_ref"]
    yield Need("canonical", (ref["system"], "customer", ref["id"]))


def structured(sale: Payload, ctx: Context) -> Done | WaitFor:
    """The sale with project, contract, charge codes and budget beside it; all known to other flows from here on."""
    if ctx.known("customer", sale["customer_id"]) is None:
        awaited = business_key("customer", sale["customer_id"])
        return WaitFor(
            awaited, f"customer {sale['customer_id']} is linked and not described yet", ["customer"], Role.CRM
        )
    opportunity = shaped(Opportunity, sale)
    _refuse_taken_code(opportunity, ctx)
    project = {
        **plain(project_of(opportunity, ctx.known("project", opportunity.project_code))),
        "rates": rates_of(opportunity),
        "origin": plain(opportunity.ref),
    }
    known = {code: body for code in codes_in(sale) if (body := ctx.known("charge_code", code))}
    codes = [plain(code) for code in charge_codes_of(opportunity, known)]
    contract = plain(contract_of(opportunity, ctx.known("contract", contract_id(opportunity.project_code))))
    budget = budget_of(opportunity)
    made = {
        "project": project,
        "contract": contract,
        "charge_codes": codes,
        "budget": plain(budget) if budget else None,
    }
    return Done({**sale, **made}, _facts(made))


def structured_needs(sale: Payload) -> Iterable[Need]:
    yield Need("known", ("customer", sale["customer_id"]))
    yield Need("known", ("project", sale["project_code"]))
    yield Need("known", ("contract", contract_id(sale["project_code"])))
    for code in codes_in(sale):
        yield Need("known", ("charge_code", code))


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


def charge_codes(sale: Payload, ctx: Context) -> Sequence[CloudEvent]:
    """One event per charge code; master-data brings each into the ERP."""
    return [
        _event(sale, ctx, "tieout.charge_code.changed", business_key("charge_code", body["code"]), body)
        for body in sale["charge_codes"]
    ]


def announcements(sale: Payload, ctx: Context) -> Sequence[CloudEvent]:
    """Resource demand for staffing and a request for a collaboration workspace."""
    key = business_key("project", sale["project_code"])
    opportunity, project = plain(shaped(Opportunity, sale)), plain(shaped(Project, sale["project"]))
    workspace = _event(sale, ctx, "tieout.workspace.requested", key, project)
    return (
        [_event(sale, ctx, "tieout.resource_demand.raised", key, opportunity), workspace]
        if sale.get("demand")
        else [workspace]
    )


def customer_needs(role: Role) -> Callable[[Payload], Iterable[Need]]:
    """The customer's id in the system that plays a role."""
    return lambda sale: [Need("system", (role, "customer", sale["customer_id"]))]


def erp_contract_needs(sale: Payload) -> Iterable[Need]:
    yield Need("system", (Role.ERP, "project", sale["project_code"]))
    yield Need("system", (Role.ERP, "customer", sale["customer_id"]))


def money(sale: Payload) -> tuple[Decimal, str] | None:
    """The contract value that cannot be delivered or billed while set-up is stuck."""
    value = sale.get("value") or {}
    return (Decimal(value["amount"]), value["currency"]) if value.get("currency") else None


def _project_change(sale: Payload, ctx: Context, step: str, role: Role) -> Change:
    project = shaped(Project, sale["project"])
    refs = {"customer": ctx.system_id(role, "customer", sale["customer_id"])}
    value, body = project.budget_value, {**plain(project), "contract_type": sale["contract_type"]}
    return Change(
        "upsert", "project", project.code, ctx.key(step), body, refs, value.amount if value else None, project.currency
    )


def _facts(made: Mapping[str, Any]) -> list[Fact]:
    project, contract = made["project"], made["contract"]
    codes = [Fact("charge_code", body["code"], body) for body in made["charge_codes"]]
    return [
        Fact("project", project["code"], project, project_keys(project)),
        Fact("contract", contract["contract_id"], contract),
        *codes,
    ]


def _refuse_taken_code(sale: Opportunity, ctx: Context) -> None:
    known = ctx.known("project", sale.project_code)
    if not known or not known.get("origin") or not known.get("customer_id"):
        return
    if known["origin"] != plain(sale.ref) and known["customer_id"] != sale.customer_id:
        raise Rejected(
            f"project code {sale.project_code} belongs to opportunity {known['origin']['id']} of customer "
            f"{known['customer_id']}: give opportunity {sale.ref.id} another code in the CRM",
            code="project-code-taken",
            field="project_code",
        )


def _event(sale: Payload, ctx: Context, kind: str, subject: str, body: Mapping[str, Any]) -> CloudEvent:
    """An event of this very run, as of now: a replay after somebody deleted things in the ERP must be heard again."""
    entity = {"tieout.charge_code.changed": "charge_code", "tieout.workspace.requested": "project"}.get(
        kind, "opportunity"
    )
    return CloudEvent(
        id=f"{kind}/{subject}@{ctx.run.run_id}",
        source=f"{OURS}/{QUOTE_TO_PROJECT}",
        type=kind,
        subject=subject,
        time=ctx.now(),
        dataschema=dataschema(entity),
        data=dict(body),
        sourceversion=int(ctx.now().timestamp() * 1000),
        legalentity=sale["dimensions"]["legal_entity_id"],
        correlationid=ctx.run.correlation_id,
    )


FLOW = Flow(
    name=QUOTE_TO_PROJECT,
    version=1,
    triggers=("tieout.opportunity.won",),
    steps=(
        Transform("validate", validated, validated_needs),
        Transform("identify", identified, identified_needs),
        Transform("structure", structured, structured_needs),
        Deliver("erp-customer", Role.ERP, "customer", erp_customer, mode="sync", needs=erp_customer_needs),
        Deliver("erp-project", Role.ERP, "project", erp_project, mode="sync", needs=customer_needs(Role.ERP)),
        Emit("charge-codes", charge_codes),
        Deliver("psa-project", Role.PSA, "project", psa_project, needs=customer_needs(Role.PSA)),
        Deliver("ppm-project", Role.PPM, "project", ppm_project, needs=customer_needs(Role.PPM)),
        Deliver("ppm-budget", Role.PPM, "budget", ppm_budget),
        Deliver("erp-contract", Role.ERP, "contract", erp_contract, needs=erp_contract_needs),
        Emit("announce", announcements),
    ),
    aggregate=lambda event: event.subject,
    money=money,
)
