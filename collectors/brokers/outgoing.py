"""The events that go out: what was admitted, as subscribers are to read it, each once (E12, M3)."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import aio_pika
import orjson
from pydantic import ValidationError

from collectors.brokers.binding import STRUCTURED, TRACE
from models.canonical.classification import DataClass, sensitive_names
from models.canonical.events import EVENT_TYPES, CloudEvent, data_of, upcast
from models.canonical.schemas import SCHEMAS
from models.domain.errors import Unmappable
from models.domain.record import Record, RecordKind

_GOES = frozenset({"admitted", "woken", "unrouted"})
"""Not what was known, was older than what is known, or cannot be read."""
_RATES = frozenset(
    name
    for name, kind in sensitive_names(list(SCHEMAS.values())).items()
    if kind in (DataClass.LABOUR_RATE, DataClass.COMPENSATION)
)
_SHORT = 255  # bytes of a short string of AMQP
_BATCH = 200


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One event on its way out: CloudEvents as JSON, in the present version of its schema."""

    body: Mapping[str, Any]

    @property
    def key(self) -> tuple[str, str]:
        """Source and id, by which its receiver knows it."""
        return str(self.body["source"]), str(self.body["id"])

    @property
    def routing_key(self) -> str:
        return str(self.body["type"])

    def message(self) -> aio_pika.Message:
        """Structured mode: the whole event is the body, so that nothing is lost where headers are."""
        trace = self.body.get(TRACE)
        return aio_pika.Message(
            orjson.dumps(self.body),
            content_type=STRUCTURED,
            content_encoding="utf-8",
            delivery_mode=aio_pika.DeliveryMode.PERSISTENT,
            message_id=_short(self.key[1]),
            correlation_id=_short(str(self.body.get("correlationid") or "")) or None,
            type=self.routing_key,
            timestamp=datetime.fromisoformat(self.body["time"]),
            app_id="tieout",
            headers={TRACE: trace} if trace else {},
        )


def outgoing(records: Iterable[Record], rates: bool) -> list[Outgoing]:
    """The events that were admitted, in order; what one starts several runs of goes out once. Without `rates` labour
    rates and pay are left empty.
    """
    found: dict[tuple[str, str], Outgoing] = {}
    for record in records:
        if record.kind is RecordKind.SOURCE_EVENT and record.status in _GOES:
            one = _of(record, rates)
            if one is not None:
                found.setdefault(one.key, one)
    return list(found.values())


def batches(events: Sequence[Outgoing]) -> Iterator[list[Outgoing]]:
    """Events that may be on their way at once: no two of one subject, since the later one must not arrive where the
    broker refuses the earlier, and no two of one id, by which the client knows what comes back.
    """
    batch: list[Outgoing] = []
    taken: set[str] = set()
    for one in events:
        names = {f"subject {one.body['subject']}", f"id {one.key[1]}"}
        if taken & names or len(batch) == _BATCH:
            yield batch
            batch, taken = [], set()
        batch.append(one)
        taken |= names
    if batch:
        yield batch


def _of(record: Record, rates: bool) -> Outgoing | None:
    """The event of a record; None for what is none of the published ones, or has data that nobody could read."""
    if not isinstance(record.body, Mapping) or record.body.get("type") not in EVENT_TYPES:
        return None
    try:
        event = upcast(CloudEvent.model_validate(record.body))
        data_of(event)
    except (ValidationError, Unmappable):
        return None
    told = event.model_dump(mode="json", exclude_none=True)
    told["sourceversion"] = str(event.sourceversion)  # an integer of CloudEvents has 32 bits
    if (trace := event.traceparent or _trace(record.trace_id)) is not None:
        told[TRACE] = trace
    return Outgoing(told if rates else {**told, "data": _without_rates(told["data"])})


def _trace(trace_id: str | None) -> str | None:
    """The trace of the run that the event started."""
    return f"00-{trace_id}-{os.urandom(8).hex()}-01" if trace_id else None


def _without_rates(data: Any) -> Any:
    if isinstance(data, Mapping):
        return {name: None if name in _RATES else _without_rates(value) for name, value in data.items()}
    return [_without_rates(one) for one in data] if isinstance(data, list) else data


def _short(text: str) -> str:
    """A text that AMQP has room for: itself, or its digest."""
    return text if len(text.encode()) <= _SHORT else hashlib.sha256(text.encode()).hexdigest()
