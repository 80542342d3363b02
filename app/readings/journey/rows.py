"""What a journey consists of: records, spans, log lines, what systems hold. Times are UTC; bodies are masked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from app.readings.masking import Amount, AmountOfKind


@dataclass(frozen=True, slots=True)
class Step:
    """One record of a journey, and the seal that proves it (`root` is None before it is sealed).

    `amount` is masked by what the record is about; of a case it is a sum and open. `body` is masked field by field,
    and `changed` names its paths that differ between `before` and `after`, judged on the clear values. `duration_us` is
    in microseconds.
    """

    record_id: str
    occurred_at: datetime
    kind: str
    flow: str | None
    flow_version: int | None
    step: str | None
    attempt: int | None
    system: str | None
    entity: str | None
    business_key: str | None
    legal_entity: str | None
    status: str | None
    error_code: str | None
    amount: Amount | None
    currency: str | None
    actor: str | None
    duration_us: int | None
    run_id: str | None
    lineage_id: str | None
    correlation_id: str | None
    trace_id: str | None
    span_id: str | None
    batch_id: int | None
    n: int | None
    sealed_at: datetime | None
    root: str | None
    writer: str | None
    body: Any
    changed: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Span:
    """One span of a trace, whoever sent it; `duration_us` is in microseconds, `status_code` 2 is an error."""

    trace_id: str
    span_id: str
    parent_span_id: str | None
    name: str | None
    service_name: str | None
    start_time: datetime
    duration_us: int | None
    status_code: int | None
    status_message: str | None
    attributes: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class LogLine:
    """One log line of a trace."""

    time: datetime
    severity_text: str | None
    body: str | None
    service_name: str | None


@dataclass(frozen=True, slots=True)
class Holding:
    """What one system holds for a key as it was last seen; `present` is false once it is gone there. `fields` is
    masked.
    """

    system: str
    role: str | None
    entity: str
    key: str
    present: bool
    observed_at: datetime
    fields: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Holdings:
    """What every system holds, and the fields in which they differ, judged on the clear values."""

    rows: tuple[Holding, ...]
    differing: frozenset[str]


@dataclass(frozen=True, slots=True)
class Invoice:
    """An invoice as the ERP showed it last; `fields` is masked."""

    system: str
    key: str
    observed_at: datetime
    fields: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Work:
    """A time entry, an expense or a milestone of a project; the amount is that of one thing."""

    key: str
    kind: str
    resource_key: str | None
    charge_code: str | None
    work_date: date | None
    hours: Decimal | None
    bill_amount: AmountOfKind | None
    currency: str | None
    state: str
    blocker: str | None


@dataclass(frozen=True, slots=True)
class Latest:
    """A journey that ended lately."""

    key: str
    flow: str | None
    last_at: datetime
    status: str | None


@dataclass(frozen=True, slots=True)
class Named:
    """What an id or a business key names: `records` of it in the audit lake, and what it is `about`."""

    kind: str
    key: str
    flow: str | None
    about: str | None
    title: str | None
    records: int


@dataclass(frozen=True, slots=True)
class Project:
    """A project that a word found."""

    key: str
    name: str | None
    customer_key: str | None
    customer_name: str | None
    legal_entity: str | None
    usable_at: datetime | None


@dataclass(frozen=True, slots=True)
class Item:
    """A time entry, an expense or a milestone that a word found."""

    key: str
    kind: str
    project_key: str | None
    state: str


@dataclass(frozen=True, slots=True)
class Trail:
    """The correlation id of a journey."""

    correlation_id: str
