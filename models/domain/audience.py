"""Who is told of what, by which roads, and how often at most (X10)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, time, timedelta, tzinfo
from decimal import Decimal

from models.domain.case import SEVERITIES


@dataclass(frozen=True, slots=True)
class Road:
    """A way out: `webhook` to a `url`, or `apprise` to the addresses that the environment variable `variable` holds.
    Of a webhook the variable holds its secret. Neither is ever kept.
    """

    name: str
    kind: str
    variable: str
    url: str = ""


@dataclass(frozen=True, slots=True)
class Audience:
    """Who is told: of cases that fit every condition (an empty tuple asks for all), by each of its `roads`.

    `at_least` is in the reporting currency. At most `cap` alerts of cases in each `period`, none within `quiet`, a
    summary a day at `digest`, these two in `zone`. `rings` False: the summary alone. `pulse`: also of processes that
    are dead, at once.
    """

    name: str
    roads: tuple[str, ...]
    flows: tuple[str, ...] = ()
    causes: tuple[str, ...] = ()
    severity: str = "low"
    money_kinds: tuple[str, ...] = ()
    at_least: Decimal | None = None
    legal_entities: tuple[str, ...] = ()
    owners: tuple[str, ...] = ()
    rings: bool = True
    pulse: bool = False
    cap: int = 6
    period: timedelta = timedelta(hours=1)
    digest: time | None = None
    quiet: tuple[time, time] | None = None
    zone: tzinfo = UTC

    @property
    def severities(self) -> tuple[str, ...]:
        """The severities that it is told of."""
        return SEVERITIES[SEVERITIES.index(self.severity) :]

    def rests(self, local: time) -> bool:
        """Whether this is within its quiet hours, which may pass midnight."""
        if self.quiet is None:
            return False
        begin, end = self.quiet
        return begin <= local < end if begin <= end else local >= begin or local < end
