"""Rules of a case: its states, how grave it is, and until when somebody must have acted (X8)."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from enum import StrEnum

from models.domain.explanations import EXPLANATIONS


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
_MASTER_DATA_FLOWS = frozenset({"quote-to-project", "master-data"})

CAUSES: dict[str, str] = {
    "project-missing": "Project missing in a system",
    "project-unsold": "Project that nobody sold",
    "project-status": "Project open here, closed there",
    "charge-code-unknown": "Unknown charge code",
    "charge-code-inactive": "Inactive charge code",
    "charge-code-missing": "Work without a charge code",
    "charge-code-of-other-project": "Charge code of another project",
    "charge-code-of-other-entity": "Charge code of another legal entity",
    "time-rejected": "Rejected time",
    "approval-late": "Approval is late",
    "submission-late": "Time never submitted",
    "unaccounted": "Approved work that never arrived",
    "dead-letter": "Refused by a system",
    "paused": "Paused for missing data",
    "lag-breach": "Synchronisation is late",
    "open-circuit": "System cannot be reached",
    "throttled": "System holds us back",
    "quarantine": "Unreadable input",
    "customer-duplicate": "Duplicate customer",
    "customer-hierarchy": "Customer hierarchy differs",
    "rate-missing": "Missing rate",
    "billing-hold": "Contract on hold",
    "sow-expired": "Work beyond the statement of work",
    "rejected": "Rejected, to be corrected",
    "approval-pending": "Waits for approval",
    "not-submitted": "Not submitted yet",
    "in-flight": "On its way to the ERP",
}


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


def cause_title(cause: str) -> str:
    """A cause, or a blocker of `mart_work`, in words for a heading."""
    return CAUSES.get(cause) or (
        EXPLANATIONS[cause].title if cause in EXPLANATIONS else cause.replace("-", " ").capitalize()
    )
