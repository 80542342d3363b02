"""An alert: what one audience is told at once, and its way out by each road."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

PENDING, DELIVERED, DEAD = "pending", "delivered", "dead"
DEAD_AFTER = timedelta(hours=24)
"""An alert that no attempt could deliver within this time is dead."""
_FIRST, _LONGEST = timedelta(seconds=5), timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Alert:
    """What is told: of `case`s, in a `digest`, of a lost `pulse`, or as a `test`. `data` is JSON."""

    kind: str
    title: str
    text: str
    data: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Opening:
    """That a case opened of which an audience is to be told: `minor` is hundredths of the reporting currency."""

    case_id: str
    cause: str
    opened_at: datetime
    money_kind: str
    minor: int


@dataclass(frozen=True, slots=True)
class Delivery:
    """An alert on its way by one road. `alert_id` is the same at every attempt; times are wall time."""

    alert_id: str
    audience: str
    road: str
    state: str
    made_at: datetime
    attempts: int
    tried_at: datetime | None
    next_at: datetime
    fault: str | None
    alert: Alert


def pause(attempts: int) -> timedelta:
    """How long to wait after so many attempts: 5 seconds, twice as long each time, never more than 15 minutes."""
    return min(_FIRST * (1 << min(max(attempts - 1, 0), 20)), _LONGEST)
