"""What the open findings of cases add up to; each subject counts once, whichever detectors found it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any

import sqlalchemy as sa

from models.domain.case import SEVERITIES, service_time, severity
from models.domain.money import CENT
from models.journal.cases.tables import finding

RUNS_KEPT = 200
TRACES_KEPT = 20


@dataclass(slots=True)
class Total:
    """Open findings of one case; `minor` is hundredths by currency."""

    occurrences: int = 0
    minor: dict[str, int] = field(default_factory=dict)
    first_seen: datetime | None = None
    run_ids: list[str] = field(default_factory=list)
    trace_ids: list[str] = field(default_factory=list)


def totals_of(connection: sa.Connection, case_ids: Sequence[str]) -> dict[str, Total]:
    """Totals of the cases that have open findings, read from the findings themselves so that they can never drift."""
    totals: dict[str, Total] = {}
    once = (
        sa.select(
            finding.c.case_id,
            finding.c.subject_entity,
            finding.c.subject_key,
            sa.func.max(finding.c.currency).label("currency"),
            sa.func.max(finding.c.amount_minor).label("minor"),
            sa.func.min(finding.c.first_seen).label("first_seen"),
        )
        .where(finding.c.case_id.in_(case_ids), finding.c.resolved_at.is_(None))
        .group_by(finding.c.case_id, finding.c.subject_entity, finding.c.subject_key)
        .subquery()
    )
    summed = sa.select(
        once.c.case_id,
        once.c.currency,
        sa.func.count().label("n"),
        sa.func.sum(once.c.minor).label("minor"),
        sa.func.min(once.c.first_seen).label("first_seen"),
    ).group_by(once.c.case_id, once.c.currency)
    for row in connection.execute(summed):
        total = totals.setdefault(row.case_id, Total())
        total.occurrences += row.n
        total.first_seen = min(filter(None, (total.first_seen, row.first_seen)), default=None)
        if row.currency is not None and row.minor is not None:
            total.minor[row.currency] = int(row.minor)
    _with_runs(connection, case_ids, totals)
    return totals


def _with_runs(connection: sa.Connection, case_ids: Sequence[str], totals: Mapping[str, Total]) -> None:
    """The first runs and traces of each case, oldest first, so that a replay can start from it."""
    place = sa.func.row_number().over(
        partition_by=finding.c.case_id, order_by=(finding.c.first_seen, finding.c.finding_id)
    )
    ranked = (
        sa.select(finding.c.case_id, finding.c.run_id, finding.c.trace_id, place.label("place"))
        .where(finding.c.case_id.in_(case_ids), finding.c.resolved_at.is_(None), finding.c.run_id.is_not(None))
        .subquery()
    )
    for row in connection.execute(
        sa.select(ranked).where(ranked.c.place <= RUNS_KEPT).order_by(ranked.c.case_id, ranked.c.place)
    ):
        total = totals[row.case_id]
        if row.run_id not in total.run_ids:
            total.run_ids.append(row.run_id)
        if row.trace_id and row.trace_id not in total.trace_ids and len(total.trace_ids) < TRACES_KEPT:
            total.trace_ids.append(row.trace_id)


def worth(
    row: Mapping[str, Any], total: Total, rates: Mapping[str, Decimal], opened: datetime, now: datetime
) -> dict[str, Any]:
    """The columns of a case that follow from its findings: money by currency and in all, severity, and until when to
    act.

    An amount in a currency without a rate stays in `amounts` and out of the sum: a guess would be worse.
    """
    amounts = {currency: Decimal(minor).scaleb(-2) for currency, minor in sorted(total.minor.items())}
    reporting = sum(
        (
            (amount * rates[currency]).quantize(CENT, ROUND_HALF_EVEN)
            for currency, amount in amounts.items()
            if currency in rates
        ),
        Decimal("0.00"),
    )
    calm = severity(reporting, total.occurrences, row["floor"])
    due = opened + service_time(calm, row["flow"])
    overdue = due <= now and total.occurrences > 0
    grave = severity(reporting, total.occurrences, row["floor"], overdue)
    return {
        "occurrences": total.occurrences,
        "amounts": {currency: str(amount) for currency, amount in amounts.items()},
        "amount_reporting": str(reporting),
        "amount_rank": int(reporting * 100),
        "severity": grave,
        "severity_rank": SEVERITIES.index(grave),
        "sla_due": due,
        "overdue": int(overdue),
        "first_seen": total.first_seen or row["first_seen"],
        "run_ids": total.run_ids,
        "trace_ids": total.trace_ids,
    }
