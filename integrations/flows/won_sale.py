"""A won sale: complete, of a known customer, and with the structure that its project needs beside it (F1)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from integrations.contracts import Context, Need, Role
from integrations.contracts.flow import Payload
from integrations.flows.sale_identity import identity_needs, link, refuse_another_identity, told_anew
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
from models.canonical.schemas import Opportunity
from models.domain.identity import project_keys
from models.domain.keys import business_key, contract_id, ref_key
from models.domain.outcomes import Done, Fact, WaitFor


def validated(sale: Payload, ctx: Context) -> Done | WaitFor:
    """A complete, approved sale; a paused run takes up a newer version of it, also where that has another code. Waits
    for what the CRM still owes.

    Raises Rejected where the code is another sale's, or the project that it names was set up as another.
    """
    version = int(sale.get("sale_version") or ctx.run.source_version)
    if anew := told_anew(sale, version, ctx):
        sale, version = {**anew["sale"]}, anew["source_version"]
    newest = ctx.known("opportunity", sale["project_code"])
    refuse_another_identity(sale, newest, ctx)
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
    return Done({**sale, "sale_version": version}, [fact], [link(sale)])


def validated_needs(sale: Payload) -> Iterable[Need]:
    yield Need("known", ("opportunity", sale["project_code"]))
    yield from identity_needs(sale)


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


def money(sale: Payload) -> tuple[Decimal, str] | None:
    """The contract value that cannot be delivered or billed while set-up is stuck."""
    value = sale.get("value") or {}
    return (Decimal(value["amount"]), value["currency"]) if value.get("currency") else None


def _facts(made: Mapping[str, Any]) -> list[Fact]:
    project, contract = made["project"], made["contract"]
    codes = [Fact("charge_code", body["code"], body) for body in made["charge_codes"]]
    return [
        Fact("project", project["code"], project, project_keys(project)),
        Fact("contract", contract["contract_id"], contract),
        *codes,
    ]
