"""Which sale a project code belongs to, and what a sale may not change once its project is set up (M2, X4).

Order, job, budget and books hang on the code and on the company. A second sale that overwrote them, a sale that took
another code or moved to another company would each take money along that is posted and billed already.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from integrations.contracts import Context, Need
from integrations.contracts.flow import Payload
from models.domain.errors import Rejected
from models.domain.keys import project_id

ENDED = frozenset({"closed", "cancelled"})


def refuse_another_identity(sale: Payload, newest: Mapping[str, Any] | None, ctx: Context) -> None:
    """Raise Rejected `project-code-taken`, `project-recoded` or `entity-moved` for a sale that is not what its code or
    its project say it is. `newest` is what is known of the sale that has the code.
    """
    _refuse_taken_code(sale, newest, ctx)
    _refuse_another_code(sale, ctx)
    _refuse_another_company(sale, ctx.known("project", project_id(sale["project_code"])))


def told_anew(sale: Payload, version: int, ctx: Context) -> Mapping[str, Any] | None:
    """What the CRM has said of the same sale since, under another code: what it said before is over."""
    code = ctx.canonical_id(sale["ref"])
    newest = ctx.known("opportunity", code) if code and code != sale["project_code"] else None
    return newest if newest and newest["sale"]["ref"] == sale["ref"] and newest["source_version"] > version else None


def identity_needs(sale: Payload) -> Iterable[Need]:
    yield Need("canonical", _name(sale["ref"]))
    yield Need("known", ("project", project_id(sale["project_code"])))


def link(sale: Payload) -> tuple[str, str, str, str]:
    """What remembers which code a sale has: (system, entity, its id there, project code)."""
    return (*_name(sale["ref"]), sale["project_code"])


def _refuse_taken_code(sale: Payload, newest: Mapping[str, Any] | None, ctx: Context) -> None:
    """A code is free again when the sale that had it has got another."""
    holder, code = newest["sale"]["ref"] if newest else sale["ref"], sale["project_code"]
    if holder != sale["ref"] and ctx.canonical_id(holder) in (None, code):
        raise Rejected(
            f"project code {code} belongs to opportunity {holder['id']}: give opportunity {sale['ref']['id']} another "
            "code in the CRM; where it replaces the older one, replay it with ref.id corrected to that one's id",
            code="project-code-taken",
            field="project_code",
        )


def _refuse_another_code(sale: Payload, ctx: Context) -> None:
    before, code = ctx.canonical_id(sale["ref"]), sale["project_code"]
    if before in (None, code) or (ctx.known("project", project_id(before)) or {}).get("status") in ENDED:
        return
    raise Rejected(
        f"opportunity {sale['ref']['id']} is set up as {before}, with what is posted and billed there: put that code "
        f"back in the CRM, or close {before} in the ERP, then replay to set {code} up beside it",
        code="project-recoded",
        field="project_code",
    )


def _refuse_another_company(sale: Payload, known: Mapping[str, Any] | None) -> None:
    before = ((known or {}).get("dimensions") or {}).get("legal_entity_id")
    now = (sale.get("dimensions") or {}).get("legal_entity_id")
    if before and now and before != now:
        raise Rejected(
            f"{sale['project_code']} is set up in the books of {before} and was moved to {now} in the CRM: put it back "
            f"there, or sell what is left to do for {now} under a project code of its own",
            code="entity-moved",
            field="dimensions.legal_entity_id",
        )


def _name(ref: Mapping[str, Any]) -> tuple[str, str, str]:
    return (ref["system"], ref["kind"], ref["id"])
