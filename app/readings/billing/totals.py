"""What the states add up to: each amount counts once, under its one state."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from decimal import Decimal

from app.readings.billing.rows import Part, State

STATES = ("ready", "moving", "blocked", "not_approved", "billed")
UNBILLED = ("not_approved", "blocked", "moving", "ready")


def totals(states: Iterable[State | Part]) -> dict[str, Decimal]:
    """Value by state, in the reporting currency."""
    sums = dict.fromkeys(STATES, Decimal(0))
    for row in states:
        sums[row.state] = sums.get(row.state, Decimal(0)) + row.bill_reporting
    return sums


def unbilled(sums: Mapping[str, Decimal]) -> Decimal:
    """Chargeable value that is on no invoice."""
    return sum((sums[state] for state in UNBILLED), Decimal(0))


def readiness(sums: Mapping[str, Decimal]) -> Decimal | None:
    """Billing readiness: ready ÷ approved and unbilled, that is ready, blocked, and on its way to the ERP: work is
    ready once that has it.
    """
    whole = sums["ready"] + sums["blocked"] + sums["moving"]
    return sums["ready"] / whole if whole else None


def blockers(states: Iterable[State]) -> list[tuple[str, Decimal]]:
    """Blocked value by the code of its one reason, the largest first."""
    sums: dict[str, Decimal] = defaultdict(Decimal)
    for row in states:
        if row.state == "blocked":
            sums[row.blocker or ""] += row.bill_reporting
    return sorted(sums.items(), key=lambda pair: -pair[1])
