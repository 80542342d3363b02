"""What the ERP is asked for approved work: to confirm, to reverse, to post; each once in effect (F5, E1)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from integrations.contracts import Change, Context, Need, Role
from integrations.contracts.connector import Action
from integrations.contracts.flow import Payload
from integrations.flows import posting
from integrations.flows.approved_work import body_of, item_of, relatives_of, schema_of, withdrawn
from integrations.flows.shaping import plain, shaped
from models.canonical.worth import work_worth
from models.domain.keys import business_key
from models.domain.outcomes import Done, Fact, NothingToDo, WaitFor

UNDECIDED = frozenset(
    {"in-doubt", "transient", "slow-job", "rate-limited", "misconfigured", "step-crashed", posting.MOVED_ON}
)
"""Codes of a posting's failure that do not say that the ERP refused it."""


def planned(entry: Payload, ctx: Context) -> Done | WaitFor:
    """The entry with what it asks of the ERP: reverse what stands, post anew, or nothing. Waits for what the ERP still
    lacks before a posting counts as begun: a version that comes during the wait then finds nothing to confirm.
    """
    item = item_of(entry)
    body = None if withdrawn(ctx) else plain(shaped(schema_of(entry), entry))
    plan, fact = posting.planned(item, body, ctx)
    if body and plan["post"] and (wait := _lacking(entry, _refs(body, ctx))):
        return wait
    undone = (plan["reverse"] or {}).get("body") or {}
    entity = entry.get("legal_entity_id") or undone.get("legal_entity_id")
    return Done(
        {**entry, **(body or {}), "legal_entity_id": entity, "plan": plan, "seen": ctx.run.source_version}, [fact]
    )


def planned_needs(entry: Payload) -> Iterable[Need]:
    yield Need("known", (posting.ENTITY, item_of(entry)))
    yield from (Need("system", (Role.ERP, kind, identity)) for kind, identity in relatives_of(entry))


def erp_confirm(entry: Payload, ctx: Context) -> Change | NothingToDo | WaitFor:
    """An earlier posting whose answer never came, once more under its own id: it is there then, to be reversed."""
    return _erp_change(entry, ctx, "confirm", "erp-confirm")


def erp_reverse(entry: Payload, ctx: Context) -> Change | NothingToDo | WaitFor:
    """The posting that undoes what stands."""
    return _erp_change(entry, ctx, "reverse", "erp-reverse")


def erp_post(entry: Payload, ctx: Context) -> Change | NothingToDo | WaitFor:
    """The cost and billable transaction of this version."""
    return _erp_change(entry, ctx, "post", "erp-post")


def erp_needs(entry: Payload) -> Iterable[Need]:
    yield Need("known", (posting.ENTITY, item_of(entry)))
    undone = (entry["plan"]["reverse"] or {}).get("body") or {}
    yield from (
        Need("system", (Role.ERP, kind, identity)) for kind, identity in [*relatives_of(entry), *relatives_of(undone)]
    )


def confirmation_learnt(entry: Payload, ack: Mapping[str, Any]) -> Sequence[Fact]:
    return [posting.confirmed_fact(entry["plan"], entry["seen"])]


def reversal_learnt(entry: Payload, ack: Mapping[str, Any]) -> Sequence[Fact]:
    return [posting.reversed_fact(entry["plan"], body_of(entry), entry["seen"])]


def posting_learnt(entry: Payload, ack: Mapping[str, Any]) -> Sequence[Fact]:
    return [posting.posted_fact(entry["plan"], body_of(entry), entry["seen"], ack.get("words"))]


def refusal_learnt(entry: Payload, ack: Mapping[str, Any]) -> Sequence[Fact]:
    """A posting that the ERP refused for good is not in doubt; one whose answer never came stays so, and an attempt
    that was overtaken knows nothing. What the ERP said counts whoever hears of it: no acknowledgement is asked for.
    """
    error = entry.get("_error") or {}
    act = {"erp-confirm": "confirm", "erp-post": "post"}.get(str(error.get("step")))
    refused = act and entry.get("plan") and error.get("code") not in UNDECIDED
    return [posting.refused_fact(entry["plan"], act, entry["seen"])] if act and refused else []


def _erp_change(entry: Payload, ctx: Context, part: str, step: str) -> Change | NothingToDo | WaitFor:
    wanted = posting.due(entry["plan"], part, ctx)
    if isinstance(wanted, NothingToDo):
        return wanted
    body = body_of(entry) if part == "post" else wanted["body"]
    refs = _refs(body, ctx)
    if part == "post" and (wait := _lacking(entry, refs)):
        return wait
    value = work_worth(body)
    amount, currency = (value.amount, value.currency) if value else (None, None)
    action: Action = "reverse" if part == "reverse" else "post"
    words = wanted.get("words") or {}
    return Change(action, entry["entity"], wanted["posting_id"], ctx.key(step), body, refs, amount, currency, words)


def _refs(body: Mapping[str, Any], ctx: Context) -> dict[str, str | None]:
    return {kind: ctx.system_id(Role.ERP, kind, identity) for kind, identity in relatives_of(body)}


def _lacking(entry: Payload, refs: Mapping[str, str | None]) -> WaitFor | None:
    """What to wait for where the ERP lacks a relative of the entry; a charge code that is known to be there needs no
    id.
    """
    kind = next(
        (
            kind
            for kind, found in refs.items()
            if found is None and not (kind == "charge_code" and entry.get("code_in_erp"))
        ),
        None,
    )
    if kind is None:
        return None
    identity = dict(relatives_of(entry))[kind]
    return WaitFor(business_key(kind, identity), f"{kind} {identity} is not in the ERP yet", [kind], Role.ERP)
