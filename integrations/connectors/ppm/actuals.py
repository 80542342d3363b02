"""Actuals and progress as the portfolio takes them from outside (Oracle Primavera Cloud's externally sourced project
actuals) ↔ canonical ones; pure.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from integrations.connectors.rows import Row
from integrations.contracts.connector import Observation
from models.domain.statements import statement_key

MEASURES = ("cost", "revenue", "billed")


def actual_record(source_id: str, body: Mapping[str, Any]) -> dict[str, Any]:
    """A statement: money as exact numbers in major units of `currencyCode`; final once its period is closed."""
    row = Row(body, sparse=True, textual=True)
    status = "APPROVED" if row.flag("period_closed") else "PENDING"
    return {
        "sourceId": source_id,
        "projectCode": row.text("project_code"),
        "legalEntity": row.text("legal_entity_id"),
        "periodName": row.text("period"),
        "periodStart": row.day("period_starts_on").isoformat(),
        "periodEnd": row.day("period_ends_on").isoformat(),
        "effectiveDate": f"{row.day('period_ends_on').isoformat()}T00:00:00",
        "currencyCode": row.text("currency"),
        **{name: row.child(name).decimal("amount") for name in MEASURES},
        "totalHours": row.decimal("hours"),
        "status": "SUPERSEDED" if row.opt_flag("superseded") else status,
        "revision": row.decimal("revision"),
        "reason": row.text("reason"),
    }


def progress_record(source_id: str, body: Mapping[str, Any]) -> dict[str, Any]:
    """How far a project has come in a period, with the states of its milestones."""
    row = Row(body, sparse=True, textual=True)
    fields = {
        "sourceId": source_id,
        "projectCode": row.text("project_code"),
        "periodStart": row.day("period_starts_on").isoformat(),
        "percentComplete": row.opt_decimal("complete"),
        "asOf": row.day("as_of").isoformat(),
        "milestones": [
            {"id": one.text("milestone_id"), "name": one.text("name"), "state": one.text("state")}
            for one in row.children("milestones")
        ],
    }
    return {name: value for name, value in fields.items() if value is not None}


def actual_observation(raw: Mapping[str, Any]) -> Observation:
    """A statement as the portfolio has it; the key is what its revisions share."""
    row = Row(raw, sparse=True)
    source_id, currency, entity = row.text("sourceId"), row.text("currencyCode"), row.opt_text("legalEntity")
    money = {name: row.money(name, currency).model_dump(mode="json") for name in MEASURES}
    stated = row.opt_instant("updatedAt")
    fields = {
        "project_code": row.text("projectCode"),
        "legal_entity_id": entity,
        "period": row.opt_text("periodName"),
        "period_starts_on": row.day("periodStart").isoformat(),
        "currency": currency,
        **money,
        "hours": format(row.decimal("totalHours"), "f"),
        "status": row.text("status").lower(),
        "revision": int(row.opt_decimal("revision") or 1),
        "reason": row.opt_text("reason"),
        "stated_at": stated.isoformat() if stated else None,
    }
    return Observation("actual", source_id, statement_key(source_id), fields, entity)


def progress_observation(raw: Mapping[str, Any]) -> Observation:
    """Progress of a project in a period as the portfolio has it."""
    row = Row(raw, sparse=True)
    source_id, complete = row.text("sourceId"), row.opt_decimal("percentComplete")
    fields = {
        "project_code": row.text("projectCode"),
        "period_starts_on": row.day("periodStart").isoformat(),
        "complete": None if complete is None else format(complete, "f"),
        "as_of": row.day("asOf").isoformat(),
        "milestones": [
            {"milestone_id": one.text("id"), "name": one.opt_text("name"), "state": one.text("state")}
            for one in row.children("milestones")
        ],
    }
    return Observation("progress", source_id, source_id, fields)
