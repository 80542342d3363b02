"""The causes and the cases as tables and files; knows no Streamlit."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from app.console.widgets import formats
from app.readings.cases.reading import by_kind
from app.readings.cases.rows import Case
from models.domain.case import ACTIVE
from models.domain.explanations import MONEY_KINDS
from models.domain.team import Teams, team
from models.journal.cases import CaseGroup

EXPORTED = (
    "case_id",
    "title",
    "cause",
    "severity",
    "status",
    "owner",
    "assignee",
    "detector",
    "flow",
    "system",
    "legal_entity",
    "subject_key",
    "project_key",
    "customer_key",
    "occurrences",
    "money_kind",
    "amount_reporting",
    "worth_reporting",
    "period",
    "first_seen",
    "last_seen",
    "sla_due",
    "resolved_at",
    "explanation",
    "next_action",
)
"""Columns of a case in a file: what the list shows, without its parts in the journal, suggestions and run ids."""


def verdict(groups: Sequence[CaseGroup], currency: str) -> tuple[str, str]:
    """`2,140 records are stuck for 7 causes: billing blocked €128k · sold and not set up €517k.`"""
    if not groups:
        return "good", "Nothing is stuck."
    records = sum(group.occurrences for group in groups)
    money = formats.by_kind(by_kind(groups), currency)
    grave = any(group.severity == "critical" for group in groups)
    stuck = f"{formats.plural(records, 'record')} {'is' if records == 1 else 'are'} stuck"
    causes = formats.plural(len({group.cause for group in groups}), "cause")
    held = f": {money}" if money else ""
    return "bad" if grave else "warn", f"{stuck} for {causes}{held}."


def cause_rows(groups: Sequence[CaseGroup], now: datetime, currency: str, teams: Teams) -> list[dict[str, Any]]:
    """The causes, most money first; `share` is per cent of all the money of its kind."""
    whole = by_kind(groups)
    return [
        {
            "cause": group.title,
            "records": formats.count(group.occurrences),
            "cases": formats.count(group.cases),
            "money": formats.money(group.amount_reporting, currency),
            "kind": MONEY_KINDS.get(group.money_kind, group.money_kind),
            "share": float(100 * group.amount_reporting / (whole[group.money_kind] or 1)),
            "severity": [group.severity],
            "owner": ", ".join(dict.fromkeys(team(owner, teams) for owner in group.owners)),
            "oldest": formats.age((now - group.oldest).total_seconds()),
            "newest": formats.since(group.newest, now),
            "act": "Replay group",
        }
        for group in groups
    ]


def case_rows(cases: Sequence[Case], now: datetime, currency: str, teams: Teams) -> list[dict[str, Any]]:
    """A page of cases as the list shows them."""
    return [
        {
            "title": case.title,
            "about": subject(case),
            "severity": [case.severity],
            "status": [case.status],
            "money": formats.money(money_of(case), currency),
            "kind": "recovered" if case.status == "resolved" else MONEY_KINDS.get(case.money_kind, ""),
            "records": formats.count(case.occurrences),
            "age": formats.age((now - case.first_seen).total_seconds()),
            "due": due(case, now),
            "system": case.system or "",
            "flow": case.flow or "",
            "entity": case.legal_entity or "",
            "period": case.period or "",
            "owner": team(case.owner, teams),
            "assignee": case.assignee or "",
        }
        for case in cases
    ]


def exported(cases: Sequence[Case], currency: str, teams: Teams) -> list[dict[str, Any]]:
    """Cases for a file. Their money is a sum over records and open to everybody."""
    return [
        {name: getattr(case, name) for name in EXPORTED}
        | {"owner": team(case.owner, teams), "reporting_currency": currency}
        for case in cases
    ]


def money_of(case: Case) -> Decimal | None:
    """What is at stake; of a resolved case what was, and so was recovered."""
    return case.worth_reporting if case.status == "resolved" else case.amount_reporting


def subject(case: Case) -> str:
    """What the case is about, shortly."""
    return str(case.subject_key or case.project_key or "").partition(":")[2] or str(case.subject_key or "")


def due(case: Case, now: datetime) -> str:
    """How long until, or since, somebody must have acted."""
    if case.status not in ACTIVE:
        return formats.NONE
    left = (case.sla_due - now).total_seconds()
    return f"{formats.age(left)} left" if left >= 0 else f"{formats.age(-left)} over"
