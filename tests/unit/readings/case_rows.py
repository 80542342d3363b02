"""Cases as readings answer them, for tests of what is made from them."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from app.readings.cases.rows import Case, CaseEvent

NOW = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)


def case(**more: Any) -> Case:
    """An open case of €5.00, with what the test is about instead."""
    base: dict[str, Any] = {
        "case_id": "c",
        "fingerprint": "f",
        "title": "It is stuck",
        "explanation": "It was so.",
        "next_action": "Replay.",
        "cause": "project-missing",
        "severity": "high",
        "status": "open",
        "owner": "erp",
        "assignee": None,
        "detector": "late",
        "flow": "time-to-bill",
        "system": None,
        "legal_entity": "NOV-DE",
        "subject_entity": "project",
        "subject_key": "project:PRJ-1",
        "project_key": "PRJ-1",
        "customer_key": None,
        "occurrences": 1,
        "money_kind": "billing_blocked",
        "amount_reporting": Decimal("5.00"),
        "amounts": {"EUR": Decimal("5.00")},
        "first_seen": NOW,
        "last_seen": NOW,
        "sla_due": NOW,
        "resolved_at": None,
        "snoozed_until": None,
        "suggestion": {},
        "trace_ids": (),
    }
    return Case(**{**base, **more})


def event(action: str, at: datetime, actor: str = "detector", **body: Any) -> CaseEvent:
    """An event of a case's history."""
    return CaseEvent(at, actor, action, body)
