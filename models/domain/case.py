"""Rules of a case: its states, how grave it is, and until when somebody must have acted (X8)."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from enum import StrEnum

from models.domain.explanations import EXPLANATIONS
from models.domain.flow_names import MASTER_DATA, QUOTE_TO_PROJECT


class CaseStatus(StrEnum):
    OPEN = "open"
    ACKNOWLEDGED = "acknowledged"  # somebody is on it
    SNOOZED = "snoozed"  # comes back at `snoozed_until`
    IGNORED = "ignored"  # accepted with a reason; stays so
    RESOLVED = "resolved"  # nothing of it is found any more


ACTIVE = (CaseStatus.OPEN, CaseStatus.ACKNOWLEDGED)
SEVERITIES = ("low", "medium", "high", "critical")

_MONEY_STEPS = (Decimal(2_000), Decimal(10_000), Decimal(50_000))  # reporting currency, at least -> one level up
_COUNT_STEPS = (10, 100, 1_000)
_SLA = {
    "critical": timedelta(hours=4),
    "high": timedelta(hours=8),
    "medium": timedelta(days=1),
    "low": timedelta(days=3),
}
_MASTER_DATA_FLOWS = frozenset({QUOTE_TO_PROJECT, MASTER_DATA})


def severity(amount_reporting: Decimal, occurrences: int, floor: str = "low", overdue: bool = False) -> str:
    """How grave a case is: by money in the reporting currency or by count, whichever is worse, never below `floor`,
    one level up once it is overdue."""
    by_money = sum(abs(amount_reporting) >= step for step in _MONEY_STEPS)
    by_count = sum(occurrences >= step for step in _COUNT_STEPS)
    level = max(by_money, by_count, SEVERITIES.index(floor)) + (1 if overdue else 0)
    return SEVERITIES[min(level, len(SEVERITIES) - 1)]


def service_time(grave: str, flow: str | None) -> timedelta:
    """How long a case of this severity may stay open; half of that where set-up is at stake, since time entries pile up
    behind it.
    """
    allowed = _SLA[grave]
    return allowed / 2 if flow in _MASTER_DATA_FLOWS else allowed


CAUSES = {
    "project-not-found": "project-missing",
    "project-unknown": "project-missing",
    "charge-code-not-found": "charge-code-unknown",
}
"""Error codes in which systems tell of a cause that has a name of its own."""


def cause_of(code: str) -> str:
    """The cause behind an error code or a blocker: its one name wherever it shows."""
    return CAUSES.get(code, code)


def cause_title(cause: str) -> str:
    """A cause, or a blocker of `mart_work`, in words for a heading."""
    cause = cause_of(cause)
    return EXPLANATIONS[cause].title if cause in EXPLANATIONS else cause.replace("-", " ").capitalize()
