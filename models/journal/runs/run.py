"""A run as the journal hands it out, and what a worker hands back: a move."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import Any

from models.domain.outcomes import Fact
from models.domain.record import Record
from models.domain.states import RunState
from models.journal.metadata import instant
from models.journal.sealing import value_of
from models.keys.keyring import Keyring
from models.keys.sealing import opened_amount

HOLDING = (RunState.READY, RunState.RUNNING, RunState.WAITING, RunState.IN_DOUBT)
"""States in which a run holds later runs of its aggregate; a dead run does not (E7)."""


@dataclass(frozen=True, slots=True)
class PausedFlow:
    """A flow of which a person lets no more runs start: who, why and since when by the world's clock."""

    flow: str
    paused_by: str
    reason: str | None
    paused_at: datetime


@dataclass(slots=True)
class Run:
    """One row of the journal's `run` table. Only the worker that holds its lease may change and commit it.

    `attempt` counts failed tries of the present step; `intent` is the write that was begun and not answered yet.
    """

    seq: int
    run_id: str
    flow: str
    flow_version: int
    state: RunState
    step: int
    step_name: str | None
    attempt: int
    claims: int
    business_key: str
    source_version: int
    aggregate: str
    lane: str
    lineage_id: str
    replay_of: str | None
    correlation_id: str
    trace_id: str
    legal_entity: str | None
    event_type: str
    event_source: str
    event_id: str
    payload: dict[str, Any]
    acks: dict[str, dict[str, Any]]
    correction: Mapping[str, Any] | None
    intent: dict[str, Any] | None
    error_code: str | None
    error_message: str | None
    error_field: str | None
    system: str | None
    waiting_for: str | None
    waiting_because: str | None
    waiting_missing: Sequence[str] | None
    waiting_owner: str | None
    amount: str | None
    currency: str | None
    created_at: datetime
    due_at: datetime | None
    settled_at: datetime | None
    source_changed_at: datetime | None
    notice: str | None
    lease_token: int
    held: int = 0
    notice_at: datetime | None = None
    notice_tries: int = 0
    replay_request: str | None = None
    pruned_at: datetime | None = None

    @property
    def elsewhere(self) -> bool:
        """Whether another engine ran it: then it is what a detector found, and no row of this journal."""
        return "/" in self.flow

    @property
    def fact(self) -> tuple[str, str, str]:
        """What versions are compared within: the flow, the business key and the system that it comes from."""
        return self.flow, self.business_key, source_system(self.event_source)


def source_system(event_source: str) -> str:
    """The system that an event came from: versions of two systems count from clocks of their own and never compare."""
    return event_source.partition("/")[0]


RUN_COLUMNS = ", ".join(field.name for field in fields(Run))
_JSON = ("correction", "intent", "waiting_missing")
_TIMES = ("created_at", "due_at", "settled_at", "source_changed_at", "notice_at", "pruned_at")


def run_of(row: Sequence[Any], keys: Keyring | None) -> Run:
    """A run from a row of RUN_COLUMNS in their stored form: JSON as text, sealed with `keys`, times as microseconds."""
    run = Run(*row)
    run.state = RunState(run.state)
    run.payload = value_of(keys, row[_PAYLOAD])
    run.acks = value_of(keys, row[_ACKS]) if row[_ACKS] else {}
    run.amount = opened_amount(keys, run.amount)
    for name in _JSON:
        if (text := getattr(run, name)) is not None:
            setattr(run, name, value_of(keys, text))
    for name in _TIMES:
        if (moment := getattr(run, name)) is not None:
            setattr(run, name, instant(moment))
    return run


_NAMES = [field.name for field in fields(Run)]
_PAYLOAD, _ACKS = _NAMES.index("payload"), _NAMES.index("acks")


@dataclass(frozen=True, slots=True)
class Arrival:
    """An event on its way into the journal: its CloudEvent as JSON, and the runs it starts (none: recorded only).

    `event_id` and `source` deduplicate. A `refusal` (code, message, field) admits its runs as dead letters:
    quarantined, visible and replayable, never dropped (N4).
    """

    source: str
    event_id: str
    body: Mapping[str, Any]
    starts: Sequence[Start] = ()
    refusal: tuple[str, str, str | None] | None = None


@dataclass(frozen=True, slots=True)
class Start:
    """A run that an event starts."""

    flow: str
    flow_version: int
    step_name: str | None
    business_key: str
    source_version: int
    aggregate: str
    lane: str
    event_type: str
    payload: Mapping[str, Any]
    correlation_id: str
    trace_id: str
    legal_entity: str | None = None
    source_changed_at: datetime | None = None
    amount: str | None = None
    currency: str | None = None


@dataclass(slots=True)
class Move:
    """What one claimed run has done since its last commit: its new state and everything that goes with it, all or
    nothing.

    `links` are (system, entity, system id, canonical id).
    """

    run: Run
    records: list[Record] = field(default_factory=list)
    facts: list[Fact] = field(default_factory=list)
    links: list[tuple[str, str, str, str]] = field(default_factory=list)
    arrivals: list[Arrival] = field(default_factory=list)
