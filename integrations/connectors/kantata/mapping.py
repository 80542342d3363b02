"""Kantata objects ↔ canonical ones; pure. Money comes in minor units, hours in minutes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any, Literal

from integrations.connectors.digest import digest
from integrations.connectors.rows import Row
from integrations.connectors.watermark import millis
from integrations.contracts.connector import Observation
from models.canonical.events import CloudEvent
from models.canonical.schemas import Expense, SystemRef, TimeEntry
from models.domain.keys import expense_id, time_entry_id
from models.domain.money import Money

Raw = Mapping[str, Any]
Verb = Literal["approved", "corrected", "reversed"]
CODE = re.compile(r"^[A-Z][A-Z0-9]*(-?\d[\w.-]*)?$")
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


@dataclass(slots=True)
class Names:
    """What the ids of a page stand for, looked up once for the whole page."""

    codes: dict[str, str] = field(default_factory=dict)
    """Story id -> charge code: the text of its title before the first blank."""
    projects: dict[str, str] = field(default_factory=dict)
    workers: dict[str, str] = field(default_factory=dict)
    legal_entity: str | None = None

    def include(self, older: Names) -> bool:
        """Whether every older name still stands; new ones may have come."""
        return all(
            mine.get(key) == name
            for mine, theirs in (
                (self.codes, older.codes),
                (self.projects, older.projects),
                (self.workers, older.workers),
            )
            for key, name in theirs.items()
        )


def verdict(kind: str, event: Raw) -> Verdict | None:
    """What an event of the feed means for us; None where it changes nothing that was or is approved.

    Without the payload before (older feeds), an approved entry counts as approved, whatever happened to it.
    """
    old, new = event.get("previous_payload"), event.get("current_payload")
    was, now = bool(old and old.get("approved")), bool(new and new.get("approved"))
    if was and not now and old is not None:
        return Verdict("reversed", old if new is None else new)
    if not now or new is None:
        return None
    if not was or old is None:
        return Verdict("approved", new)
    same = all(old.get(name) == new.get(name) for name in CONTENT[kind])
    return None if same else Verdict("corrected", new)


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
        hours=hours(row.decimal("time_in_minutes")),
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


def hours(minutes: Decimal) -> Decimal:
    """Minutes as hours to the hundredth, half-even."""
    return (minutes / 60).quantize(Decimal("0.01"), ROUND_HALF_EVEN)


def money(row: Row, name: str) -> Money | None:
    """An amount in the currency's minor units (`currency_base_unit` of them make one) as exact major units."""
    minor = row.opt_money(name, row.opt_text("currency") if row.raw.get(name) is not None else None)
    return (
        Money(amount=minor.amount / (row.opt_decimal("currency_base_unit") or 100), currency=minor.currency)
        if minor
        else None
    )


def first_word(title: str) -> str:
    return title.split(" ", 1)[0]


def project_code(workspace: Raw, references: list[Raw]) -> str | None:
    """The project code of a workspace: our external reference, else its title's first word where that looks like a
    code.
    """
    for row in references:
        if row.get("service_model") == "project":
            return str(row["service_model_ref"])
    word = first_word(str(workspace.get("title") or ""))
    return word if CODE.match(word) else None


def worker_number(references: list[Raw]) -> str | None:
    """The worker number in a user's references: our own row wins over those of other services."""
    rows = sorted(references, key=lambda row: row.get("service_name") != "tieout")
    return str(rows[0]["service_model_ref"]) if rows else None


def status(workspace: Raw) -> str:
    """planned, active, closed or cancelled; archived means closed to the vendor."""
    said = workspace.get("status")
    text = str(said.get("message") if isinstance(said, Mapping) else said or "").lower()
    if "cancel" in text:
        return "cancelled"
    if workspace.get("archived") or any(word in text for word in ("closed", "complete", "done")):
        return "closed"
    return "planned" if any(word in text for word in ("not started", "planned", "estimate")) else "active"


def project_observation(workspace: Raw, references: list[Raw], legal_entity: str | None) -> Observation:
    row = Row(workspace, sparse=True)
    title = row.text("title")
    code = project_code(workspace, references)
    name = title.split(" · ", 1)[1] if " · " in title else title
    fields = {
        "code": code,
        "name": name,
        "status": status(workspace),
        "customer_key": None,
        "currency": row.opt_text("currency"),
        "legal_entity_id": legal_entity,
    }
    return Observation("project", row.text("id"), code or row.text("id"), fields, legal_entity)


def resource_observation(user: Raw, references: list[Raw], legal_entity: str | None) -> Observation:
    row = Row(user, sparse=True)
    number = worker_number(references)
    fields = {
        "number": number,
        "name": row.opt_text("full_name"),
        "role": row.opt_text("headline"),
        "legal_entity_id": legal_entity,
        "cost_centre": None,
        "weekly_hours": None,
        "cost_rate": None,
        "active": not row.opt_flag("disabled"),
    }
    return Observation("resource", row.text("id"), number or row.text("id"), fields, legal_entity)


def work_observation(
    system: str, kind: str, raw: Raw, names: Names, submission: Raw | None, references: list[Raw]
) -> Observation:
    """One entry as the PSA shows it, with what its sync ledger last said of its posting."""
    row = Row(raw, sparse=True)
    changed = row.instant("updated_at")
    state = approval(raw, submission)
    make = time_entry if kind == "time_entry" else expense
    data = make(system, row, names, millis(changed), state, changed).model_dump(mode="json")
    ledger = max(references, key=lambda one: str(one.get("updated_at") or one.get("last_synced_at") or ""), default={})
    submitted = data["submitted_at"] or (submission or {}).get("created_at")
    keep = (
        "charge_code",
        "work_date",
        "spent_on",
        "hours",
        "category",
        "amount",
        "billable",
        "bill_rate",
        "cost_rate",
        "approved_at",
        "changed_at",
        "source_version",
    )
    fields = {name: data[name] for name in keep if name in data} | {
        f"{kind}_id": data[f"{kind}_id"],
        "project_code": data["project_id"],
        "resource_number": data["resource_id"],
        "approval": state,
        "submitted_at": _utc(submitted),
        "sync_status": ledger.get("status"),
        "sync_message": ledger.get("external_message"),
    }
    return Observation(kind, row.text("id"), data[f"{kind}_id"], fields, names.legal_entity)


def approval(raw: Raw, submission: Raw | None) -> str:
    """open, submitted, approved or rejected, out of the entry's flag and its submission's status."""
    if raw.get("approved"):
        return "approved"
    said = (submission or {}).get("status")
    return {"new": "submitted", "rejected": "rejected"}.get(str(said), "open")


def _utc(text: str | None) -> str | None:
    found = Row({"at": text}, sparse=True).opt_instant("at")
    return found.isoformat() if found else None
