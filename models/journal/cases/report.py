"""Detectors' reports become cases: what is found opens or feeds a case, what is no longer found resolves by itself."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, Protocol, TypeVar

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from models.domain.case import ACTIVE, SEVERITIES, CaseStatus
from models.domain.clock import Clock
from models.domain.finding import Finding
from models.domain.fingerprint import case_id_of, finding_id_of
from models.domain.record import Record, RecordKind
from models.journal.cases.tables import case_, case_event, finding
from models.journal.cases.totals import Total, totals_of, worth
from models.journal.writing import writing

_T = TypeVar("_T")

DETECTOR_ACTOR = "detector"
_CHUNK = 500
_REPORT_LOCK = 0x71E0_0CA5  # advisory lock on PostgreSQL: two collectors never report at once


class FeedWriter(Protocol):
    """What cases and requests need of the journal's feed."""

    def append(self, connection: sa.Connection, records: Sequence[Record]) -> Any: ...


class CaseReport:
    """The writing half that detectors use."""

    def __init__(self, engine: sa.Engine, clock: Clock, feed: FeedWriter) -> None:
        self._engine, self._clock, self._feed = engine, clock, feed
        self._rates: dict[str, Decimal] = {}

    def report(self, detector: str, findings: Sequence[Finding], rates: Mapping[str, Decimal] | None = None) -> None:
        """Make the open findings of one detector exactly `findings`, all or nothing. Safe to repeat."""
        self.report_all({detector: findings}, rates)

    def report_all(self, reports: Mapping[str, Sequence[Finding]], rates: Mapping[str, Decimal] | None = None) -> None:
        """Make the open findings of several detectors exactly what each found, all or nothing.

        One transaction, so that a subject which moves from one detector to another neither resolves nor reopens its
        case. `rates` are units of the reporting currency for one unit of each currency; without them the last ones stay
        in use.
        """
        now, wanted = self._clock.now(), _Wanted(reports)
        repriced = rates is not None and dict(rates) != self._rates
        if rates is not None:
            self._rates = dict(rates)
        with writing(self._engine) as connection:
            if connection.dialect.name == "postgresql":
                connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_REPORT_LOCK)))
            moves = _Moves(connection, wanted, now)
            touched = moves.stored() | moves.words_stored()
            if repriced:
                touched |= set(connection.scalars(sa.select(case_.c.case_id).where(case_.c.active == 1)))
            touched |= self._woken(connection, now)
            self._settle(connection, touched, moves, now)

    def _woken(self, connection: sa.Connection, now: datetime) -> set[str]:
        """Cases whose snooze has ended are open again, and those past their service time become overdue."""
        snoozed = list(
            connection.scalars(
                sa.select(case_.c.case_id).where(case_.c.status == CaseStatus.SNOOZED, case_.c.snoozed_until <= now)
            )
        )
        for part in _chunks(snoozed):
            connection.execute(
                sa.update(case_)
                .where(case_.c.case_id.in_(part))
                .values(status=CaseStatus.OPEN, active=1, snoozed_until=None)
            )
            _note(connection, part, now, DETECTOR_ACTOR, "reopened", {"because": "the snooze ended"})
        late = sa.select(case_.c.case_id).where(case_.c.active == 1, case_.c.sla_due <= now, case_.c.overdue == 0)
        return set(snoozed) | set(connection.scalars(late))

    def _settle(self, connection: sa.Connection, touched: set[str], moves: _Moves, now: datetime) -> None:
        """Bring status, money, age and severity of the touched cases in line with their open findings."""
        records: list[Record] = []
        for part in _chunks(sorted(touched)):
            totals = totals_of(connection, part)
            rows = [
                dict(row) for row in connection.execute(sa.select(case_).where(case_.c.case_id.in_(part))).mappings()
            ]
            changes = []
            for row in rows:
                total = totals.get(row["case_id"], Total())
                change, action = _change(row, total, self._rates, row["case_id"] in moves.fed, now)
                changes.append(change)
                if action:
                    _note(connection, [row["case_id"]], now, DETECTOR_ACTOR, action, {"occurrences": total.occurrences})
                if action or row["case_id"] in moves.fed:
                    records.append(_record(row, change, moves.fed.get(row["case_id"], ()), now))
            if changes:
                connection.execute(sa.update(case_).where(case_.c.case_id == sa.bindparam("b_case_id")), changes)
        if records:
            self._feed.append(connection, records)


class _Wanted:
    """What detectors found, keyed and digested before the transaction begins, so that it holds nobody up."""

    def __init__(self, reports: Mapping[str, Sequence[Finding]]) -> None:
        self.detectors = list(reports)
        self.findings: dict[str, tuple[str, str, Finding, str]] = {}
        self.words: dict[str, tuple[str, Finding]] = {}
        for detector, findings in reports.items():
            for item in findings:
                self._add(detector, item)

    def _add(self, detector: str, item: Finding) -> None:
        case_id = case_id_of(item.fingerprint)
        finding_id = finding_id_of(case_id, detector, item.subject_entity, item.subject_key)
        self.findings[finding_id] = (detector, case_id, item, item.digest())
        before = self.words.get(case_id)
        if before is None or (item.cause.root and not before[1].cause.root):
            self.words[case_id] = (detector, item)


class _Moves:
    """What a report changes: new, changed and vanished findings, and the cases they belong to."""

    def __init__(self, connection: sa.Connection, wanted: _Wanted, now: datetime) -> None:
        self._connection, self._wanted, self._now = connection, wanted, now
        self.fed: dict[str, list[Finding]] = {}
        held = sa.select(finding.c.finding_id, finding.c.case_id, finding.c.digest).where(
            finding.c.detector.in_(wanted.detectors), finding.c.resolved_at.is_(None)
        )
        self._held = {row.finding_id: (row.case_id, row.digest) for row in connection.execute(held)}

    def stored(self) -> set[str]:
        """Write the difference; the ids of the cases it touches."""
        fresh = []
        for finding_id, (detector, case_id, item, digest) in self._wanted.findings.items():
            held = self._held.get(finding_id)
            if held is None:
                self.fed.setdefault(case_id, []).append(item)
            if held is None or held[1] != digest:
                fresh.append(_finding_row(finding_id, case_id, detector, item, digest, self._now))
        gone = [finding_id for finding_id in self._held if finding_id not in self._wanted.findings]
        for rows in _chunks(fresh):
            _upsert(self._connection, rows)
        for part in _chunks(gone):
            self._connection.execute(
                sa.update(finding).where(finding.c.finding_id.in_(part)).values(resolved_at=self._now)
            )
        return {row["case_id"] for row in fresh} | {self._held[finding_id][0] for finding_id in gone}

    def words_stored(self) -> set[str]:
        """Open cases that are new and bring the words of known ones up to date; the ids of the cases it touches."""
        touched: set[str] = set()
        for part in _chunks(list(self._wanted.words)):
            known = {
                row["case_id"]: dict(row)
                for row in self._connection.execute(sa.select(case_).where(case_.c.case_id.in_(part))).mappings()
            }
            opened = [
                _case_row(case_id, *self._wanted.words[case_id], self._now) for case_id in part if case_id not in known
            ]
            if opened:
                self._connection.execute(sa.insert(case_), opened)
                _note(self._connection, [row["case_id"] for row in opened], self._now, DETECTOR_ACTOR, "opened", {})
            touched |= {row["case_id"] for row in opened}
            touched |= {case_id for case_id, row in known.items() if self._reworded(row, *self._wanted.words[case_id])}
        return touched

    def _reworded(self, row: Mapping[str, Any], detector: str, item: Finding) -> bool:
        if row["root"] and not item.cause.root and row["detector"] != detector:
            return False
        words = _words(detector, item)
        changed = {key: value for key, value in words.items() if row[key] != value}
        if changed:
            self._connection.execute(sa.update(case_).where(case_.c.case_id == row["case_id"]).values(**changed))
        return bool(changed)


def _words(detector: str, item: Finding) -> dict[str, Any]:
    cause = item.cause
    subject = dict(zip(("subject_entity", "subject_key"), cause.subject, strict=True)) if cause.subject else {}
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


def _case_row(case_id: str, detector: str, item: Finding, now: datetime) -> dict[str, Any]:
    return {
        "case_id": case_id,
        "fingerprint": item.fingerprint,
        "subject_entity": item.subject_entity,
        "subject_key": item.subject_key,
        **_words(detector, item),
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
        "last_seen": now,
        "opened_at": now,
        "sla_due": now,
        "overdue": 0,
        "run_ids": [],
        "trace_ids": [],
    }


def _finding_row(
    finding_id: str, case_id: str, detector: str, item: Finding, digest: str, now: datetime
) -> dict[str, Any]:
    minor = None if item.amount is None else int((item.amount * 100).to_integral_value())
    return {
        "finding_id": finding_id,
        "case_id": case_id,
        "detector": detector,
        "subject_entity": item.subject_entity,
        "subject_key": item.subject_key,
        "run_id": item.run_id,
        "trace_id": item.trace_id,
        "amount": None if minor is None else str(Decimal(minor).scaleb(-2)),
        "amount_minor": minor,
        "currency": item.currency,
        "evidence": dict(item.evidence),
        "digest": digest,
        "first_seen": item.since or now,
        "last_seen": now,
        "resolved_at": None,
    }


def _upsert(connection: sa.Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert findings; one that had resolved is open again under its old id, and as old as its new trouble."""
    insert = postgresql.insert(finding) if connection.dialect.name == "postgresql" else sqlite.insert(finding)
    renewed = (
        "run_id",
        "trace_id",
        "amount",
        "amount_minor",
        "currency",
        "evidence",
        "digest",
        "last_seen",
        "resolved_at",
    )
    begun = sa.case((finding.c.resolved_at.is_not(None), insert.excluded.first_seen), else_=finding.c.first_seen)
    statement = insert.on_conflict_do_update(
        index_elements=["finding_id"], set_={name: insert.excluded[name] for name in renewed} | {"first_seen": begun}
    )
    connection.execute(statement, list(rows))


def _change(
    row: Mapping[str, Any], total: Total, rates: Mapping[str, Decimal], fed: bool, now: datetime
) -> tuple[dict[str, Any], str | None]:
    """The new columns of a case and what happened to it, if anything worth an entry in its history."""
    status, action, opened = CaseStatus(row["status"]), None, row["opened_at"]
    if total.occurrences and status is CaseStatus.RESOLVED:
        status, action, opened = CaseStatus.OPEN, "reopened", now
    elif not total.occurrences and status in (*ACTIVE, CaseStatus.SNOOZED):
        status, action = CaseStatus.RESOLVED, "resolved"
    value = worth(row, total, rates, opened, now)
    columns = {
        "b_case_id": row["case_id"],
        "status": status,
        "active": int(status in ACTIVE),
        "opened_at": opened,
        "resolved_at": now
        if action == "resolved"
        else (None if status is not CaseStatus.RESOLVED else row["resolved_at"]),
        "last_seen": now if fed else row["last_seen"],
        **value,
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


def _note(
    connection: sa.Connection, case_ids: Iterable[str], at: datetime, actor: str, action: str, body: Mapping[str, Any]
) -> None:
    rows = [
        {"case_id": case_id, "at": at, "actor": actor, "action": action, "body": dict(body)} for case_id in case_ids
    ]
    if rows:
        connection.execute(sa.insert(case_event), rows)


def _chunks(items: Sequence[_T]) -> Iterator[Sequence[_T]]:
    for start in range(0, len(items), _CHUNK):
        yield items[start : start + _CHUNK]
