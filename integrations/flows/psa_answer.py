"""What the PSA is answered about the work it approved: posted, reversed, or refused with the reason (F5)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from integrations.contracts import Change, Context, Role
from integrations.contracts.flow import Payload
from integrations.flows.approved_work import entity_of
from models.domain.explanations import explain
from models.domain.keys import expense_id, time_entry_id
from models.domain.outcomes import NothingToDo

_NOT_ITS_PSA = (
    "the system that the entry came from is not the PSA of this legal entity, and nobody else knows the entry"
)


def psa_acknowledged(entry: Payload, ctx: Context) -> Change | NothingToDo:
    """The PSA's own ledger says that the entry is posted, and where."""
    plan = entry["plan"]
    if plan["nothing"]:
        return NothingToDo(plan["nothing"])
    if entry["ref"]["system"] != ctx.system_of(Role.PSA):
        return NothingToDo(_NOT_ITS_PSA)
    done = plan["post"] or plan["reverse"]
    ack = ctx.run.acks.get("erp-post" if plan["post"] else "erp-reverse") or {}
    body = {
        "status": "successful",
        "posting_id": done["posting_id"],
        "system": ack.get("system"),
        "system_id": ack.get("system_id"),
    }
    said = "Posted" if plan["post"] else "Reversed"
    return _annotation(entry, ctx, "psa-acknowledge", {**body, "message": f"{said} as {done['posting_id']}"})


def psa_refused(entry: Payload, ctx: Context) -> Change | NothingToDo:
    """The entry goes back to the PSA with the reason in plain words."""
    if entry["ref"]["system"] != ctx.system_of(Role.PSA):
        return NothingToDo(_NOT_ITS_PSA)
    if "erp-post" in ctx.run.acks:
        return NothingToDo("it is posted: only the PSA could not be notified")
    error: Mapping[str, Any] = entry.get("_error") or {}
    words = explain(error.get("code"))
    message = f"{words.title}: {error.get('message') or words.explanation} {words.next_action}"
    answer = {
        "status": "failed",
        "message": message,
        "code": error.get("code"),
        "field": error.get("field"),
        "system": ctx.played().get(Role.ERP),
    }
    return _annotation(entry, ctx, "psa-refuse", answer)


def _annotation(entry: Payload, ctx: Context, step: str, body: Mapping[str, Any]) -> Change:
    entity, ref = entity_of(ctx), entry["ref"]
    item = entry.get(f"{entity}_id") or (time_entry_id if entity == "time_entry" else expense_id)(
        ref["system"], ref["id"]
    )
    return Change("annotate", entity, item, ctx.key(step), body, {entity: ref["id"]})
