"""time-to-bill (F5): approved time and expenses become cost and billable transactions in the ERP, once in effect.

A correction reverses what stands and posts anew; a withdrawn entry is reversed. The PSA is notified either way: posted,
or refused with the reason in plain words, so that the person who booked the time can mend it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from integrations.contracts import Change, Context, Deliver, Flow, Need, Role, Transform
from integrations.contracts.flow import Payload
from integrations.flows import posting
from integrations.flows.pricing import checked_amount, priced, value_of
from integrations.flows.shaping import fields_of, plain, shaped
from models.canonical.schemas import Canonical, Expense, TimeEntry
from models.domain.errors import Rejected
from models.domain.explanations import explain
from models.domain.flow_names import TIME_TO_BILL
from models.domain.keys import business_key, expense_id, ref_key, time_entry_id
from models.domain.outcomes import Done, Fact, NothingToDo, WaitFor

BULK = 100
FIRST_LOAD = timedelta(minutes=2)
"""How long after a project was first described its charge codes may still be on their way."""
UNDECIDED = frozenset(
    {"in-doubt", "transient", "slow-job", "rate-limited", "misconfigured", "step-crashed", posting.MOVED_ON}
)
"""Codes of a posting's failure that do not say that the ERP refused it."""
_NOT_ITS_PSA = (
    "the system that the entry came from is not the PSA of this legal entity, and nobody else knows the entry"
)


def resolved(entry: Payload, ctx: Context) -> Done | WaitFor:
    """The entry with canonical project and person. Waits for one that is on its way; a withdrawal needs neither."""
    entity, ref = _entity(ctx), entry["ref"]
    found: dict[str, Any] = {}
    for name, owner in (("project", Role.PSA), ("resource", Role.HCM)):
        to = entry[f"{name}_ref"]
        canonical = entry.get(f"{name}_id") or ctx.canonical_id(to)
        if canonical is None and not _withdrawn(ctx):
            return WaitFor(
                ref_key(name, to["system"], to["id"]),
                f"{name} {to['id']} of {to['system']} is not set up yet",
                [name],
                owner,
            )
        found[f"{name}_id"] = canonical
    item = time_entry_id(ref["system"], ref["id"]) if entity == "time_entry" else expense_id(ref["system"], ref["id"])
    return Done(
        {
            **entry,
            **found,
            f"{entity}_id": entry.get(f"{entity}_id") or item,
            "entity": entity,
            "seen": ctx.run.source_version,
        }
    )


def resolved_needs(entry: Payload) -> Iterable[Need]:
    for name in ("project", "resource"):
        ref = entry[f"{name}_ref"]
        yield Need("canonical", (ref["system"], name, ref["id"]))


def code_checked(entry: Payload, ctx: Context) -> Done | NothingToDo | WaitFor:
    """The entry, if its charge code exists, is open, and belongs to its project and legal entity (X2).

    Waits for the project to be described, and a moment longer where its codes come as events of their own.
    """
    if _withdrawn(ctx):
        return NothingToDo("a withdrawn entry needs no valid charge code")
    code, project = entry.get("charge_code"), entry["project_id"]
    if not code:
        raise Rejected(f"the entry on {project} has no charge code", code="charge-code-missing", field="charge_code")
    known, home = ctx.known("charge_code", code), ctx.known("project", project)
    if home is None:
        return WaitFor(
            business_key("project", project), f"project {project} is not described yet", ["project"], Role.PSA
        )
    if known is None:
        return _code_on_its_way(code, home, ctx)
    if not known.get("active", True):
        raise Rejected(f"charge code {code} is closed", code="charge-code-inactive", field="charge_code")
    if known.get("project_id") not in (None, project):
        raise Rejected(
            f"charge code {code} belongs to {known['project_id']}, the entry to {project}",
            code="charge-code-of-other-project",
            field="charge_code",
        )
    mine, theirs = entry.get("legal_entity_id") or known.get("legal_entity_id"), known.get("legal_entity_id")
    if theirs and mine != theirs:
        raise Rejected(
            f"charge code {code} belongs to {theirs}, the entry to {mine}",
            code="charge-code-of-other-entity",
            field="charge_code",
        )
    return Done({**entry, "legal_entity_id": mine, "code_in_erp": bool(known.get("in_erp"))})


def _code_on_its_way(code: str, home: Mapping[str, Any], ctx: Context) -> WaitFor:
    """Wait for a code whose project was learnt moments ago, as in a first load; otherwise nobody has set it up."""
    until = datetime.fromisoformat(home["learnt_at"]) + FIRST_LOAD if home.get("learnt_at") else None
    if until is None or ctx.now() >= until:
        raise Rejected(
            f"charge code {code} is not set up in any system", code="charge-code-unknown", field="charge_code"
        )
    return WaitFor(
        business_key("charge_code", code), f"charge code {code} may still be loading", ["charge_code"], Role.ERP, until
    )


def code_checked_needs(entry: Payload) -> Iterable[Need]:
    yield Need("known", ("project", entry["project_id"]))
    if entry.get("charge_code"):
        yield Need("known", ("charge_code", entry["charge_code"]))


def valued(entry: Payload, ctx: Context) -> Done | NothingToDo:
    """The entry with its bill and cost rates."""
    if _withdrawn(ctx):
        return NothingToDo("a withdrawn entry needs no price")
    if entry["entity"] == "expense":
        checked_amount(entry)
        return NothingToDo("an expense is its own price")
    return Done({**entry, **priced(entry, ctx)})


def valued_needs(entry: Payload) -> Iterable[Need]:
    yield Need("known", ("resource", entry["resource_id"]))
    if not entry.get("bill_rate"):
        yield Need("known", ("project", entry["project_id"]))


def planned(entry: Payload, ctx: Context) -> Done | WaitFor:
    """The entry with what it asks of the ERP: reverse what stands, post anew, or nothing. Waits for what the ERP still
    lacks before a posting counts as begun: a version that comes during the wait then finds nothing to confirm.
    """
    item = _item(entry)
    body = None if _withdrawn(ctx) else plain(shaped(_schema(entry), entry))
    plan, fact = posting.planned(item, body, ctx)
    if body and plan["post"] and (wait := _lacking(entry, _refs(body, ctx))):
        return wait
    undone = (plan["reverse"] or {}).get("body") or {}
    entity = entry.get("legal_entity_id") or undone.get("legal_entity_id")
    return Done(
        {**entry, **(body or {}), "legal_entity_id": entity, "plan": plan, "seen": ctx.run.source_version}, [fact]
    )


def planned_needs(entry: Payload) -> Iterable[Need]:
    yield Need("known", (posting.ENTITY, _item(entry)))
    yield from (Need("system", (Role.ERP, kind, identity)) for kind, identity in _relatives(entry))


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
    yield Need("known", (posting.ENTITY, _item(entry)))
    undone = (entry["plan"]["reverse"] or {}).get("body") or {}
    yield from (
        Need("system", (Role.ERP, kind, identity)) for kind, identity in [*_relatives(entry), *_relatives(undone)]
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


def confirmation_learnt(entry: Payload, ack: Mapping[str, Any]) -> Sequence[Fact]:
    return [posting.confirmed_fact(entry["plan"], entry["seen"])]


def reversal_learnt(entry: Payload, ack: Mapping[str, Any]) -> Sequence[Fact]:
    return [posting.reversed_fact(entry["plan"], _body(entry), entry["seen"])]


def posting_learnt(entry: Payload, ack: Mapping[str, Any]) -> Sequence[Fact]:
    return [posting.posted_fact(entry["plan"], _body(entry), entry["seen"])]


def refusal_learnt(entry: Payload, ack: Mapping[str, Any]) -> Sequence[Fact]:
    """A posting that the ERP refused for good is not in doubt; one whose answer never came stays so, and an attempt
    that was overtaken knows nothing. What the ERP said counts whoever hears of it: no acknowledgement is asked for.
    """
    error = entry.get("_error") or {}
    act = {"erp-confirm": "confirm", "erp-post": "post"}.get(str(error.get("step")))
    refused = act and entry.get("plan") and error.get("code") not in UNDECIDED
    return [posting.refused_fact(entry["plan"], act, entry["seen"])] if act and refused else []


def money(entry: Payload) -> tuple[Decimal, str] | None:
    """What the entry would bill."""
    value = value_of(entry)
    return (value.amount, value.currency) if value else None


def _erp_change(entry: Payload, ctx: Context, part: str, step: str) -> Change | NothingToDo | WaitFor:
    wanted = posting.due(entry["plan"], part, ctx)
    if isinstance(wanted, NothingToDo):
        return wanted
    body = _body(entry) if part == "post" else wanted["body"]
    refs = _refs(body, ctx)
    if part == "post" and (wait := _lacking(entry, refs)):
        return wait
    value = value_of(body)
    amount, currency = (value.amount, value.currency) if value else (None, None)
    action = "reverse" if part == "reverse" else "post"
    return Change(action, entry["entity"], wanted["posting_id"], ctx.key(step), body, refs, amount, currency)  # type: ignore[arg-type]


def _refs(body: Mapping[str, Any], ctx: Context) -> dict[str, str | None]:
    return {kind: ctx.system_id(Role.ERP, kind, identity) for kind, identity in _relatives(body)}


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
    identity = dict(_relatives(entry))[kind]
    return WaitFor(business_key(kind, identity), f"{kind} {identity} is not in the ERP yet", [kind], Role.ERP)


def _annotation(entry: Payload, ctx: Context, step: str, body: Mapping[str, Any]) -> Change:
    entity, ref = _entity(ctx), entry["ref"]
    item = entry.get(f"{entity}_id") or (time_entry_id if entity == "time_entry" else expense_id)(
        ref["system"], ref["id"]
    )
    return Change("annotate", entity, item, ctx.key(step), body, {entity: ref["id"]})


def _relatives(entry: Mapping[str, Any]) -> list[tuple[str, str]]:
    found = [
        ("project", entry.get("project_id")),
        ("resource", entry.get("resource_id")),
        ("charge_code", entry.get("charge_code")),
    ]
    return [(kind, identity) for kind, identity in found if identity]


def _schema(entry: Payload) -> type[Canonical]:
    return TimeEntry if entry["entity"] == "time_entry" else Expense


def _body(entry: Payload) -> dict[str, Any]:
    return fields_of(_schema(entry), entry)


def _item(entry: Payload) -> str:
    return str(entry[f"{entry['entity']}_id"])


def _entity(ctx: Context) -> str:
    return ctx.run.event_type.split(".")[1]


def _withdrawn(ctx: Context) -> bool:
    return ctx.run.event_type.endswith(".reversed")


FLOW = Flow(
    name=TIME_TO_BILL,
    version=1,
    triggers=tuple(
        f"tieout.{entity}.{verb}"
        for entity in ("time_entry", "expense")
        for verb in ("approved", "corrected", "reversed")
    ),
    steps=(
        Transform("resolve", resolved, resolved_needs),
        Transform("check-charge-code", code_checked, code_checked_needs),
        Transform("price", valued, valued_needs),
        Transform("plan", planned, planned_needs),
        Deliver(
            "erp-confirm",
            Role.ERP,
            "time_entry",
            erp_confirm,
            BULK,
            "batch",
            learn=confirmation_learnt,
            needs=erp_needs,
        ),
        Deliver(
            "erp-reverse", Role.ERP, "time_entry", erp_reverse, BULK, "batch", learn=reversal_learnt, needs=erp_needs
        ),
        Deliver("erp-post", Role.ERP, "time_entry", erp_post, BULK, "batch", learn=posting_learnt, needs=erp_needs),
        Deliver("psa-acknowledge", Role.PSA, "time_entry", psa_acknowledged, BULK, "batch"),
    ),
    aggregate=lambda event: event.subject,
    money=money,
    on_dead=Deliver("psa-refuse", Role.PSA, "time_entry", psa_refused, learn=refusal_learnt),
)
