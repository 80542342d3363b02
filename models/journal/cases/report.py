"""Detectors' reports become cases: what is found opens or feeds a case, what is no longer found resolves by itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, Protocol

import sqlalchemy as sa

from models.domain.case import ACTIVE, CaseStatus
from models.domain.clock import Clock
from models.domain.finding import Finding
from models.domain.record import Record, RecordKind
from models.journal.cases.history import DETECTOR_ACTOR, chunks, note
from models.journal.cases.moves import Moves, Wanted
from models.journal.cases.tables import case_
from models.journal.cases.totals import Total, totals_of, worth
from models.journal.writing import writing

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
        now, wanted = self._clock.now(), Wanted(reports)
        repriced = rates is not None and dict(rates) != self._rates
        if rates is not None:
            self._rates = dict(rates)
        with writing(self._engine) as connection:
            if connection.dialect.name == "postgresql":
                connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_REPORT_LOCK)))
            moves = Moves(connection, wanted, now)
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
        for part in chunks(snoozed):
            connection.execute(
                sa.update(case_)
                .where(case_.c.case_id.in_(part))
                .values(status=CaseStatus.OPEN, active=1, snoozed_until=None)
            )
            note(connection, part, now, DETECTOR_ACTOR, "reopened", {"because": "the snooze ended"})
        late = sa.select(case_.c.case_id).where(case_.c.active == 1, case_.c.sla_due <= now, case_.c.overdue == 0)
        return set(snoozed) | set(connection.scalars(late))

    def _settle(self, connection: sa.Connection, touched: set[str], moves: Moves, now: datetime) -> None:
        """Bring status, money, age and severity of the touched cases in line with their open findings."""
        records: list[Record] = []
        for part in chunks(sorted(touched)):
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
                    note(connection, [row["case_id"]], now, DETECTOR_ACTOR, action, {"occurrences": total.occurrences})
                if action or row["case_id"] in moves.fed:
                    records.append(_record(row, change, moves.fed.get(row["case_id"], ()), now))
            if changes:
                connection.execute(sa.update(case_).where(case_.c.case_id == sa.bindparam("b_case_id")), changes)
        if records:
            self._feed.append(connection, records)


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
