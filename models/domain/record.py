"""One fact for the audit lake, as the journal's feed and the receivers hand it to the collector."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any
from uuid import uuid4


class RecordKind(StrEnum):
    SOURCE_EVENT = "source_event"  # an event was admitted (body: the CloudEvent)
    TRANSFORMATION = "transformation"  # a pure step ran (body: {"before": …, "after": …})
    ACKNOWLEDGEMENT = "acknowledgement"  # a target answered (body: {"change": …, "answer": …})
    FAILURE = "failure"  # an attempt failed (body: {"error": …, "change"|"before": …})
    PAUSE = "pause"  # a run waits (body: {"what", "because", "missing", "owner"})
    SETTLEMENT = "settlement"  # a run ended (status: settled, dead, superseded, cancelled)
    OPERATOR_ACTION = "operator_action"  # a person did something (actor set; body says what and why)
    CATALOGUE = (
        "catalogue"  # the installation changed (body: {"before", "after", "changes": [{"file", "entry", "what"}]})
    )
    FINDING = "finding"  # a detector found, or no longer finds (status: open, resolved)
    TOTALS = "totals"  # control totals at a day's end (status: sealed, restated; body: {"day", …, "before", "reason"})
    FIGURES = "figures"  # a figure of a day that is over (status: sealed, restated; body: {"day", "name", …, "before"})


@dataclass(frozen=True, slots=True)
class Record:
    """Columns of the lake's `records`; `occurred_at` is world time, `recorded_at` (wall) is set by the collector.

    `body` is JSON-ready; sensitive fields in it are marked by the canonical classification, sealed in the feed and the
    lake and masked on reading. `sealed_amount` takes the place of an `amount` that tells a rate or a contract value.
    """

    kind: RecordKind
    occurred_at: datetime
    record_id: str = field(default_factory=lambda: uuid4().hex)
    flow: str | None = None
    flow_version: int | None = None
    step: str | None = None
    attempt: int | None = None
    run_id: str | None = None
    lineage_id: str | None = None
    correlation_id: str | None = None
    trace_id: str | None = None
    span_id: str | None = None
    business_key: str | None = None
    system: str | None = None
    entity: str | None = None
    legal_entity: str | None = None
    status: str | None = None
    error_code: str | None = None
    amount: Decimal | None = None
    currency: str | None = None
    actor: str | None = None
    duration_us: int | None = None
    source_changed_at: datetime | None = None
    body: Any = None
    sealed_amount: str | None = None
