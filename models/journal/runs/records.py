"""Records about a run, for the feed."""

from __future__ import annotations

import os
from datetime import datetime
from decimal import Decimal
from typing import Any

from models.domain.record import Record, RecordKind
from models.journal.runs.run import Arrival, Run, Start


def run_record(run: Run, kind: RecordKind, now: datetime, **more: Any) -> Record:
    """A record of `kind` that names the run; `more` are further columns, `body` and `status` among them."""
    return Record(
        kind=kind,
        occurred_at=now,
        record_id=os.urandom(16).hex(),
        flow=run.flow,
        flow_version=run.flow_version,
        step=more.pop("step", run.step_name),
        attempt=run.attempt + 1,
        run_id=run.run_id,
        lineage_id=run.lineage_id,
        correlation_id=run.correlation_id,
        trace_id=run.trace_id,
        business_key=run.business_key,
        entity=more.pop("entity", None) or run.business_key.partition(":")[0],
        legal_entity=run.legal_entity,
        source_changed_at=run.source_changed_at,
        **more,
    )


def settlement(run: Run, now: datetime, **more: Any) -> Record:
    """A run's end, or its arrival in the dead letters; the duration is its age in world time."""
    age = now - run.created_at
    return run_record(
        run,
        RecordKind.SETTLEMENT,
        now,
        status=run.state.value,
        error_code=run.error_code,
        system=run.system,
        amount=Decimal(run.amount) if run.amount is not None else None,
        currency=run.currency,
        duration_us=round(age.total_seconds() * 1_000_000),
        body={
            "event_type": run.event_type,
            "source_version": run.source_version,
            "replay_of": run.replay_of,
            **_whose(run),
            **_error(run),
            **more,
        },
    )


def arrival_record(
    arrival: Arrival, start: Start | None, status: str, run_id: str | None, lineage_id: str | None, now: datetime
) -> Record:
    """An event as it came, and what became of it: admitted, woken, stale, duplicate, quarantined or unrouted."""
    body = arrival.body
    key = start.business_key if start else str(body.get("subject") or arrival.event_id)
    return Record(
        kind=RecordKind.SOURCE_EVENT,
        occurred_at=now,
        record_id=os.urandom(16).hex(),
        flow=start.flow if start else None,
        flow_version=start.flow_version if start else None,
        run_id=run_id,
        lineage_id=lineage_id,
        correlation_id=start.correlation_id if start else None,
        trace_id=start.trace_id if start else None,
        business_key=key,
        system=arrival.source.partition("/")[0],
        entity=key.partition(":")[0],
        legal_entity=start.legal_entity if start else body.get("legalentity"),
        status=status,
        error_code=arrival.refusal[0] if arrival.refusal else None,
        source_changed_at=start.source_changed_at if start else None,
        body=body,
    )


def _whose(run: Run) -> dict[str, Any]:
    """Who did the work: what a record tells of it is sealed with that person's key."""
    return {name: run.payload[name] for name in ("resource_id", "resource_ref") if run.payload.get(name)}


def _error(run: Run) -> dict[str, Any]:
    if run.error_code is None:
        return {}
    return {"error": {"code": run.error_code, "message": run.error_message, "field": run.error_field}}
