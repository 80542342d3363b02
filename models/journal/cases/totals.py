"""What the open findings of cases add up to; each subject counts once, whichever detectors found it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any

import sqlalchemy as sa

from models.domain.case import SEVERITIES, service_time, severity
from models.domain.money import CENT
from models.journal.cases.tables import case_, finding

RUNS_KEPT = 200
TRACES_KEPT = 20


@dataclass(slots=True)
class Total:
    """Open findings of one case; `minor` is hundredths by currency, of the case's kind of money alone: `valued` is the
    part that has a rate of its own day, in the reporting currency, `unvalued` the other part. `period` is the month
    that all of them are about, if they are.
    """

    occurrences: int = 0
    minor: dict[str, int] = field(default_factory=dict)
    valued: int = 0
    unvalued: dict[str, int] = field(default_factory=dict)
    first_seen: datetime | None = None
    periods: set[str] = field(default_factory=set)
    run_ids: list[str] = field(default_factory=list)
    trace_ids: list[str] = field(default_factory=list)

    @property
    def period(self) -> str | None:
        return next(iter(self.periods)) if len(self.periods) == 1 else None


def totals_of(connection: sa.Connection, case_ids: Sequence[str]) -> dict[str, Total]:
    """Totals of the cases that have open findings, read from the findings themselves so that they can never drift. The
    thing to mend is no record of its case where others hang on it: a missing project is not one of its entries.
    """
    totals: dict[str, Total] = {}
    kind = sa.func.coalesce(finding.c.money_kind, case_.c.money_kind)
    own = sa.and_(
        case_.c.root == 1,
        finding.c.subject_entity == case_.c.subject_entity,
        finding.c.subject_key == case_.c.subject_key,
    )
    once = (
        sa.select(
            finding.c.case_id,
            finding.c.subject_entity,
            finding.c.subject_key,
            sa.func.max(finding.c.currency).label("currency"),
            sa.func.max(sa.case((kind == case_.c.money_kind, finding.c.amount_minor))).label("minor"),
            sa.func.min(finding.c.first_seen).label("first_seen"),
            sa.func.max(finding.c.period).label("period"),
            sa.func.max(sa.case((kind == case_.c.money_kind, finding.c.reporting_minor))).label("valued"),
            sa.func.max(sa.case((own, 1), else_=0)).label("own"),
            sa.func.max(sa.case((finding.c.subject_entity != case_.c.subject_entity, 1), else_=0)).label("other"),
        )
        .join(case_, case_.c.case_id == finding.c.case_id)
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
        sa.func.min(once.c.period).label("earliest"),
        sa.func.max(once.c.period).label("latest"),
        sa.func.sum(once.c.valued).label("valued"),
        sa.func.sum(sa.case((once.c.valued.is_(None), once.c.minor))).label("unvalued"),
        sa.func.sum(once.c.own).label("own"),
        sa.func.max(once.c.other).label("other"),
    ).group_by(once.c.case_id, once.c.currency)
    things, others = defaultdict[str, int](int), set[str]()
    for row in connection.execute(summed):
        total = totals.setdefault(row.case_id, Total())
        total.occurrences += row.n
        things[row.case_id] += row.own
        others |= {row.case_id} if row.other else set()
        total.first_seen = min(filter(None, (total.first_seen, row.first_seen)), default=None)
        total.periods |= {period for period in (row.earliest, row.latest) if period}
        if row.currency is not None and row.minor is not None:
            total.minor[row.currency] = int(row.minor)
            total.valued += int(row.valued or 0)
            if row.unvalued is not None:
                total.unvalued[row.currency] = int(row.unvalued)
    for case_id in others:
        totals[case_id].occurrences -= things[case_id]
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


_TIMES = ("sla_due", "first_seen", "first_sight")
_KEPT = ("worth", "worth_reporting", "worth_rank", "severity", "severity_rank", "period", *_TIMES)
"""Columns of a case that stay as they were when nothing is found in it any more."""


def worth(
    row: Mapping[str, Any], total: Total, rates: Mapping[str, Decimal], again: bool, now: datetime
) -> dict[str, Any]:
    """The columns of a case that follow from its findings: money by currency and in all, severity, and until when to
    act; `again` says that it opens again. One without findings keeps what it was worth, when it began and how grave it
    was.

    An amount in a currency without a rate stays in `amounts` and out of the sum: a guess would be worse.
    """
    amounts, unvalued = _amounts(total.minor), _amounts(total.unvalued)
    reporting = Decimal(total.valued).scaleb(-2) + _converted(unvalued, rates)
    money = {
        "occurrences": total.occurrences,
        "amounts": {currency: str(amount) for currency, amount in amounts.items()},
        "amount_reporting": str(reporting),
        "amount_rank": int(reporting * 100),
        "run_ids": total.run_ids,
        "trace_ids": total.trace_ids,
    }
    if not total.occurrences:
        return {**money, **{name: row[name] for name in _KEPT}, "overdue": 0}
    calm = severity(reporting, total.occurrences, row["floor"])
    until = (now if again else row["opened_at"]) + service_time(calm, row["flow"])
    overdue = until <= now
    grave = severity(reporting, total.occurrences, row["floor"], overdue)
    return {
        **money,
        **_most(row, money, again),
        "severity": grave,
        "severity_rank": SEVERITIES.index(grave),
        "sla_due": until,
        "overdue": int(overdue),
        "first_seen": _begun(row, total, again),
        "first_sight": min(filter(None, (total.first_seen, row["first_seen"], row["first_sight"]))),
        "period": total.period,
    }


def _amounts(minor: Mapping[str, int]) -> dict[str, Decimal]:
    return {currency: Decimal(hundredths).scaleb(-2) for currency, hundredths in sorted(minor.items())}


def _converted(amounts: Mapping[str, Decimal], rates: Mapping[str, Decimal]) -> Decimal:
    each = (
        (amount * rates[currency]).quantize(CENT, ROUND_HALF_EVEN)
        for currency, amount in amounts.items()
        if currency in rates
    )
    return sum(each, Decimal("0.00"))


def _most(row: Mapping[str, Any], money: Mapping[str, Any], again: bool) -> dict[str, Any]:
    """The most that was at stake since the case opened: when it resolves, that was recovered."""
    if not again and (row["worth_rank"] or 0) > money["amount_rank"]:
        return {name: row[name] for name in ("worth", "worth_reporting", "worth_rank")}
    return {
        "worth": money["amounts"],
        "worth_reporting": money["amount_reporting"],
        "worth_rank": money["amount_rank"],
    }


def _begun(row: Mapping[str, Any], total: Total, again: bool) -> datetime:
    """When the oldest trouble began that was in the case since it opened, also after that one was mended."""
    found = total.first_seen or row["first_seen"]
    return found if again else min(found, row["first_seen"])
