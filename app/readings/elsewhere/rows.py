"""What flows that others run are told as. Times are UTC; amounts are those of one thing, and masked."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from app.readings.masking import ContractValue


@dataclass(frozen=True, slots=True)
class ForeignFlow:
    """A flow that others run; a run of it may take `allowed_s` seconds, and `running` counts those that have not
    ended, `failures` the things that it failed at and nothing mended.
    """

    flow: str
    system: str
    instance: str
    rule: str
    owner: str | None
    allowed_s: float | None
    runbook: str | None
    sampled: bool
    runs: int
    running: int
    running_since: datetime | None
    done_at: datetime | None
    failed_at: datetime | None
    failures: int
    heard_at: datetime


@dataclass(frozen=True, slots=True)
class ForeignRun:
    """A run of such a flow, as its rule reads it; `run_ms` is in milliseconds, by the engine's own clock."""

    flow: str
    system: str
    instance: str
    run_id: str
    trace_id: str | None
    state: str
    step: str | None
    business_key: str | None
    amount: ContractValue | None
    currency: str | None
    legal_entity: str | None
    error_code: str | None
    error_message: str | None
    started_at: datetime
    ended_at: datetime | None
    run_ms: float | None


@dataclass(frozen=True, slots=True)
class Trial:
    """What rules would make of what came lately: its `runs`, and the open `failures` of which there would be `cases`.

    `spans` and `logs` were looked at, `whole` says that these are all that came; `unread` rules fitted nothing, and of
    `keyless` failures no later run can close the case.
    """

    runs: tuple[ForeignRun, ...]
    failures: int
    cases: tuple[str, ...]
    keyless: int
    spans: int
    logs: int
    whole: bool
    unread: tuple[str, ...]
