"""How the journal's open findings differ from what was found now: read beside the writers, never in their way."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

import sqlalchemy as sa

from models.domain.case import CaseStatus
from models.domain.finding import Finding
from models.journal.cases.tables import CONTRADICTED, case_, finding
from models.journal.cases.wanted import Found, Wanted

ROWS, CASES = 500, 100
"""A part is written in one transaction: at most this many cases, and findings unless one case has more."""


class Difference:
    """By case: findings to write, ids of findings that are gone, and those found for the first time (`fed`)."""

    def __init__(self, connection: sa.Connection, wanted: Wanted, detectors: Sequence[str]) -> None:
        self.fresh: dict[str, list[Found]] = defaultdict(list)
        self.gone: dict[str, list[str]] = defaultdict(list)
        self.fed: dict[str, list[Finding]] = defaultdict(list)
        held = _held(connection, detectors) if detectors else {}
        changed = frozenset(detectors)
        for finding_id, found in wanted.findings.items():
            if found.detector in changed:
                self._compare(found, held.get(finding_id))
        for finding_id, (case_id, _) in held.items():
            if finding_id not in wanted.findings:
                self.gone[case_id].append(finding_id)

    def _compare(self, found: Found, held: tuple[str, str] | None) -> None:
        if held is None:
            self.fed[found.case_id].append(found.item)
        if held is None or held[1] != found.digest:
            self.fresh[found.case_id].append(found)

    def parts(self, also: Iterable[str]) -> Iterator[list[str]]:
        """The cases that differ and `also` these, in parts that are short to write."""
        part, rows = list[str](), 0
        for case_id in sorted({*self.fresh, *self.gone, *also}):
            size = len(self.fresh.get(case_id, ())) + len(self.gone.get(case_id, ()))
            if part and (rows + size > ROWS or len(part) == CASES):
                yield part
                part, rows = [], 0
            part.append(case_id)
            rows += size
        if part:
            yield part


def due(connection: sa.Connection, now: datetime) -> set[str]:
    """Cases that move by the clock alone: their snooze has ended, or their service time has."""
    snoozed = sa.select(case_.c.case_id).where(
        case_.c.snoozed_until.is_not(None), case_.c.snoozed_until <= now, case_.c.status == CaseStatus.SNOOZED
    )
    late = sa.select(case_.c.case_id).where(sa.text("active = 1 AND overdue = 0"), case_.c.sla_due <= now)
    return {*connection.scalars(snoozed), *connection.scalars(late)}


def contradicted(connection: sa.Connection, thorough: bool) -> set[str]:
    """Cases that somebody closed past the program: the evidence decides, so they open again.

    The look at each report is at an index that is empty otherwise; a `thorough` one reads every open finding, and sees
    a case whose count was changed too, or that was deleted.
    """
    found = set(connection.scalars(sa.select(case_.c.case_id).where(CONTRADICTED)))
    if thorough:
        orphaned = (
            sa.select(finding.c.case_id)
            .join(case_, case_.c.case_id == finding.c.case_id, isouter=True)
            .where(finding.c.resolved_at.is_(None))
            .where(sa.or_(case_.c.case_id.is_(None), case_.c.status == CaseStatus.RESOLVED))
        )
        found |= set(connection.scalars(orphaned.distinct()))
    return found


def active(connection: sa.Connection) -> set[str]:
    """Every case that somebody may be at: all of them are worth something else at other exchange rates."""
    return set(connection.scalars(sa.select(case_.c.case_id).where(case_.c.active == 1)))


def _held(connection: sa.Connection, detectors: Sequence[str]) -> dict[str, tuple[str, str]]:
    query = sa.select(finding.c.finding_id, finding.c.case_id, finding.c.digest).where(
        finding.c.detector.in_(detectors), finding.c.resolved_at.is_(None)
    )
    return {finding_id: (case_id, digest) for finding_id, case_id, digest in connection.execute(query)}
