"""How master records get their identity and how what a source says joins what is known (M2, S3)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from integrations.contracts import Context, Role
from integrations.flows.origin import owns, source_role
from models.canonical.schemas import SCHEMAS
from models.domain.errors import Rejected
from models.domain.identity import (
    Verdict,
    customer_keys,
    normalised_tax_id,
    project_keys,
    same_customer,
    same_person,
)
from models.domain.keys import apart, customer_id, project_id, ref_key, resource_id
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

    Raises Rejected `customer-duplicate-suspected` or `customer-clash` when nobody but a person can tell.
    """
    ref = record.get("ref")
    linked = ctx.canonical_id(ref) if ref else None
    if entity == "customer":
        return _customer(record, linked, ctx)
    if entity == "project":
        found = next(iter(_found("project", project_keys(record), ctx)), None)
        return linked or found or project_id(record["code"]), False
    return (linked or _person(record, ctx) if entity == "resource" else record["code"]), False


def minted_id(entity: str, record: Mapping[str, Any]) -> str:
    """The id that a customer's or a person's own number asks for; somebody else may have it."""
    if entity == "resource":
        return resource_id(record["number"])
    return customer_id(record.get("number"), record["ref"]["system"], record["ref"]["id"])


def refuse_clash(record: Mapping[str, Any], known: Mapping[str, Any] | None) -> None:
    """Raise Rejected `customer-clash` when another company took the same id a moment ago, unseen by this record."""
    if known and not _one_company(record, known) and minted_id("customer", record) == record["customer_id"]:
        raise _clash(record, record["customer_id"], known)


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
    ref, minted = record["ref"], minted_id("customer", record)
    held = ctx.known("customer", linked) if linked else None
    if linked and linked != minted and not _two_tax_ids(record, held):
        return linked, _second_face(held, record)
    known = ctx.known("customer", minted)
    if known is None or _one_company(record, known):
        return (minted, _second_face(known, record)) if known or linked else _likeness(record, minted, ctx)
    if known["ref"]["system"] == ref["system"]:
        raise _clash(record, minted, known)
    return _likeness(record, apart(minted, ref["system"]), ctx)


def _likeness(record: Mapping[str, Any], minted: str, ctx: Context) -> tuple[str, bool]:
    """The customer of another number whom a tax id says to be the same, or else a new one under the id minted."""
    for other in _found("customer", customer_keys(record), ctx):
        verdict = same_customer(record, ctx.known("customer", other) or {"name": ""})
        if verdict is Verdict.SAME:
            return other, True
        if verdict is Verdict.SUSPECTED:
            raise _suspected(record["ref"]["id"], other)
    return minted, False


def _one_company(record: Mapping[str, Any], known: Mapping[str, Any]) -> bool:
    """Whether two with one number are one company: an equal name beside it leaves no doubt, unless tax ids differ."""
    return known["ref"] == record["ref"] or same_customer(record, known) is not Verdict.DIFFERENT


def _two_tax_ids(record: Mapping[str, Any], held: Mapping[str, Any] | None) -> bool:
    """Whether a link joins what have come to be, or always were, two companies."""
    tax_ids = {normalised_tax_id(one.get("tax_id")) for one in (record, held or {})} - {None}
    return held is not None and held["ref"] != record["ref"] and len(tax_ids) == 2


def _second_face(known: Mapping[str, Any] | None, record: Mapping[str, Any]) -> bool:
    """Whether this is another record of the same system than the one that the customer is known by.

    Where that one was merged away, the one that stands takes its place.
    """
    if known is None or known["ref"] == record["ref"] or known["ref"]["system"] != record["ref"]["system"]:
        return False
    return known.get("active") is not False or record.get("active") is False


def _person(record: Mapping[str, Any], ctx: Context) -> str:
    """A system that plays a part in delivery carries the ids it was given; any other numbers its people itself."""
    minted, ref = minted_id("resource", record), record.get("ref") or {}
    known = ctx.known("resource", minted)
    if known is None or source_role(record, ctx) not in (None, Role.HCM) or not known.get("ref"):
        return minted
    if known["ref"]["system"] == ref.get("system") or same_person(record, known):
        return minted
    return apart(minted, ref["system"])


def _clash(record: Mapping[str, Any], identity: str, known: Mapping[str, Any]) -> Rejected:
    return Rejected(
        f"account {record['ref']['id']} has the customer number of {identity}, which is account {known['ref']['id']}; "
        "their names, countries or tax ids say that they are two companies: give one of them another number",
        code="customer-clash",
        field="number",
    )


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
