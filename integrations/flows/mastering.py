"""How master records get their identity and how what a source says joins what is known (M2, S3)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from integrations.contracts import Context, Role
from integrations.flows.origin import owns
from models.canonical.schemas import SCHEMAS
from models.domain.errors import Rejected
from models.domain.identity import Verdict, customer_keys, project_keys, same_customer
from models.domain.keys import customer_id, project_id, ref_key, resource_id
from models.domain.outcomes import WaitFor

ID_FIELD = {"customer": "customer_id", "resource": "resource_id", "charge_code": "code", "project": "project_id"}


def relatives(entity: str, record: Mapping[str, Any], ctx: Context) -> dict[str, Any] | WaitFor:
    """The canonical ids of a customer's parent or a project's customer; waits for one that is still on its way."""
    name, field = {"customer": ("parent_ref", "parent_id"), "project": ("customer_ref", "customer_id")}.get(
        entity, ("", "")
    )
    if entity == "charge_code":
        return {"project_id": record.get("project_id") or project_id(record["project_code"])}
    ref = record.get(name)
    if not ref:
        return {}
    found = ctx.canonical_id(ref)
    if found is None and owns(entity, field, record, ctx):
        awaited = ref_key(ref["kind"], ref["system"], ref["id"])
        return WaitFor(awaited, f"the {field.removesuffix('_id')} {ref['id']} has not come yet", [field], Role.CRM)
    return {field: found} if found else {}


def identity(entity: str, record: Mapping[str, Any], ctx: Context) -> tuple[str, bool]:
    """The canonical id of a record, and whether the record is a second face of one that is known already.

    Raises Rejected `customer-duplicate-suspected` when nobody but a person can tell.
    """
    ref = record.get("ref")
    linked = ctx.canonical_id(ref) if ref else None
    if entity == "customer":
        return _customer(record, linked, ctx)
    if entity == "project":
        found = next(iter(_found("project", project_keys(record), ctx)), None)
        return linked or found or project_id(record["code"]), False
    return (resource_id(record["number"]) if entity == "resource" else record["code"]), False


def merged(entity: str, known: Mapping[str, Any], record: Mapping[str, Any], ctx: Context) -> dict[str, Any]:
    """What is known with the record: an owner's value counts even when empty, anybody else's only where given."""
    sent = {name: record[name] for name in SCHEMAS[entity].model_fields if name in record}
    kept = {name: value for name, value in sent.items() if not _empty(value) or owns(entity, name, record, ctx)}
    dimensions = {"dimensions": _dimensions(entity, known, sent, ctx)} if "dimensions" in sent else {}
    return {**known, **kept, **dimensions, "source_version": ctx.run.source_version}


def refuse_twin(record: Mapping[str, Any], role: Role, ctx: Context) -> None:
    """Raise Rejected `customer-duplicate-suspected` when a second record of one customer is about to reach a target.

    Two that were identified side by side cannot see each other; here both are known, and the lower id goes ahead.
    """
    mine = record["customer_id"]
    if ctx.system_id(role, "customer", mine):
        return
    for other in _found("customer", customer_keys(record), ctx):
        known = ctx.known("customer", other)
        if other == mine or not known or same_customer(record, known) is Verdict.DIFFERENT:
            continue
        if other < mine or ctx.system_id(role, "customer", other):
            raise _suspected(record["ref"]["id"], other)


def _dimensions(entity: str, known: Mapping[str, Any], sent: Mapping[str, Any], ctx: Context) -> dict[str, Any]:
    heard = {
        name: value for name, value in sent["dimensions"].items() if value is not None or owns(entity, name, sent, ctx)
    }
    return {**(known.get("dimensions") or {}), **heard}


def _customer(record: Mapping[str, Any], linked: str | None, ctx: Context) -> tuple[str, bool]:
    ref = record["ref"]
    minted = linked or customer_id(record.get("number"), ref["system"], ref["id"])
    known = ctx.known("customer", minted)
    if linked or known:
        return minted, known is not None and known["ref"] != ref and known["ref"]["system"] == ref["system"]
    for other in _found("customer", customer_keys(record), ctx):
        verdict = same_customer(record, ctx.known("customer", other) or {"name": ""})
        if verdict is Verdict.SAME:
            return other, True
        if verdict is Verdict.SUSPECTED:
            raise _suspected(ref["id"], other)
    return minted, False


def _suspected(account: str, other: str) -> Rejected:
    return Rejected(
        f"account {account} looks like customer {other}: same name and country or the same tax id; "
        "merge the accounts in the CRM, or give each its own tax id if they are two companies",
        code="customer-duplicate-suspected",
        field="name",
    )


def _found(entity: str, keys: Iterable[str], ctx: Context) -> list[str]:
    return list(dict.fromkeys(match for key in keys for match in ctx.matches(entity, key)))


def _empty(value: Any) -> bool:
    return value is None or value == [] or value == () or value == {}
