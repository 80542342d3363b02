"""What a report changes in some cases: new, changed and vanished findings, and the words of the cases."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from models.domain.case import CaseStatus
from models.journal.cases.difference import Difference
from models.journal.cases.history import DETECTOR_ACTOR, chunks, note
from models.journal.cases.identities import KEPT, WHOLE
from models.journal.cases.rows import case_row, finding_row, words_of
from models.journal.cases.tables import case_, finding
from models.journal.cases.wanted import Wanted, Words

_INHERITED = ("status", "active", "assignee", "snoozed_until", "opened_at")
_RENEWED = (
    "run_id",
    "trace_id",
    "amount",
    "amount_minor",
    "currency",
    "evidence",
    "digest",
    "last_seen",
    "resolved_at",
    "legal_entity",
    "money_kind",
    "period",
    "reporting_minor",
)


def moved(
    connection: sa.Connection, part: Sequence[str], difference: Difference, wanted: Wanted, now: datetime
) -> None:
    """Bring the findings and the words of these cases to what was found."""
    fresh = [finding_row(found, now) for case_id in part for found in difference.fresh.get(case_id, ())]
    for rows in chunks(fresh):
        _upsert(connection, rows)
    for ids in chunks([finding_id for case_id in part for finding_id in difference.gone.get(case_id, ())]):
        connection.execute(sa.update(finding).where(finding.c.finding_id.in_(ids)).values(resolved_at=now))
    _worded(connection, {case_id: wanted.words[case_id] for case_id in part if case_id in wanted.words}, now)
    _woken(connection, part, now)


def _worded(connection: sa.Connection, words: Mapping[str, Words], now: datetime) -> None:
    """Open cases that are new and bring the words of known ones up to date."""
    parents = {one.split_from for one in words.values() if one.split_from}
    query = sa.select(case_).where(case_.c.case_id.in_([*words, *parents]))
    known = {row["case_id"]: dict(row) for row in connection.execute(query).mappings()}
    opened = [
        case_row(case_id, one, now) | _inheritance(known.get(one.split_from or ""), one)
        for case_id, one in words.items()
        if case_id not in known
    ]
    if opened:
        connection.execute(sa.insert(case_), opened)
        for row in opened:
            body = {"split_from": row["split_from"]} if row["split_from"] else {}
            note(connection, [row["case_id"]], now, DETECTOR_ACTOR, "split" if body else "opened", body)
    silent = _silent(connection, [row for case_id, row in known.items() if case_id in words], words)
    for case_id, one in words.items():
        if case_id in known and (changed := _reworded(known[case_id], one, case_id in silent)):
            connection.execute(sa.update(case_).where(case_.c.case_id == case_id).values(**changed))


def _inheritance(parent: Mapping[str, Any] | None, one: Words) -> dict[str, Any]:
    """What a case has of the case it was a part of: people go on where they were."""
    if parent is None or parent["status"] == CaseStatus.RESOLVED:
        return {"split_from": one.split_from}
    return {"split_from": one.split_from, **{name: parent[name] for name in _INHERITED}}


def _silent(connection: sa.Connection, rows: Sequence[Mapping[str, Any]], words: Mapping[str, Words]) -> frozenset[str]:
    """Cases in the words of a detector that finds nothing in them any more: an older release's, for one."""
    others = [row for row in rows if row["detector"] != words[row["case_id"]].detector]
    found = (
        sa.select(finding.c.case_id)
        .join(case_, sa.and_(case_.c.case_id == finding.c.case_id, case_.c.detector == finding.c.detector))
        .where(finding.c.case_id.in_([row["case_id"] for row in others]), finding.c.resolved_at.is_(None))
        .distinct()
    )
    return frozenset(row["case_id"] for row in others) - frozenset(connection.scalars(found) if others else ())


def _reworded(row: Mapping[str, Any], one: Words, silent: bool) -> dict[str, Any]:
    """The columns to change: another detector's words stand until a root's come, it is `silent`, or the case opens
    again.
    """
    changed: dict[str, Any] = {}
    if row["identity"] == WHOLE:
        changed = {
            "identity": KEPT,
            "fingerprint": one.item.case_fingerprint,
            "legal_entity": one.item.legal_entity,
        }
    taken = silent or row["detector"] == one.detector or row["status"] == CaseStatus.RESOLVED
    if taken or (one.item.cause.root and not row["root"]):
        changed |= {key: value for key, value in words_of(one.detector, one.item).items() if row[key] != value}
    return changed


def _woken(connection: sa.Connection, part: Sequence[str], now: datetime) -> None:
    """Cases whose snooze has ended are open again."""
    ended = sa.and_(case_.c.case_id.in_(part), case_.c.status == CaseStatus.SNOOZED, case_.c.snoozed_until <= now)
    snoozed = list(connection.scalars(sa.select(case_.c.case_id).where(ended)))
    if snoozed:
        values = {"status": CaseStatus.OPEN, "active": 1, "snoozed_until": None}
        connection.execute(sa.update(case_).where(case_.c.case_id.in_(snoozed)).values(**values))
        note(connection, snoozed, now, DETECTOR_ACTOR, "reopened", {"because": "the snooze ended"})


def _upsert(connection: sa.Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert findings; one that had resolved is open again under its old id, and as old as its new trouble."""
    insert = postgresql.insert(finding) if connection.dialect.name == "postgresql" else sqlite.insert(finding)
    begun = sa.case((finding.c.resolved_at.is_not(None), insert.excluded.first_seen), else_=finding.c.first_seen)
    statement = insert.on_conflict_do_update(
        index_elements=["finding_id"], set_={name: insert.excluded[name] for name in _RENEWED} | {"first_seen": begun}
    )
    connection.execute(statement, list(rows))
