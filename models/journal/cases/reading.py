"""The reading half of cases: filter, order and page in SQL, so that 100,000 cases stay as quick as a hundred."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from models.domain.alert import Opening
from models.domain.case import SEVERITIES, cause_title
from models.domain.clock import Clock
from models.journal.cases.filter import CaseFilter, condition
from models.journal.cases.tables import case_, case_event, finding
from models.journal.database import reading

Row = dict[str, Any]

ORDERS: dict[str, tuple[Any, ...]] = {
    "money": (case_.c.amount_rank.desc(), case_.c.case_id.desc()),
    "severity": (case_.c.severity_rank.desc(), case_.c.amount_rank.desc(), case_.c.case_id.desc()),
    "age": (case_.c.first_seen, case_.c.case_id),
    "newest": (case_.c.last_seen.desc(), case_.c.case_id),
    "due": (case_.c.sla_due, case_.c.case_id),
    "occurrences": (case_.c.occurrences.desc(), case_.c.case_id),
}
_FACETS = ("status", "severity", "flow", "cause", "system", "owner", "assignee", "legal_entity", "detector")


@dataclass(frozen=True, slots=True)
class CasePage:
    """A page of cases and how many there are in all."""

    rows: list[Row]
    total: int


@dataclass(frozen=True, slots=True)
class CaseGroup:
    """The cases of one cause and kind of money: 2,000 records are stuck for three causes. `occurrences` counts records,
    `amount_reporting` is in the reporting currency; `owners` must act, who owns most money first.
    """

    cause: str
    title: str
    cases: int
    occurrences: int
    amount_reporting: Decimal
    severity: str
    oldest: datetime
    newest: datetime
    money_kind: str = "none"
    owners: tuple[str, ...] = ()


class CaseReading:
    """Cases as readers see them: rows are dicts of the table's columns, `amount_reporting` and `amounts` as Decimal."""

    def __init__(self, engine: sa.Engine, clock: Clock) -> None:
        self._engine, self._clock = engine, clock

    def page(
        self, where: CaseFilter = CaseFilter(), order: str = "money", limit: int = 50, offset: int = 0
    ) -> CasePage:
        """One page in a stable order, `order` out of ORDERS. Which cases it shows is told by an index alone: only these
        are read in full.

        Raises KeyError for an unknown order.
        """
        chosen = self._chosen(where)
        shown = sa.select(case_.c.case_id).where(chosen).order_by(*ORDERS[order]).limit(limit).offset(offset)
        with reading(self._engine) as connection:
            ids = list(connection.scalars(shown))
            whole = sa.select(case_).where(case_.c.case_id.in_(ids))
            found = {row["case_id"]: _presented(row) for row in connection.execute(whole).mappings()} if ids else {}
            total = connection.scalar(sa.select(sa.func.count()).select_from(case_).where(chosen))
        return CasePage([found[case_id] for case_id in ids], total or 0)

    def openings(self, where: CaseFilter) -> list[Opening]:
        """When each of these cases opened last, the gravest first: all of them, in short."""
        columns = (case_.c.case_id, case_.c.cause, case_.c.opened_at, case_.c.money_kind, case_.c.amount_rank)
        query = sa.select(*columns).where(self._chosen(where)).order_by(*ORDERS["severity"])
        with reading(self._engine) as connection:
            return [Opening(*row) for row in connection.execute(query)]

    def some(self, case_ids: Sequence[str]) -> list[Row]:
        """These cases, in this order; one that is not there is left out."""
        with reading(self._engine) as connection:
            whole = connection.execute(sa.select(case_).where(case_.c.case_id.in_(case_ids))).mappings()
            found = {row["case_id"]: _presented(row) for row in whole}
        return [found[case_id] for case_id in case_ids if case_id in found]

    def groups(self, where: CaseFilter = CaseFilter()) -> list[CaseGroup]:
        """Cases by cause and kind of money, the most money first."""
        money = sa.func.coalesce(sa.func.sum(case_.c.amount_rank), 0).label("money")
        query = (
            sa.select(
                case_.c.cause,
                case_.c.money_kind,
                case_.c.owner,
                sa.func.count().label("cases"),
                sa.func.sum(case_.c.occurrences).label("occurrences"),
                money,
                sa.func.max(case_.c.severity_rank).label("rank"),
                sa.func.min(case_.c.first_seen).label("oldest"),
                sa.func.max(case_.c.last_seen).label("newest"),
            )
            .where(self._chosen(where))
            .group_by(case_.c.cause, case_.c.money_kind, case_.c.owner)
            .order_by(money.desc(), case_.c.owner)
        )
        parts: dict[tuple[str, str], list[sa.Row[Any]]] = defaultdict(list)
        with reading(self._engine) as connection:
            for row in connection.execute(query):
                parts[row.cause, row.money_kind].append(row)
        found = [_group(rows) for rows in parts.values()]
        return sorted(found, key=lambda one: (-one.amount_reporting, one.cause, one.money_kind))

    def amounts(self, where: CaseFilter = CaseFilter()) -> dict[tuple[str, str], dict[str, Decimal]]:
        """The money of these cases by cause and kind, in the currencies it is in."""
        each = _pairs(self._engine.dialect.name)
        minor = sa.cast(sa.func.round(sa.cast(each.c.value, sa.Numeric(18, 2)) * 100), sa.BigInteger)
        query = (
            sa.select(case_.c.cause, case_.c.money_kind, each.c.key, sa.func.sum(minor).label("minor"))
            .select_from(case_.join(each, sa.true()))
            .where(self._chosen(where))
            .group_by(case_.c.cause, case_.c.money_kind, each.c.key)
            .order_by(each.c.key)
        )
        found: dict[tuple[str, str], dict[str, Decimal]] = defaultdict(dict)
        with reading(self._engine) as connection:
            for cause, kind, currency, hundredths in connection.execute(query):
                found[cause, kind][currency] = Decimal(int(hundredths)).scaleb(-2)
        return dict(found)

    def facets(self, column: str, where: CaseFilter = CaseFilter()) -> list[tuple[str, int]]:
        """Values of a filterable column among these cases with their counts, the most frequent first.

        Raises KeyError for a column that is none of status, severity, flow, cause, system, owner, assignee,
        legal_entity, detector.
        """
        asked = {name: case_.c[name] for name in _FACETS}[column]
        query = sa.select(asked, sa.func.count()).where(self._chosen(where), asked.is_not(None)).group_by(asked)
        with reading(self._engine) as connection:
            return sorted(
                ((value, count) for value, count in connection.execute(query)), key=lambda pair: (-pair[1], pair[0])
            )

    def get(self, case_id: str) -> Row | None:
        """One case, or None."""
        with reading(self._engine) as connection:
            row = connection.execute(sa.select(case_).where(case_.c.case_id == case_id)).mappings().first()
        return None if row is None else _presented(row)

    def findings(self, case_id: str, limit: int = 100, offset: int = 0, resolved: bool = False) -> list[Row]:
        """Findings of a case, the oldest first; those that are no longer found only where `resolved` asks for them."""
        query = sa.select(finding).where(_of_case(case_id, resolved))
        query = query.order_by(finding.c.first_seen, finding.c.finding_id).limit(limit).offset(offset)
        with reading(self._engine) as connection:
            return [_presented(row) for row in connection.execute(query).mappings()]

    def count_findings(self, case_id: str, resolved: bool = False) -> int:
        """How many findings `findings` pages through."""
        query = sa.select(sa.func.count()).select_from(finding).where(_of_case(case_id, resolved))
        with reading(self._engine) as connection:
            return connection.scalar(query) or 0

    def periods(self, case_id: str) -> list[Row]:
        """What each month has in a case, the earliest first: `period`, `money_kind`, `currency`, `occurrences`,
        `amount`; a line of each kind of money, which are not to be added.
        """
        minor, counted = sa.func.max(finding.c.amount_minor), sa.func.count()
        kind = sa.func.coalesce(finding.c.money_kind, case_.c.money_kind).label("kind")
        once = (
            sa.select(finding.c.period, kind, finding.c.subject_key, finding.c.currency, minor.label("minor"))
            .join(case_, case_.c.case_id == finding.c.case_id)
            .where(finding.c.case_id == case_id, finding.c.resolved_at.is_(None))
            .group_by(finding.c.period, kind, finding.c.subject_entity, finding.c.subject_key, finding.c.currency)
            .subquery()
        )
        query = (
            sa.select(
                once.c.period, once.c.kind, once.c.currency, counted.label("occurrences"), sa.func.sum(once.c.minor)
            )
            .group_by(once.c.period, once.c.kind, once.c.currency)
            .order_by(once.c.period.is_(None), once.c.period, once.c.kind, once.c.currency)
        )
        with reading(self._engine) as connection:
            return [
                {
                    "period": period,
                    "money_kind": kind,
                    "currency": currency,
                    "occurrences": number,
                    "amount": None if cents is None else Decimal(int(cents)).scaleb(-2),
                }
                for period, kind, currency, number, cents in connection.execute(query)
            ]

    def run_ids(self, case_id: str) -> list[str]:
        """Every run behind the open findings of a case, not only the first 200 it carries."""
        query = sa.select(finding.c.run_id).where(
            finding.c.case_id == case_id, finding.c.resolved_at.is_(None), finding.c.run_id.is_not(None)
        )
        with reading(self._engine) as connection:
            return list(dict.fromkeys(connection.scalars(query.order_by(finding.c.first_seen, finding.c.finding_id))))

    def events(self, case_id: str, limit: int = 500) -> list[Row]:
        """The history of a case, the newest first; of one that was split, that of the whole before it."""
        parent = sa.select(case_.c.split_from).where(case_.c.case_id == case_id).scalar_subquery()
        split = sa.select(sa.func.min(case_event.c.event_id)).where(case_event.c.case_id == case_id).scalar_subquery()
        before = sa.and_(case_event.c.case_id == parent, case_event.c.event_id < split)
        query = (
            sa.select(case_event)
            .where(sa.or_(case_event.c.case_id == case_id, before))
            .order_by(case_event.c.event_id.desc())
            .limit(limit)
        )
        with reading(self._engine) as connection:
            return [dict(row) for row in connection.execute(query).mappings()]

    def _chosen(self, where: CaseFilter) -> sa.ColumnElement[bool]:
        return condition(where, self._clock.now())


def _group(rows: Sequence[sa.Row[Any]]) -> CaseGroup:
    """A cause and kind of money as all its owners have it."""
    first = rows[0]
    return CaseGroup(
        first.cause,
        cause_title(first.cause),
        sum(row.cases for row in rows),
        sum(int(row.occurrences) for row in rows),
        Decimal(sum(int(row.money) for row in rows)).scaleb(-2),
        SEVERITIES[max(row.rank for row in rows)],
        min(row.oldest for row in rows),
        max(row.newest for row in rows),
        first.money_kind,
        tuple(row.owner for row in rows),
    )


def _pairs(dialect: str) -> sa.TableValuedAlias:
    """A case's amounts by currency, as rows of `key` and `value`."""
    text = sa.type_coerce(case_.c.amounts, sa.Text)
    if dialect == "postgresql":
        return sa.func.json_each_text(sa.cast(text, sa.JSON)).table_valued("key", "value").render_derived()
    return sa.func.json_each(text).table_valued("key", "value")


def _of_case(case_id: str, resolved: bool) -> sa.ColumnElement[bool]:
    found = finding.c.case_id == case_id
    return found if resolved else sa.and_(found, finding.c.resolved_at.is_(None))


def _presented(row: Any) -> Row:
    shown = dict(row)
    if "amounts" in shown:
        shown["amounts"] = {currency: Decimal(amount) for currency, amount in (shown["amounts"] or {}).items()}
        shown["amount_reporting"] = Decimal(shown["amount_reporting"])
        shown["worth"] = {currency: Decimal(amount) for currency, amount in (shown["worth"] or {}).items()}
        shown["worth_reporting"] = None if shown["worth_reporting"] is None else Decimal(shown["worth_reporting"])
    elif shown.get("amount") is not None:
        shown["amount"] = Decimal(shown["amount"])
    return shown
