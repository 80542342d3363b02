"""Findings and new cases as rows."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from models.domain.case import SEVERITIES, CaseStatus
from models.domain.finding import Finding
from models.journal.cases.wanted import Found, Words


def words_of(detector: str, item: Finding) -> dict[str, Any]:
    """The columns of a case that a detector's words fill; its subject where they name one by its key: work that was
    booked on no project has none.
    """
    cause = item.cause
    named = cause.subject is not None and cause.subject[1] is not None
    subject = dict(zip(("subject_entity", "subject_key"), cause.subject or (), strict=True)) if named else {}
    return {
        **subject,
        "detector": detector,
        "cause": cause.cause,
        "title": cause.title,
        "explanation": cause.explanation,
        "next_action": cause.next_action,
        "suggestion": dict(cause.suggestion) if cause.suggestion else None,
        "owner": cause.owner,
        "floor": cause.floor,
        "money_kind": cause.money_kind,
        "flow": cause.flow,
        "system": cause.system,
        "root": int(cause.root),
    }


def case_row(case_id: str, words: Words, now: datetime) -> dict[str, Any]:
    """A case as it opens; its money and age come with its findings' totals."""
    item = words.item
    return {
        "case_id": case_id,
        "fingerprint": item.case_fingerprint,
        "subject_entity": item.subject_entity,
        "subject_key": item.subject_key,
        **words_of(words.detector, item),
        "severity": item.cause.floor,
        "severity_rank": SEVERITIES.index(item.cause.floor),
        "status": CaseStatus.OPEN,
        "active": 1,
        "legal_entity": item.legal_entity,
        "project_key": item.project_key,
        "customer_key": item.customer_key,
        "occurrences": 0,
        "amounts": {},
        "amount_reporting": "0.00",
        "amount_rank": 0,
        "first_seen": item.since or now,
        "first_sight": item.since or now,
        "last_seen": now,
        "opened_at": now,
        "sla_due": now,
        "overdue": 0,
        "run_ids": [],
        "trace_ids": [],
    }


def finding_row(found: Found, now: datetime) -> dict[str, Any]:
    """An open finding, its amount in hundredths too, to sum by."""
    item = found.item
    minor = _minor(item.amount)
    return {
        "finding_id": found.finding_id,
        "case_id": found.case_id,
        "detector": found.detector,
        "subject_entity": item.subject_entity,
        "subject_key": item.subject_key,
        "run_id": item.run_id,
        "trace_id": item.trace_id,
        "amount": None if minor is None else str(Decimal(minor).scaleb(-2)),
        "amount_minor": minor,
        "currency": item.currency,
        "evidence": dict(item.evidence),
        "digest": found.digest,
        "first_seen": item.since or now,
        "last_seen": now,
        "resolved_at": None,
        "legal_entity": item.legal_entity,
        "money_kind": item.cause.money_kind,
        "period": item.period,
        "reporting_minor": _minor(item.reporting),
    }


def _minor(amount: Decimal | None) -> int | None:
    """An amount in hundredths."""
    return None if amount is None else int((amount * 100).to_integral_value())
