"""Routing: an event to the runs it starts, or to the dead letters where it cannot be read (S8, N4)."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import uuid4

import orjson

from integrations.contracts.flow import Flow
from integrations.engine.flow_book import FlowBook
from integrations.engine.retry import error_of
from integrations.engine.tracing import new_trace_id
from models.canonical.events import CloudEvent, data_of, upcast
from models.domain.errors import TieoutError, Unmappable
from models.journal.metadata import micros
from models.journal.runs.rereads import INTAKE, row_key
from models.journal.runs.run import Arrival, Start

NO_ENTITY = "-"
"""Lane of events that name no legal entity. Lanes are kept apart by flow too: a thousand time entries must not stand in
front of the one sale that is to become a project."""


class Routing:
    """Makes arrivals of events. A refused event still starts its runs, dead: visible and replayable, never dropped."""

    def __init__(self, flows: FlowBook) -> None:
        self._flows = flows

    def arrival(self, event: CloudEvent) -> Arrival:
        """An event with the runs it starts; none where no flow is triggered by it."""
        body = event.model_dump(mode="json")
        flows = self._flows.triggered(event.type)
        if not flows:
            return Arrival(event.source, event.id, body)
        try:
            data_of(event)
            data = upcast(event).data
            starts = [self._start(flow, event, data) for flow in flows]
        except Unmappable as error:
            return Arrival(
                event.source,
                event.id,
                body,
                [self._refused(flow, event, body["data"]) for flow in flows],
                error_of(error),
            )
        except Exception as error:  # noqa: BLE001  a flow's ordering rule that cannot read the event is a refusal too
            return Arrival(
                event.source,
                event.id,
                body,
                [self._refused(flow, event, body["data"]) for flow in flows],
                error_of(error),
            )
        return Arrival(event.source, event.id, body, starts)

    def rejected(
        self, system: str, stream: str, source_id: str, row: Mapping[str, Any], error: Exception, now: datetime
    ) -> Arrival:
        """A row that its connector could not map: a dead run of the intake, replayed by reading the stream again."""
        content = orjson.dumps(row, default=str, option=orjson.OPT_SORT_KEYS | orjson.OPT_NON_STR_KEYS)
        digest = hashlib.sha256(content).hexdigest()
        event_id = f"{stream}/{source_id}/{digest[:16]}"
        key = row_key(system, stream, source_id)
        code, message, field = error_of(error)
        if not isinstance(error, TieoutError):
            code, message = "unmappable", f"{type(error).__name__}: {error}"
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
            legal_entity=event.legalentity,
            source_changed_at=event.time,
        )


def _trace_id(traceparent: str | None) -> str:
    parts = (traceparent or "").split("-")
    if len(parts) >= 4 and len(parts[1]) == 32 and set(parts[1]) <= set("0123456789abcdef") and set(parts[1]) != {"0"}:
        return parts[1]
    return new_trace_id()
