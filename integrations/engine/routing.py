"""Routing: an event to the runs it starts, or to the dead letters where it cannot be read (S8, N4)."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import uuid4

import orjson
import sqlalchemy as sa

from integrations.contracts.flow import Flow
from integrations.engine.context import legal_entity_in
from integrations.engine.flow_book import FlowBook
from integrations.engine.retry import error_of
from integrations.engine.tracing import new_trace_id
from models.canonical.events import CloudEvent, data_of, upcast
from models.domain.errors import TieoutError, Unmappable
from models.domain.secrets import purged, suspicious, without_secrets, without_secrets_in
from models.domain.storable import json_text, oddity, storable
from models.journal.metadata import micros
from models.journal.runs.rereads import INTAKE, row_key
from models.journal.runs.run import Arrival, Start

UNSTORABLE = (TypeError, ValueError, OverflowError, sa.exc.DataError)
"""What a value raises that no column holds. A database that is away raises something else, and the arrival waits."""
NO_ENTITY = "-"
"""Lane of events that name no legal entity. Lanes are kept apart by flow too: a thousand time entries must not stand in
front of the one sale that is to become a project."""


class Routing:
    """Makes arrivals of events. A refused event still starts its runs, dead: visible and replayable, never dropped."""

    def __init__(self, flows: FlowBook) -> None:
        self._flows = flows

    def arrival(self, event: CloudEvent) -> Arrival:
        """An event with the runs it starts; none where no flow is triggered by it."""
        event = _without_secrets(event)
        flows = self._flows.triggered(event.type)
        if (odd := oddity(event.__dict__)) is not None:
            return self._unstorable(event, flows, *odd)
        body = event.model_dump(mode="json")
        if not flows:
            return Arrival(event.source, event.id, body)
        try:
            data_of(event)
            data = upcast(event).data
            starts = [self._start(flow, event, data) for flow in flows]
        except Exception as error:  # noqa: BLE001  a flow's ordering rule that cannot read the event is a refusal too
            return Arrival(
                event.source,
                event.id,
                body,
                [self._refused(flow, event, body["data"]) for flow in flows],
                error_of(error),
            )
        return Arrival(event.source, event.id, body, starts)

    def unstorable(self, system: str, stream: str, arrival: Arrival, error: Exception, now: datetime) -> Arrival:
        """In place of an arrival that the journal could not keep, for whatever reason: its words as a dead letter."""
        reason = without_secrets(storable(str(getattr(error, "orig", error))))
        refusal = Unmappable(f"the journal cannot keep what it holds: {reason}", "", code="unstorable")
        return self.rejected(system, stream, arrival.event_id, arrival.body, refusal, now)

    def rejected(
        self, system: str, stream: str, source_id: str, row: Mapping[str, Any], error: Exception, now: datetime
    ) -> Arrival:
        """A row that its connector could not map: a dead run of the intake, replayed by reading the stream again."""
        content = without_secrets_in(json_text(row, orjson.OPT_SORT_KEYS | orjson.OPT_NON_STR_KEYS))
        digest, source_id = hashlib.sha256(content.encode()).hexdigest(), storable(source_id)
        event_id = f"{stream}/{source_id}/{digest[:16]}"
        key = row_key(system, stream, source_id)
        code, message, field = error_of(error)
        if not isinstance(error, TieoutError):
            code, message = "unmappable", f"{type(error).__name__}: {without_secrets(storable(str(error)))}"
        payload = {"system": system, "stream": stream, "source_id": source_id, "row": orjson.loads(content)}
        body = {
            "id": event_id,
            "source": f"{system}/intake",
            "type": "tieout.row.rejected",
            "subject": key,
            "data": payload,
        }
        start = Start(
            flow=INTAKE,
            flow_version=1,
            step_name="map",
            business_key=key,
            source_version=micros(now),
            aggregate=event_id,
            lane=NO_ENTITY,
            event_type="tieout.row.rejected",
            payload=payload,
            correlation_id=uuid4().hex,
            trace_id=new_trace_id(),
        )
        return Arrival(f"{system}/intake", event_id, body, [start], (code, message, field))

    def _unstorable(self, event: CloudEvent, flows: Sequence[Flow], place: str, what: str) -> Arrival:
        """An event that no store keeps as it came: it is kept as it can be, dead, and its neighbours go on."""
        whole = event.model_copy(update={**storable(event.__dict__), "sourceversion": _version(event)})
        error = Unmappable(f"no store keeps {place}: it holds {what}", place, code="unstorable")
        starts = [self._refused(flow, whole, whole.data) for flow in flows]
        body = {**whole.__dict__, "time": whole.time.isoformat()}
        return Arrival(whole.source, whole.id, body, starts, error_of(error))

    def _start(self, flow: Flow, event: CloudEvent, data: Mapping[str, Any]) -> Start:
        return self._begun(
            flow, event, data, flow.aggregate(event), flow.lane(event) if flow.lane else event.legalentity or NO_ENTITY
        )

    def _refused(self, flow: Flow, event: CloudEvent, data: Mapping[str, Any]) -> Start:
        return self._begun(flow, event, data, event.subject, event.legalentity or NO_ENTITY)

    def _begun(self, flow: Flow, event: CloudEvent, data: Mapping[str, Any], aggregate: str, lane: str) -> Start:
        return Start(
            flow=flow.name,
            flow_version=flow.version,
            step_name=flow.steps[0].name if flow.steps else None,
            business_key=event.subject,
            source_version=event.sourceversion,
            aggregate=aggregate,
            lane=f"{lane}/{flow.name}",
            event_type=event.type,
            payload=data,
            correlation_id=event.correlationid or uuid4().hex,
            trace_id=_trace_id(event.traceparent),
            legal_entity=event.legalentity or legal_entity_in(data),
            source_changed_at=event.time,
        )


def _without_secrets(event: CloudEvent) -> CloudEvent:
    """The event as it may be stored: people write passwords into notes, and vendors put tokens into links."""
    return event.model_copy(update={"data": purged(event.data)}) if suspicious(json_text(event.data)) else event


def _version(event: CloudEvent) -> int:
    """The event's version; where no column holds it, the time of its change in milliseconds."""
    held = -(2**63) <= event.sourceversion < 2**63
    return event.sourceversion if held else micros(event.time) // 1000


def _trace_id(traceparent: str | None) -> str:
    parts = (traceparent or "").split("-")
    if len(parts) >= 4 and len(parts[1]) == 32 and set(parts[1]) <= set("0123456789abcdef") and set(parts[1]) != {"0"}:
        return parts[1]
    return new_trace_id()
