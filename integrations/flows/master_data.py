"""master-data (F2, M5): customers, people, charge codes and projects, kept apart from transactions.

A record is identified first (crosswalk, then identity keys), so that a duplicate is found and never created. Then
ownership decides whether its source may say what it says (S3). Only then is it learnt and handed to the targets.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from integrations.contracts import Change, Context, Deliver, Flow, Need, Role, Transform
from integrations.contracts.flow import Payload
from integrations.flows import mastering
from integrations.flows.origin import refuse_trespass, source_role
from integrations.flows.shaping import shaped
from models.canonical.events import CloudEvent
from models.canonical.schemas import SCHEMAS
from models.domain.flow_names import MASTER_DATA
from models.domain.identity import customer_keys, project_keys
from models.domain.keys import business_key
from models.domain.outcomes import Done, Fact, NothingToDo, WaitFor

PARENT = {
    "customer": ("parent_id", "customer", "parent"),
    "project": ("customer_id", "customer", "customer"),
    "charge_code": ("project_id", "project", "project"),
}
"""What must be in a target before a record can be: attribute of the record, its entity, the ref's name."""
GOES_TO = {
    Role.ERP: ("customer", "project", "charge_code", "resource"),
    Role.PSA: ("resource",),
}


def identified(record: Payload, ctx: Context) -> Done | WaitFor:
    """The record under its canonical id, with the ids of what it belongs to; a duplicate takes the id that exists."""
    entity = _entity(ctx)
    relatives = mastering.relatives(entity, record, ctx)
    if isinstance(relatives, WaitFor):
        return relatives
    identity, alias = mastering.identity(entity, {**record, **relatives}, ctx)
    ref = record.get("ref")
    links = [(ref["system"], entity, ref["id"], identity)] if ref else []
    named = {mastering.ID_FIELD[entity]: identity}
    return Done({**record, **relatives, **named, "entity": entity, "alias": alias}, links=links)


def identified_needs(record: Payload) -> Iterable[Need]:
    for name in ("ref", "parent_ref", "customer_ref"):
        if ref := record.get(name):
            yield Need("canonical", (ref["system"], ref["kind"], ref["id"]))
    if record.get("name") and not record.get("code"):
        yield from (Need("match", ("customer", key)) for key in customer_keys(record))
    for entity in ("customer", "resource") if record.get("number") and record.get("ref") else ():
        yield Need("known", (entity, mastering.minted_id(entity, record)))
    if record.get("code") and record.get("name"):
        yield from (Need("match", ("project", key)) for key in project_keys(record))


def learnt(record: Payload, ctx: Context) -> Done | NothingToDo:
    """The record in the registry, if its source owns what it changes and nothing newer is known."""
    entity = _entity(ctx)
    identity = record[mastering.ID_FIELD[entity]]
    if record["alias"]:
        return Done({**record, "stale": True})
    known = ctx.known(entity, identity) or {}
    if entity == "customer":
        mastering.refuse_clash(record, known)
    if int(known.get("source_version") or 0) > ctx.run.source_version:
        return Done({**record, "stale": True})
    refuse_trespass(entity, known, record, ctx)
    body = mastering.merged(entity, known, record, ctx)
    if entity == "project" and not known:
        body["learnt_at"] = ctx.now().isoformat()
    if entity == "charge_code" and source_role(record, ctx) == Role.ERP:
        body["in_erp"] = True
    return Done({**record, **body, "stale": False}, [Fact(entity, identity, body, _match_keys(entity, body))])


def learnt_needs(record: Payload) -> Iterable[Need]:
    entity = record["entity"]
    yield Need("known", (entity, record[mastering.ID_FIELD[entity]]))


def erp_change(record: Payload, ctx: Context) -> Change | NothingToDo | WaitFor:
    """The record in the ERP: customer, job, task or employee."""
    return _change(record, ctx, Role.ERP, "erp")


def psa_change(record: Payload, ctx: Context) -> Change | NothingToDo | WaitFor:
    """The person as a user of the PSA, so that time can be booked."""
    return _change(record, ctx, Role.PSA, "psa")


def target_needs(role: Role) -> Any:
    """What a delivery asks of the crosswalk: the parent's id in the target."""

    def needs(record: Payload) -> Iterable[Need]:
        attribute, entity, _ = PARENT.get(record["entity"], ("", "", ""))
        if record.get(attribute):
            yield Need("system", (role, entity, record[attribute]))
        if record["entity"] == "customer":
            yield Need("system", (role, "customer", record["customer_id"]))
            yield from (Need("match", ("customer", key)) for key in customer_keys(record))

    return needs


def identity_aggregate(event: CloudEvent) -> str:
    """What is handled in turn: records that may name one company or project, so that the second sees the first (M2)."""
    if event.type == "tieout.customer.changed" and event.data.get("name"):
        return f"customer:{customer_keys(event.data)[0]}"
    if event.type == "tieout.project.changed" and event.data.get("code"):
        return f"project:{project_keys(event.data)[0]}"
    return event.subject


def _change(record: Payload, ctx: Context, role: Role, step: str) -> Change | NothingToDo | WaitFor:
    entity = _entity(ctx)
    if entity not in GOES_TO[role]:
        return NothingToDo(f"a {entity} is not kept in step in the {role} by this flow")
    if record["stale"]:
        return NothingToDo("a duplicate of a known record" if record["alias"] else "a newer version is known already")
    if source_role(record, ctx) == role:
        return NothingToDo(f"the change came from the {role} itself")
    if entity == "customer":
        mastering.refuse_twin(record, role, ctx)
    refs = _refs(entity, record, ctx, role)
    if isinstance(refs, WaitFor):
        return refs
    return Change(
        "upsert", entity, record[mastering.ID_FIELD[entity]], ctx.key(step), shaped(SCHEMAS[entity], record), refs
    )


def _refs(entity: str, record: Payload, ctx: Context, role: Role) -> dict[str, str | None] | WaitFor:
    attribute, parent, name = PARENT.get(entity, ("", "", ""))
    identity = record.get(attribute)
    if not identity:
        return {}
    found = ctx.system_id(role, parent, identity)
    if found is None:
        return WaitFor(business_key(parent, identity), f"{parent} {identity} is not in the {role} yet", [name], role)
    return {name: found}


def _entity(ctx: Context) -> str:
    return ctx.run.event_type.split(".")[1]


def _match_keys(entity: str, body: Payload) -> tuple[str, ...]:
    return {"customer": customer_keys, "project": project_keys}.get(entity, lambda _: ())(body)


FLOW = Flow(
    name=MASTER_DATA,
    version=1,
    triggers=(
        "tieout.customer.changed",
        "tieout.resource.changed",
        "tieout.charge_code.changed",
        "tieout.project.changed",
    ),
    steps=(
        Transform("identify", identified, identified_needs),
        Transform("learn", learnt, learnt_needs),
        Deliver("erp", Role.ERP, "master", erp_change, needs=target_needs(Role.ERP)),
        Deliver("psa", Role.PSA, "master", psa_change, needs=target_needs(Role.PSA)),
    ),
    aggregate=identity_aggregate,
    money=lambda record: None,
)
