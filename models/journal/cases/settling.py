"""Brings status, money, age and severity of cases in line with their open findings, and tells the audit lake."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from models.domain.case import ACTIVE, CaseStatus
from models.domain.finding import Finding
from models.domain.record import Record, RecordKind
from models.journal.cases.history import DETECTOR_ACTOR, note
from models.journal.cases.tables import case_
from models.journal.cases.totals import Total, totals_of, worth


def settled(
    connection: sa.Connection,
    part: Sequence[str],
    fed: Mapping[str, Sequence[Finding]],
    rates: Mapping[str, Decimal],
    now: datetime,
) -> list[Record]:
    """Settle these cases; what the audit lake keeps of it."""
    totals = totals_of(connection, part)
    query = sa.select(case_).where(case_.c.case_id.in_(part))
    rows = [dict(row) for row in connection.execute(query).mappings()]
    records, changes = list[Record](), list[dict[str, Any]]()
    for row in rows:
        case_id = row["case_id"]
        total = totals.get(case_id, Total())
        change, action = _change(row, total, rates, case_id in fed, now)
        changes.append(change)
        if action:
            note(connection, [case_id], now, DETECTOR_ACTOR, action, {"occurrences": total.occurrences})
        if action or case_id in fed:
            records.append(_record(row, change, fed.get(case_id, ()), now))
    if changes:
        connection.execute(sa.update(case_).where(case_.c.case_id == sa.bindparam("b_case_id")), changes)
    return records


def _change(
    row: Mapping[str, Any], total: Total, rates: Mapping[str, Decimal], fed: bool, now: datetime
) -> tuple[dict[str, Any], str | None]:
    """The new columns of a case and what happened to it, if anything worth an entry in its history."""
    status, action, opened = CaseStatus(row["status"]), None, row["opened_at"]
    if total.occurrences and status is CaseStatus.RESOLVED:
        status, action, opened = CaseStatus.OPEN, "reopened", now
    elif not total.occurrences and status in (*ACTIVE, CaseStatus.SNOOZED):
        status, action = CaseStatus.RESOLVED, "resolved"
    columns = {
        "b_case_id": row["case_id"],
        "status": status,
        "active": int(status in ACTIVE),
        "opened_at": opened,
        "resolved_at": now
        if action == "resolved"
        else (None if status is not CaseStatus.RESOLVED else row["resolved_at"]),
        "last_seen": now if fed else row["last_seen"],
        **worth(row, total, rates, action == "reopened", now),
    }
    return columns, action


def _record(row: Mapping[str, Any], change: Mapping[str, Any], fed: Sequence[Finding], now: datetime) -> Record:
    amounts = change["amounts"]
    single = next(iter(amounts.items())) if len(amounts) == 1 else (None, None)
    return Record(
        RecordKind.FINDING,
        now,
        flow=row["flow"],
        system=row["system"],
        entity=row["subject_entity"],
        business_key=f"{row['subject_entity']}:{row['subject_key']}",
        legal_entity=row["legal_entity"],
        status="resolved" if change["status"] == CaseStatus.RESOLVED else "open",
        error_code=row["cause"],
        amount=None if single[1] is None else Decimal(single[1]),
        currency=single[0],
        actor=DETECTOR_ACTOR,
        body={
            "case_id": row["case_id"],
            "fingerprint": row["fingerprint"],
            "detector": row["detector"],
            "title": row["title"],
            "occurrences": change["occurrences"],
            "amounts": amounts,
            "severity": change["severity"],
            "new_subjects": [f"{item.subject_entity}:{item.subject_key}" for item in fed[:200]],
        },
    )
