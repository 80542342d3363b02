"""Moves as rows: what a worker did to its runs, written where their leases still hold."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from models.domain.states import RunState
from models.domain.storable import json_text
from models.journal.metadata import micros
from models.journal.runs.run import Run
from models.journal.sealing import amount_of, text_of
from models.journal.statements import statements
from models.keys.keyring import Keyring

_SQL = Path(__file__).with_name("moves.sql")
_MOVE_COLUMNS = (
    "state",
    "step",
    "step_name",
    "attempt",
    "legal_entity",
    "payload",
    "acks",
    "intent",
    "error_code",
    "error_message",
    "error_field",
    "system",
    "waiting_for",
    "waiting_because",
    "waiting_missing",
    "waiting_owner",
    "waiting_wall",
    "amount",
    "currency",
    "due_at",
    "settled_at",
    "notice",
    "now",
    "owner",
    "until",
    "seq",
    "lease_token",
)


def store_moves(connection: sa.Connection, rows: list[dict[str, Any]]) -> set[int]:
    """Write rows of `move_row` whose lease still holds; the sequence numbers of the others."""
    sql = statements(_SQL, connection.dialect.name)
    if not rows:
        return set()
    if connection.dialect.name == "postgresql":
        columns = {name: [row[name] for row in rows] for name in _MOVE_COLUMNS}
        kept = set(connection.scalars(sql["move_many"], columns))
        return {row["seq"] for row in rows} - kept
    before = {row["seq"]: row["lease_token"] for row in rows}
    held: dict[int, int] = dict(connection.execute(sql["held_tokens"], {"seqs": json.dumps(list(before))}).all())
    lost = {seq for seq, token in before.items() if held.get(seq) != token}
    if fresh := [row for row in rows if row["seq"] not in lost]:
        connection.exec_driver_sql(sql["move"].text, fresh)
    return lost


def move_row(run: Run, owner: str, until: int, looked_wall: int, now: datetime, keys: Keyring | None) -> dict[str, Any]:
    """What a worker did to a run, as columns: JSON as text that is sealed with `keys`, times as microseconds."""
    key = run.business_key
    running, waiting = run.state is RunState.RUNNING, run.state is RunState.WAITING
    return {
        "state": run.state.value,
        "step": run.step,
        "step_name": run.step_name,
        "attempt": run.attempt,
        "legal_entity": run.legal_entity,
        "payload": text_of(keys, run.payload, key),
        "acks": text_of(keys, run.acks, key) if run.acks else None,
        "intent": text_of(keys, run.intent, key) if run.intent else None,
        "error_code": run.error_code,
        "error_message": run.error_message,
        "error_field": run.error_field,
        "system": run.system,
        "waiting_for": run.waiting_for,
        "waiting_because": run.waiting_because,
        "waiting_missing": json_text(run.waiting_missing) if run.waiting_missing else None,
        "waiting_owner": run.waiting_owner,
        "waiting_wall": looked_wall if waiting else None,
        "amount": amount_of(keys, run.amount, run.payload, key),
        "currency": run.currency,
        "due_at": micros(run.due_at) if run.due_at else None,
        "settled_at": micros(run.settled_at) if run.settled_at else None,
        "notice": run.notice,
        "now": micros(now),
        "owner": owner if running else None,
        "until": until if running else None,
        "seq": run.seq,
        "lease_token": run.lease_token,
    }
