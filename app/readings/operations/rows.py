"""What the question whether work flows is answered with. Money is Decimal in the reporting currency; times are UTC."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class FlowVolume:
    """One flow in a window: runs by how they ended, lags and lengths of its latest hour with runs.

    `lag_…_s` are seconds from the change at the source to the target's acknowledgement, `run_…_ms` milliseconds from
    admission to the last step; None where nothing arrived.
    """

    flow: str
    admitted: int
    settled: int
    dead: int
    retries: int
    replays: int
    paused: int
    lag_p50_s: float | None
    lag_p95_s: float | None
    lag_max_s: float | None
    run_p50_ms: float | None
    run_p95_ms: float | None
    last_hour: datetime


@dataclass(frozen=True, slots=True)
class Slot:
    """One flow in one step of a chart that begins at `slot`."""

    flow: str
    slot: datetime
    settled: int
    dead: int


@dataclass(frozen=True, slots=True)
class Held:
    """Open failures of one flow and age, and the money they hold."""

    flow: str
    bucket: str
    bucket_order: int
    failures: int
    amount_reporting: Decimal | None


@dataclass(frozen=True, slots=True)
class PairLag:
    """How far a target lags behind its source, in seconds; `target_system` is None where none has answered."""

    flow: str
    source_system: str
    target_system: str | None
    entity: str | None
    acknowledged: int
    lag_p50_s: float | None
    lag_p95_s: float | None
    lag_max_s: float | None
    oldest_pending_s: float | None


@dataclass(frozen=True, slots=True)
class DeadLetters:
    """Runs that ended dead, by flow, refusing system and code; `oldest` since when, `message` what one of them was
    answered.
    """

    flow: str
    system: str | None
    error_code: str | None
    runs: int
    oldest: datetime
    message: str | None
    amount_reporting: Decimal | None


@dataclass(frozen=True, slots=True)
class Quarantined:
    """Input that nobody could read, by receiver and fault; `rows` counts it."""

    receiver: str
    error_code: str
    rows: int
    last_at: datetime
    reason: str | None


@dataclass(frozen=True, slots=True)
class Replays:
    """How the replays of one flow ended that were asked for in the window."""

    flow: str
    replays: int
    delivered: int
    failed: int


@dataclass(frozen=True, slots=True)
class Stake:
    """What is open among the exceptions: how many records in how many cases, and the money at stake in the reporting
    currency by its kind.
    """

    records: int
    cases: int
    money: Mapping[str, Decimal]


@dataclass(frozen=True, slots=True)
class Worked:
    """The hour in which any flow worked last."""

    hour: datetime


@dataclass(frozen=True, slots=True)
class Calls:
    """Calls of a system today (UTC): `calls` were made, `used` counts the vendor, `left` of `allowed` may be made; None
    where no limit is known.
    """

    system: str
    calls: int
    used: int | None
    allowed: int | None
    left: int | None
