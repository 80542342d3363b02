"""Where a run's event came from, in terms of roles: what ownership (S3) and echo protection ask."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from integrations.contracts import Context, Role
from models.canonical.classification import sensitive_names
from models.canonical.schemas import SCHEMAS
from models.domain.errors import Rejected
from models.domain.ownership import Trespass

OURS = "tieout"
"""Events come from `tieout/<system>`, or from `tieout/<flow>`: then no vendor's word, so no ownership to check."""


def source_system(body: Mapping[str, Any], ctx: Context) -> str:
    """The name of the system that sent it: the record's own ref, else the event's source."""
    ref = body.get("ref")
    return str(ref["system"]) if ref else ctx.run.source.removeprefix(f"{OURS}/")


def source_role(body: Mapping[str, Any], ctx: Context) -> Role | None:
    """The role of the system that sent it; None for our own events and for a system that plays no role here."""
    system = source_system(body, ctx)
    return next((role for role, name in ctx.played().items() if name == system), None)


def refuse_trespass(entity: str, known: Mapping[str, Any], sent: Mapping[str, Any], ctx: Context) -> None:
    """Raise Rejected `not-owner` for the first attribute that the source would overwrite without owning it (S3)."""
    role = source_role(sent, ctx)
    if role is None:
        return
    found = ctx.ownership.trespasses(entity, owned(known), owned(sent), role, ctx.played(), ctx.run.legal_entity)
    if found:
        first = found[0]
        raise Rejected(
            f"{source_system(sent, ctx)} ({role}) may not change {first.attribute} of this {entity}"
            f"{_shown(entity, first)}: the {first.owner} system owns it; change it there",
            code="not-owner",
            field=first.attribute,
        )


def _shown(entity: str, found: Trespass) -> str:
    """Both values, unless the attribute is one that not everybody may read: a message is shown to all (G2)."""
    return "" if found.attribute in sensitive_names([SCHEMAS[entity]]) else f" from {found.known!r} to {found.sent!r}"


def owns(entity: str, attribute: str, body: Mapping[str, Any], ctx: Context) -> bool:
    """Whether the system that sent it owns an attribute here; our own events count as the owner's."""
    role = source_role(body, ctx)
    return role is None or ctx.ownership.owner(entity, attribute, ctx.played(), ctx.run.legal_entity) in (None, role)


_BESIDE = frozenset(
    {"ref", "parent_ref", "customer_ref", "changed_at", "source_version", "aliases", "origin", "rates", "learnt_at"}
)


def owned(body: Mapping[str, Any]) -> dict[str, Any]:
    """The attributes that somebody owns, dimensions flattened among them; references and time stamps say where a record
    is, not what it is."""
    flat = {key: value for key, value in body.items() if key not in _BESIDE and _is_value(value)}
    return {**flat, **(body.get("dimensions") or {})}


def _is_value(value: Any) -> bool:
    """Text, a number, a flag, nothing, or money; a structure is compared by its owner's flow."""
    return not isinstance(value, Mapping | list | tuple) or (isinstance(value, Mapping) and "amount" in value)
