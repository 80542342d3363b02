"""Which cases: what a list, a group, a facet and an alert choose them by, as one condition in SQL."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from models.domain.case import CaseStatus
from models.journal.cases.tables import case_, finding
from models.journal.tables import alert_told


@dataclass(frozen=True, slots=True)
class CaseFilter:
    """Which cases; an empty tuple or None asks for all. `status` None means what needs a person: open and acknowledged.

    `legal_entities` is also the scope of a role (G1). `text` finds words in title, fingerprint and keys, and any case
    with a finding about exactly that subject or run. Ages are hours since the trouble began. `periods` are months
    (`2026-10`) of which the case has a record; `at_least` is in the reporting currency. `untold` are those of which an
    audience has not been told since they opened, nor at all since that moment of wall time.
    """

    status: tuple[str, ...] | None = None
    severities: tuple[str, ...] = ()
    flows: tuple[str, ...] = ()
    causes: tuple[str, ...] = ()
    detectors: tuple[str, ...] = ()
    systems: tuple[str, ...] = ()
    owners: tuple[str, ...] = ()
    assignees: tuple[str, ...] = ()
    legal_entities: tuple[str, ...] = ()
    projects: tuple[str, ...] = ()
    customers: tuple[str, ...] = ()
    periods: tuple[str, ...] = ()
    money_kinds: tuple[str, ...] = ()
    at_least: Decimal | None = None
    text: str | None = None
    unassigned: bool = False
    overdue: bool = False
    older_than_hours: float | None = None
    untold: tuple[str, datetime] | None = None
    younger_than_hours: float | None = None


def condition(where: CaseFilter, now: datetime) -> sa.ColumnElement[bool]:
    """The cases that a filter chooses at this moment of world time."""
    chosen: list[sa.ColumnElement[bool]] = [
        case_.c.active == 1 if where.status is None else _among(case_.c.status, where.status)
    ]
    for column, values in (
        (case_.c.severity, where.severities),
        (case_.c.flow, where.flows),
        (case_.c.cause, where.causes),
        (case_.c.detector, where.detectors),
        (case_.c.system, where.systems),
        (case_.c.owner, where.owners),
        (case_.c.assignee, where.assignees),
        (case_.c.legal_entity, where.legal_entities),
        (case_.c.project_key, where.projects),
        (case_.c.customer_key, where.customers),
        (case_.c.money_kind, where.money_kinds),
    ):
        chosen.append(_among(column, values))
    if where.periods:
        chosen.append(_has_record_of(where.periods))
    if where.at_least is not None:
        chosen.append(case_.c.amount_rank >= math.ceil(where.at_least * 100))
    if where.unassigned:
        chosen.append(case_.c.assignee.is_(None))
    if where.overdue:
        chosen.append(case_.c.sla_due <= now)
    if where.older_than_hours is not None:
        chosen.append(case_.c.first_seen <= now - timedelta(hours=where.older_than_hours))
    if where.younger_than_hours is not None:
        chosen.append(case_.c.first_seen > now - timedelta(hours=where.younger_than_hours))
    if where.untold is not None:
        chosen.append(~_told(*where.untold))
    if where.text and where.text.strip():
        chosen.append(_mentions(where.text.strip()))
    return sa.and_(*chosen)


def _among(column: sa.Column[Any], values: Sequence[str]) -> sa.ColumnElement[bool]:
    return column.in_(values) if values else sa.true()


def _has_record_of(periods: Sequence[str]) -> sa.ColumnElement[bool]:
    """Cases with a record of these months that is still found; of a resolved case one that was."""
    found = sa.or_(finding.c.resolved_at.is_(None), case_.c.status == CaseStatus.RESOLVED)
    return sa.exists().where(finding.c.case_id == case_.c.case_id, finding.c.period.in_(periods), found)


def _told(audience: str, since: datetime) -> sa.ColumnElement[bool]:
    told = alert_told.c
    lately = sa.or_(told.episode == case_.c.opened_at, told.told_wall > since)
    return sa.exists().where(told.audience == audience, told.topic == case_.c.case_id, lately)


def _mentions(text: str) -> sa.ColumnElement[bool]:
    """Words anywhere in the case, or exactly the subject or run of one of its findings."""
    columns = (
        case_.c.title,
        case_.c.fingerprint,
        case_.c.subject_key,
        case_.c.project_key,
        case_.c.customer_key,
        case_.c.case_id,
    )
    exact = sa.select(finding.c.case_id).where(sa.or_(finding.c.subject_key == text, finding.c.run_id == text))
    return sa.or_(*(column.icontains(text, autoescape=True) for column in columns), case_.c.case_id.in_(exact))
