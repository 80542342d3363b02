"""quote-to-project (F1): a governed, won opportunity becomes a project that can take time and be billed.

Order matters. The billing contract comes last in the ERP, after PSA and PPM have the project: until then the ERP has a
job without billing rules, so nothing half-made can be invoiced. Every step is an upsert; any step may be run again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from integrations.contracts import Context, Deliver, Emit, Flow, Role, Transform
from integrations.contracts.flow import Payload
from integrations.flows.origin import OURS
from integrations.flows.project_set_up import (
    customer_needs,
    erp_contract,
    erp_contract_needs,
    erp_customer,
    erp_customer_needs,
    erp_project,
    ppm_budget,
    ppm_project,
    psa_project,
)
from integrations.flows.shaping import plain, shaped
from integrations.flows.won_sale import (
    identified,
    identified_needs,
    money,
    structured,
    structured_needs,
    validated,
    validated_needs,
)
from models.canonical.events import CloudEvent, dataschema
from models.canonical.schemas import Opportunity, Project
from models.domain.flow_names import QUOTE_TO_PROJECT
from models.domain.keys import business_key


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
