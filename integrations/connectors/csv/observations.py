"""Canonical objects of a file as observations of a PSA; pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from integrations.contracts.connector import Observation
from models.canonical.schemas import Canonical


def observation_of(
    system: str, entity: str, key: str, found: Canonical, version: int, notes: Mapping[str, Mapping[str, Any]]
) -> Observation:
    """`notes` are the latest annotations by our id (what was written back about a time entry or expense)."""
    data = found.model_dump(mode="json")
    dims = data.get("dimensions") or {}
    legal_entity = data.get("legal_entity_id") or dims.get("legal_entity_id")
    if entity == "project":
        fields = (
            {name: data.get(name) for name in ("code", "name", "status", "currency")}
            | dims
            | {"customer_key": data.get("customer_id")}
        )
        return Observation(entity, key, data["code"], fields, legal_entity)
    if entity == "charge_code":
        return Observation(
            entity,
            key,
            data["code"],
            {name: data[name] for name in ("code", "project_code", "active", "billable")},
            legal_entity,
        )
    if entity == "resource":
        names = ("number", "name", "role", "legal_entity_id", "cost_centre", "weekly_hours", "cost_rate", "active")
        return Observation(entity, key, data["number"], {name: data[name] for name in names}, legal_entity)
    if entity in ("time_entry", "expense"):
        return _work(system, entity, key, data, version, notes)
    return Observation(entity, key, key, data, legal_entity)


def _work(
    system: str, entity: str, key: str, data: Mapping[str, Any], version: int, notes: Mapping[str, Mapping[str, Any]]
) -> Observation:
    ours = f"{'TE' if entity == 'time_entry' else 'EX'}-{system}-{key}"
    note = notes.get(ours, {})
    names = (
        "charge_code",
        "work_date",
        "spent_on",
        "hours",
        "category",
        "amount",
        "billable",
        "bill_rate",
        "cost_rate",
        "approval",
        "submitted_at",
        "approved_at",
        "changed_at",
    )
    fields = {name: data[name] for name in names if name in data} | {
        f"{entity}_id": ours,
        "project_code": data.get("project_id") or data["project_ref"]["id"],
        "resource_number": data.get("resource_id") or data["resource_ref"]["id"],
        "source_version": version,
        "changed_at": data.get("changed_at") or datetime.fromtimestamp(version / 1000, UTC).isoformat(),
        "sync_status": note.get("status"),
        "sync_message": note.get("message"),
    }
    return Observation(entity, key, ours, fields, data.get("legal_entity_id"))
