"""A run as a row of the journal: made of an event, stored as the table wants it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import uuid4

import sqlalchemy as sa

from models.domain.states import RunState
from models.journal import tables
from models.journal.metadata import micros
from models.journal.runs.run import Arrival, Run, Start
from models.journal.sealing import amount_of, text_of
from models.journal.statements import insert_many
from models.keys.keyring import Keyring


def new_run(arrival: Arrival, start: Start, state: RunState, now: datetime) -> Run:
    """A run at its first step, the first of its lineage."""
    run_id = uuid4().hex
    error = arrival.refusal or (None, None, None)
    ended = state is RunState.SUPERSEDED
    return Run(
        seq=0,
        run_id=run_id,
        flow=start.flow,
        flow_version=start.flow_version,
        state=state,
        step=0,
        step_name=start.step_name,
        attempt=0,
        claims=0,
        business_key=start.business_key,
        source_version=start.source_version,
        aggregate=start.aggregate,
        lane=start.lane,
        lineage_id=run_id,
        replay_of=None,
        correlation_id=start.correlation_id,
        trace_id=start.trace_id,
        legal_entity=start.legal_entity,
        event_type=start.event_type,
        event_source=arrival.source,
        event_id=arrival.event_id,
        payload=dict(start.payload),
        acks={},
        correction=None,
        intent=None,
        error_code=error[0],
        error_message=error[1],
        error_field=error[2],
        system=None,
        waiting_for=None,
        waiting_because=None,
        waiting_missing=None,
        waiting_owner=None,
        amount=start.amount,
        currency=start.currency,
        created_at=now,
        due_at=now,
        settled_at=now if ended else None,
        source_changed_at=start.source_changed_at,
        notice=None,
        lease_token=0,
    )


_STORED = [
    f"{column.name}"
    for column in tables.run.columns
    if column.name not in ("seq", "waiting_wall", "lease_owner", "lease_until_wall")
]
_INSERT = sa.text(f"insert into run ({', '.join(_STORED)}) values ({', '.join(':' + name for name in _STORED)})")
_JSON = ("payload", "acks", "correction", "intent", "waiting_missing")
_TIMES = ("created_at", "due_at", "settled_at", "source_changed_at", "notice_at", "pruned_at")


def stored(run: Run, held: bool, now: datetime, keys: Keyring | None) -> dict[str, Any]:
    """A run as a row of the table, JSON as text that is sealed with `keys`, times as microseconds."""
    row: dict[str, Any] = {name: getattr(run, name, None) for name in _STORED}
    row["state"], row["held"], row["updated_at"] = run.state.value, int(held), micros(now)
    for name in _JSON:
        row[name] = text_of(keys, row[name], run.business_key) if row[name] else None
    row["payload"] = row["payload"] or "{}"
    row["amount"] = amount_of(keys, run.amount, run.payload, run.business_key)
    for name in _TIMES:
        row[name] = micros(row[name]) if row[name] is not None else None
    return row


def insert_runs(connection: sa.Connection, rows: Sequence[dict[str, Any]]) -> None:
    """Insert rows made by `stored`."""
    insert_many(connection, _INSERT, rows)
