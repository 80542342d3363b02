"""Cases, their findings and their history. `…_reporting` is in the reporting currency; times are UTC."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from app.readings.masking import AmountOfSubject


@dataclass(frozen=True, slots=True)
class Case:
    """One case. Its money is a sum over records and open to everybody; `amounts` is the same by currency.

    `worth` is the most that was at stake since it opened: what was recovered, once it is resolved; none where a release
    of before did not keep it in the reporting currency. `split_from` is the case that it was a part of.
    `first_seen` is since when it is open, `first_sight` since when there was such trouble, however often it was over.

    `suggestion` is the correction that its detector proposes (dotted path -> value), and `roots`, the runs that set up
    what it misses.
    """

    case_id: str
    fingerprint: str
    title: str
    explanation: str
    next_action: str
    cause: str
    severity: str
    status: str
    owner: str
    assignee: str | None
    detector: str
    flow: str | None
    system: str | None
    legal_entity: str | None
    subject_entity: str
    subject_key: str
    project_key: str | None
    customer_key: str | None
    occurrences: int
    money_kind: str
    amount_reporting: Decimal
    amounts: Mapping[str, Decimal]
    first_seen: datetime
    last_seen: datetime
    sla_due: datetime
    resolved_at: datetime | None
    snoozed_until: datetime | None
    suggestion: Mapping[str, Any]
    trace_ids: tuple[str, ...]
    period: str | None = None
    worth: Mapping[str, Decimal] = field(default_factory=dict)
    worth_reporting: Decimal | None = None
    split_from: str | None = None
    first_sight: datetime | None = None


@dataclass(frozen=True, slots=True)
class CasePeriod:
    """What one month has in a case, of one kind of money in one currency; a period of None is of no month."""

    period: str | None
    money_kind: str
    currency: str | None
    occurrences: int
    amount: Decimal | None


@dataclass(frozen=True, slots=True)
class CaseFinding:
    """One record that a detector found; `evidence` names what it saw, sensitive values masked for everybody."""

    subject_entity: str
    subject_key: str
    run_id: str | None
    amount: AmountOfSubject | None
    currency: str | None
    evidence: Mapping[str, Any]
    first_seen: datetime


@dataclass(frozen=True, slots=True)
class CaseEvent:
    """What somebody did with a case, or what became of it; `body` holds the words and values of the action."""

    at: datetime
    actor: str
    action: str
    body: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Cases:
    """A page of cases, and how many there are in all."""

    rows: tuple[Case, ...]
    count: int


@dataclass(frozen=True, slots=True)
class Cause:
    """What is open of one cause: its one name, how many records are stuck in how many cases, their money, each kind for
    itself, and the teams that must act. Every page and command that tells of a cause tells this.
    """

    cause: str
    title: str
    records: int
    cases: int
    money: Mapping[str, Decimal]
    teams: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CauseLine:
    """One cause and one kind of money in a list, its money also by the currencies it is in; money of two kinds is not
    to be added.
    """

    cause: str
    title: str
    records: int
    cases: int
    money_kind: str
    amount_reporting: Decimal
    amounts: Mapping[str, Decimal]
    team: str
    severity: str
    first_seen: datetime


@dataclass(frozen=True, slots=True)
class CaseLine:
    """A case in a list: what it is, what it is worth, and who must do what until when: `owner` as the case names it,
    `team` as people do. `occurrences` counts its records; amounts of two `money_kind` are not to be added.
    """

    case_id: str
    severity: str
    status: str
    cause: str
    title: str
    occurrences: int
    amount_reporting: Decimal
    owner: str
    assignee: str | None
    subject_entity: str
    subject_key: str
    system: str | None
    flow: str | None
    first_seen: datetime
    last_seen: datetime
    sla_due: datetime
    next_action: str
    money_kind: str
    legal_entity: str | None
    period: str | None
    worth_reporting: Decimal | None
    project_key: str | None
    team: str
