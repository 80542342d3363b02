"""What a snapshot of Kantata shows, in canonical words; pure."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from integrations.connectors.kantata.invoicing import MODEL, heard
from integrations.connectors.kantata.mapping import expense, time_entry
from integrations.connectors.kantata.names import Names, Raw, project_code, worker_number
from integrations.connectors.rows import Row
from integrations.connectors.watermark import millis
from integrations.contracts.connector import Observation


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
    """A workspace as a project; its key is the project code, or the vendor's id where it has none yet."""
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
    """A user as a resource; its key is the worker number, or the vendor's id."""
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


INVOICE = "invoice_status"
SAID = {"cancelled": "void", "accepted payment": "paid", "new": "open"}


def invoice_observation(invoice: Raw, references: list[Raw], names: Names) -> Observation:
    """An invoice as the PSA shows it: its own state and amount, and what its reference says of the ERP's invoice. Its
    key is our id of that one, or the vendor's id where nobody sent it.
    """
    row = Row(invoice, sparse=True)
    said = row.opt_text("status") or "new"
    mine = next((one for one in references if one.get("service_model") == MODEL), {})
    amounts = heard(mine.get("external_message")) or {}
    currency, base = row.opt_text("currency"), row.opt_decimal("currency_base_unit") or Decimal(100)
    minor = row.opt_money("balance_in_cents", currency)

    def money(amount: Decimal | None) -> dict[str, Any] | None:
        return None if amount is None or not currency else {"amount": format(amount, "f"), "currency": currency}

    fields = {
        "invoice_id": mine.get("service_model_ref"),
        "number": row.opt_text("user_invoice_title") or row.opt_text("title"),
        "project_code": next((names.projects.get(str(one)) for one in invoice.get("workspace_ids") or ()), None),
        "status": "draft" if row.opt_flag("draft") else SAID.get(said, said),
        "settled_as": mine.get("external_status"),
        "total": money(minor.amount / base if minor else None),
        "paid": money(amounts.get("paid")),
        "credited": money(amounts.get("credited")),
        "issued_on": row.opt_text("invoice_date"),
        "changed_at": _utc(max(str(row.opt_text("updated_at") or ""), str(mine.get("updated_at") or "")) or None),
    }
    key = str(mine.get("service_model_ref") or row.text("id"))
    return Observation(INVOICE, row.text("id"), key, fields, names.legal_entity)


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
    """open, submitted, approved or rejected, out of the entry's flag and its submission's status; an expense may be
    handed in alone, and says only when.
    """
    if raw.get("approved"):
        return "approved"
    if submission is None:
        return "submitted" if raw.get("submitted_at") else "open"
    return {"new": "submitted", "rejected": "rejected"}.get(str(submission.get("status")), "open")


def _utc(text: str | None) -> str | None:
    found = Row({"at": text}, sparse=True).opt_instant("at")
    return found.isoformat() if found else None
