"""Approved work: a time entry or an expense as its PSA approved it, made fit to be posted (F5, X2).

Its project and person are known, its charge code exists and belongs to them, its value is certain; or it is refused
here, before anything is written.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from integrations.contracts import Context, Need, Role
from integrations.contracts.flow import Payload
from integrations.flows.pricing import checked_amount, priced
from integrations.flows.shaping import fields_of
from models.canonical.schemas import Canonical, Expense, TimeEntry
from models.canonical.worth import work_worth
from models.domain.errors import Rejected
from models.domain.keys import business_key, expense_id, ref_key, time_entry_id
from models.domain.outcomes import Done, NothingToDo, WaitFor

FARTHEST = timedelta(days=366)
"""How far ahead the day of approved work may lie: leave and retainers are booked ahead, a year's slip is none."""
FIRST_LOAD = timedelta(minutes=2)
"""How long after a project was first described its charge codes may still be on their way."""


def resolved(entry: Payload, ctx: Context) -> Done | WaitFor:
    """The entry with canonical project and person. Waits for one that is on its way; a withdrawal needs neither."""
    entity, ref = entity_of(ctx), entry["ref"]
    found: dict[str, Any] = {}
    for name, owner in (("project", Role.PSA), ("resource", Role.HCM)):
        to = entry[f"{name}_ref"]
        canonical = entry.get(f"{name}_id") or ctx.canonical_id(to)
        if canonical is None and not withdrawn(ctx):
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
    if withdrawn(ctx):
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
    if withdrawn(ctx):
        return NothingToDo("a withdrawn entry needs no price")
    _check_day(entry, ctx)
    if entry["entity"] == "expense":
        checked_amount(entry)
        return NothingToDo("an expense is its own price")
    return Done({**entry, **priced(entry, ctx)})


def _check_day(entry: Payload, ctx: Context) -> None:
    """Raise Rejected for work of a day so far ahead that nobody can have done it: a slip of the pen in its year."""
    name = "work_date" if entry["entity"] == "time_entry" else "spent_on"
    if date.fromisoformat(str(entry[name])) > (ctx.now() + FARTHEST).date():
        raise Rejected(f"{name} {entry[name]} is more than a year ahead", code="date-far-ahead", field=name)


def valued_needs(entry: Payload) -> Iterable[Need]:
    yield Need("known", ("resource", entry["resource_id"]))
    if not entry.get("bill_rate"):
        yield Need("known", ("project", entry["project_id"]))


def money(entry: Payload) -> tuple[Decimal, str] | None:
    """What the entry would bill."""
    value = work_worth(entry)
    return (value.amount, value.currency) if value else None


def schema_of(entry: Payload) -> type[Canonical]:
    """What the work is: a time entry or an expense."""
    return TimeEntry if entry["entity"] == "time_entry" else Expense


def body_of(entry: Payload) -> dict[str, Any]:
    """The work's own fields, without what the steps added."""
    return fields_of(schema_of(entry), entry)


def item_of(entry: Payload) -> str:
    """The work's canonical id."""
    return str(entry[f"{entry['entity']}_id"])


def entity_of(ctx: Context) -> str:
    """The business object that the run's event speaks of."""
    return ctx.run.event_type.split(".")[1]


def withdrawn(ctx: Context) -> bool:
    """Whether the approval was taken back."""
    return ctx.run.event_type.endswith(".reversed")


def relatives_of(entry: Mapping[str, Any]) -> list[tuple[str, str]]:
    """What the ERP must know before it can take the work: kind and canonical id of each."""
    found = [
        ("project", entry.get("project_id")),
        ("resource", entry.get("resource_id")),
        ("charge_code", entry.get("charge_code")),
    ]
    return [(kind, identity) for kind, identity in found if identity]
