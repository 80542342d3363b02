"""One turn of all detectors: what it is given, and what it finds. Both cross from process to process."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from models.domain.finding import Finding


@dataclass(frozen=True, slots=True)
class CircuitState:
    """How a connected system stands; `state` is closed, open or half_open."""

    system: str
    state: str = "closed"
    failures: int = 0
    held_until: datetime | None = None
    probe_at: datetime | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Turn:
    """What detectors cannot ask of the lake: the systems' circuits, and what is promised in seconds, of each flow by
    its name and by `read <system>` how old what was read of that system may get; `rests <flow>` names one that the
    catalogue lets rest.

    `reported` are digests of the findings that the asker has: what is still the same is not sent again. `day` is the
    last one that is over for every company, where one has ended somewhere: totals and figures are wanted too. `abreast`
    says whether all that came lately is in the lake.
    """

    circuits: Sequence[CircuitState] = ()
    service_levels: Mapping[str, float] = field(default_factory=dict)
    reported: Mapping[str, str] = field(default_factory=dict)
    day: date | None = None
    abreast: bool = True


@dataclass(frozen=True, slots=True)
class Found:
    """Everything found now by each detector whose findings the asker does not have yet, why some could not tell, and
    a digest of each one's findings.

    `rates` are units of the reporting currency for one unit of each currency. `totals` are the
    control totals and `figures` those of days that are over, where a day has ended. `detectors` are the names of all
    that looked.
    """

    findings: Mapping[str, Sequence[Finding]]
    rates: Mapping[str, Decimal]
    failed: Mapping[str, str] = field(default_factory=dict)
    digests: Mapping[str, str] = field(default_factory=dict)
    totals: Sequence[Mapping[str, Any]] | None = None
    figures: Sequence[Mapping[str, Any]] = ()
    detectors: Sequence[str] = ()
