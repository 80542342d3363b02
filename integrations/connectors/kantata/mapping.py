"""Kantata's time and expenses as business events; pure. Money comes in minor units, hours in minutes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from integrations.connectors.digest import digest
from integrations.connectors.kantata.names import Names, Raw
from integrations.connectors.rows import Row
from integrations.connectors.watermark import millis
from models.canonical.events import CloudEvent
from models.canonical.schemas import Expense, SystemRef, TimeEntry
from models.domain.duration import hours_of_minutes
from models.domain.keys import expense_id, time_entry_id
from models.domain.money import Money

Verb = Literal["approved", "corrected", "reversed"]
CONTENT = {
    "time_entry": (
        "date_performed",
        "time_in_minutes",
        "billable",
        "notes",
        "rate_in_cents",
        "cost_rate_in_cents",
        "currency",
        "story_id",
        "workspace_id",
        "user_id",
    ),
    "expense": (
        "date",
        "amount_in_cents",
        "currency",
        "category",
        "billable",
        "notes",
        "story_id",
        "workspace_id",
        "user_id",
    ),
}
"""What a correction is about; the rest (sync state, invoicing, submissions) says nothing about the work."""
BESIDE = frozenset(
    [
        "id",
        "approved",
        "approved_at",
        "approver_id",
        "is_invoiced",
        "taxable",
        "created_at",
        "updated_at",
        "timesheet_submission_id",
        "expense_report_submission_id",
        "currency_symbol",
        "currency_base_unit",
        "external_reference",
        "receipt_ids",
        "vendor_id",
        "role_id",
        "payment_type",
        "submitted_at",
    ]
)
KNOWN = {kind: frozenset(names) | BESIDE for kind, names in CONTENT.items()}


def verdict(kind: str, event: Raw) -> Verdict | None:
    """What an event of the feed means for us; None where it changes nothing that was or is approved.

    Without the payload before (older feeds), an approved entry counts as approved, whatever happened to it.
    """
    old, new = _payload(event, "previous_payload"), _payload(event, "current_payload")
    was, now = bool(old and old.get("approved")), bool(new and new.get("approved"))
    if was and not now and old is not None:
        return Verdict("reversed", old if new is None else new)
    if not now or new is None:
        return None
    if not was or old is None:
        return Verdict("approved", new)
    same = all(old.get(name) == new.get(name) for name in CONTENT[kind])
    return None if same else Verdict("corrected", new)


def _payload(event: Raw, name: str) -> Raw | None:
    """What an event holds of its subject; what is no object stands as one approved, so that it is refused as a row."""
    held = event.get(name)
    return held if held is None or isinstance(held, Mapping) else {"approved": name == "current_payload", "row": held}


@dataclass(frozen=True, slots=True)
class Verdict:
    """The verb of our event and the row it is about."""

    verb: Verb
    row: Raw


def work_event(system: str, kind: str, found: Verdict, happened: datetime, names: Names) -> CloudEvent:
    """A time entry or expense as a business event; its id names one version of one fact, so that a doubled event is one
    and two corrections within one second are two.
    """
    row = Row(found.row, sparse=True)
    changed = happened if found.verb == "reversed" else row.instant("updated_at")
    version = millis(changed)
    make = time_entry if kind == "time_entry" else expense
    work = make(system, row, names, version, "reversed" if found.verb == "reversed" else "approved", changed)
    source_id = row.text("id")
    content = digest([found.row.get(name) for name in CONTENT[kind]])
    ours = time_entry_id(system, source_id) if kind == "time_entry" else expense_id(system, source_id)
    return CloudEvent(
        id=f"{system}:{kind}:{source_id}:{version}:{found.verb}:{content}",
        source=system,
        type=f"tieout.{kind}.{found.verb}",
        subject=f"{kind}:{ours}",
        time=changed,
        dataschema=f"tieout:{kind}:{work.version}",
        data=work.model_dump(mode="json"),
        sourceversion=version,
        legalentity=names.legal_entity,
    )


def time_entry(system: str, row: Row, names: Names, version: int, approval: Any, changed: datetime) -> TimeEntry:
    """An entry as canonical time: minutes as hours, rates an hour in major units; its day as the
    vendor wrote it.
    """
    project, user = row.text("workspace_id"), row.text("user_id")
    return TimeEntry(
        time_entry_id=time_entry_id(system, row.text("id")),
        ref=SystemRef(system=system, kind="time_entry", id=row.text("id")),
        source_version=version,
        project_ref=SystemRef(system=system, kind="project", id=project),
        project_id=names.projects.get(project),
        resource_ref=SystemRef(system=system, kind="resource", id=user),
        resource_id=names.workers.get(user),
        charge_code=names.codes.get(row.opt_text("story_id") or ""),
        legal_entity_id=names.legal_entity,
        work_date=row.day("date_performed"),
        hours=hours_of_minutes(row.decimal("time_in_minutes")),
        billable=row.opt_flag("billable") is not False,
        bill_rate=money(row, "rate_in_cents"),
        cost_rate=money(row, "cost_rate_in_cents"),
        notes=row.opt_text("notes"),
        approval=approval,
        submitted_at=row.opt_instant("submitted_at"),
        approved_at=row.opt_instant("approved_at"),
        changed_at=changed,
    )


def expense(system: str, row: Row, names: Names, version: int, approval: Any, changed: datetime) -> Expense:
    """An entry as a canonical expense, its amount in major units."""
    project, user = row.text("workspace_id"), row.text("user_id")
    amount = money(row, "amount_in_cents")
    return Expense(
        expense_id=expense_id(system, row.text("id")),
        ref=SystemRef(system=system, kind="expense", id=row.text("id")),
        source_version=version,
        project_ref=SystemRef(system=system, kind="project", id=project),
        project_id=names.projects.get(project),
        resource_ref=SystemRef(system=system, kind="resource", id=user),
        resource_id=names.workers.get(user),
        charge_code=names.codes.get(row.opt_text("story_id") or ""),
        legal_entity_id=names.legal_entity,
        spent_on=row.day("date"),
        category=row.opt_text("category") or "other",
        amount=amount if amount else row.money("amount_in_cents", row.opt_text("currency")),
        billable=row.opt_flag("billable") is not False,
        approval=approval,
        submitted_at=row.opt_instant("submitted_at"),
        approved_at=row.opt_instant("approved_at"),
        changed_at=changed,
    )


def money(row: Row, name: str) -> Money | None:
    """An amount in the currency's minor units (`currency_base_unit` of them make one) as exact major units."""
    minor = row.opt_money(name, row.opt_text("currency") if row.raw.get(name) is not None else None)
    return (
        Money(amount=minor.amount / (row.opt_decimal("currency_base_unit") or 100), currency=minor.currency)
        if minor
        else None
    )
