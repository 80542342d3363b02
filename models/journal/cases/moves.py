"""What a report changes: new, changed and vanished findings, and the cases they belong to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from models.domain.finding import Finding
from models.domain.fingerprint import case_id_of, finding_id_of
from models.journal.cases.history import DETECTOR_ACTOR, chunks, note
from models.journal.cases.rows import case_row, finding_row, words_of
from models.journal.cases.tables import case_, finding


class Wanted:
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


class Moves:
    """What a report changes: new, changed and vanished findings, and the cases they belong to."""

    def __init__(self, connection: sa.Connection, wanted: Wanted, now: datetime) -> None:
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
                fresh.append(finding_row(finding_id, case_id, detector, item, digest, self._now))
        gone = [finding_id for finding_id in self._held if finding_id not in self._wanted.findings]
        for rows in chunks(fresh):
            _upsert(self._connection, rows)
        for part in chunks(gone):
            self._connection.execute(
                sa.update(finding).where(finding.c.finding_id.in_(part)).values(resolved_at=self._now)
            )
        return {row["case_id"] for row in fresh} | {self._held[finding_id][0] for finding_id in gone}

    def words_stored(self) -> set[str]:
        """Open cases that are new and bring the words of known ones up to date; the ids of the cases it touches."""
        touched: set[str] = set()
        for part in chunks(list(self._wanted.words)):
            known = {
                row["case_id"]: dict(row)
                for row in self._connection.execute(sa.select(case_).where(case_.c.case_id.in_(part))).mappings()
            }
            opened = [
                case_row(case_id, *self._wanted.words[case_id], self._now) for case_id in part if case_id not in known
            ]
            if opened:
                self._connection.execute(sa.insert(case_), opened)
                note(self._connection, [row["case_id"] for row in opened], self._now, DETECTOR_ACTOR, "opened", {})
            touched |= {row["case_id"] for row in opened}
            touched |= {case_id for case_id, row in known.items() if self._reworded(row, *self._wanted.words[case_id])}
        return touched

    def _reworded(self, row: Mapping[str, Any], detector: str, item: Finding) -> bool:
        if row["root"] and not item.cause.root and row["detector"] != detector:
            return False
        words = words_of(detector, item)
        changed = {key: value for key, value in words.items() if row[key] != value}
        if changed:
            self._connection.execute(sa.update(case_).where(case_.c.case_id == row["case_id"]).values(**changed))
        return bool(changed)


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
