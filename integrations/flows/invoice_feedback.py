"""invoice-feedback (F9): what became of an invoice in the ERP shows in the PSA, on the work that it bills.

The ERP tells each invoice whole: what it asks for, what was paid of it, what was credited, whether it stands. So
there is one write, an upsert of all that, and neither order nor repetition matters: an older word that comes after a
newer one does nothing. What changes is told as it happens; each night everything is told again, and what was missed by
then starts its run like any other. What the PSA shows otherwise all the same, the tie-out finds.

Compensation is the ERP's own: a void or a credit memo is the next word on the invoice.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from integrations.contracts import Change, Context, Deliver, Flow, Need, Role, Transform
from integrations.contracts.flow import Payload
from integrations.flows.shaping import fields_of, plain, shaped
from models.canonical.schemas import InvoiceStatus
from models.domain.flow_names import INVOICE_FEEDBACK
from models.domain.keys import business_key
from models.domain.outcomes import Done, Fact, NothingToDo, WaitFor

ENTITY = "invoice_status"


def taken(invoice: Payload, ctx: Context) -> Done:
    """The invoice on the project that it was first sent for, and whether a newer word on it was heard already. An ERP
    whose project was deleted shows its invoices without one.
    """
    known = ctx.known(ENTITY, invoice["invoice_id"]) or {}
    stale = ctx.run.source_version < int(known.get("seen") or 0)
    project = invoice.get("project_id") or known.get("project_id")
    seen = {"seen": max(ctx.run.source_version, int(known.get("seen") or 0)), "project_id": project}
    fact = Fact(ENTITY, invoice["invoice_id"], {**known, **seen})
    return Done({**invoice, "project_id": project, "stale": stale}, [] if stale else [fact])


def taken_needs(invoice: Payload) -> Iterable[Need]:
    yield Need("known", (ENTITY, invoice["invoice_id"]))


def psa_invoice(invoice: Payload, ctx: Context) -> Change | NothingToDo | WaitFor:
    """The invoice in the PSA, as it stands now; waits for a project that the PSA does not have."""
    if invoice["stale"]:
        return NothingToDo("a newer word on this invoice was taken up already")
    if invoice["status"] == "draft":
        return NothingToDo("a draft was sent to nobody")
    project = invoice["project_id"]
    if not project:
        return NothingToDo("the invoice names no project, and the PSA shows invoices on projects alone")
    workspace = ctx.system_id(Role.PSA, "project", project)
    if workspace is None:
        because = f"invoice {invoice['number']} is of project {project}, which is not in the PSA: set it up there"
        return WaitFor(business_key("project", project), because, ["project"], Role.PSA)
    body = plain(shaped(InvoiceStatus, fields_of(InvoiceStatus, invoice)))
    total = body["total"]
    return Change(
        "upsert",
        ENTITY,
        invoice["invoice_id"],
        ctx.key("psa-invoice"),
        body,
        {"project": workspace},
        Decimal(total["amount"]),
        total["currency"],
    )


def psa_needs(invoice: Payload) -> Iterable[Need]:
    if invoice.get("project_id"):
        yield Need("system", (Role.PSA, "project", invoice["project_id"]))


def money(invoice: Payload) -> tuple[Decimal, str] | None:
    """What the invoice asks for: of so much the PSA says something else."""
    total = invoice.get("total")
    return (Decimal(total["amount"]), total["currency"]) if total else None


FLOW = Flow(
    name=INVOICE_FEEDBACK,
    version=1,
    triggers=tuple(f"tieout.invoice.{verb}" for verb in ("issued", "paid", "credited", "voided")),
    steps=(
        Transform("take", taken, taken_needs),
        Deliver("psa-invoice", Role.PSA, ENTITY, psa_invoice, needs=psa_needs),
    ),
    aggregate=lambda event: event.subject,
    money=money,
)
