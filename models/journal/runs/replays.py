"""Replays: a new run in the same lineage for an old one, from its failed step or from the start, corrected if asked
(E4).
"""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import sqlalchemy as sa
from pydantic import ValidationError

from models.canonical.events import CloudEvent, upcast
from models.domain.errors import Unmappable
from models.domain.record import Record, RecordKind
from models.domain.states import RunState, allowed
from models.journal import tables
from models.journal.inbox import INBOX
from models.journal.inbox_queue import put_back
from models.journal.runs.admission import admission_lock
from models.journal.runs.elsewhere import replayable, sending, sent_by, why_not_sent
from models.journal.runs.reading import origins
from models.journal.runs.records import run_record
from models.journal.runs.rereads import INTAKE, STALE, ask
from models.journal.runs.rows import insert_runs, stored
from models.journal.runs.run import Run
from models.journal.runs.succession import release, supersede
from models.journal.sealing import keys_of
from models.journal.statements import statements

_SQL = Path(__file__).with_name("replays.sql")


@dataclass(slots=True)
class Replays:
    """Old run id -> the run that took over, and why others were left alone."""

    runs: dict[str, str] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)


def corrected(payload: Mapping[str, Any], correction: Mapping[str, Any] | None) -> dict[str, Any]:
    """A copy of the payload with each dotted path set to its value; list items by their number.

    Raises Unmappable for a path that leads through something that has no such part.
    """
    copied: dict[str, Any] = copy.deepcopy(dict(payload))
    for path, value in (correction or {}).items():
        *parents, last = path.split(".")
        spot: Any = copied
        for part in parents:
            spot = _part(spot, part, path)
        if isinstance(spot, list):
            _part(spot, last, path)
            spot[int(last)] = value
        elif isinstance(spot, dict):
            spot[last] = value
        else:
            raise _no_such(path)
    return copied


def _part(spot: Any, part: str, path: str) -> Any:
    if isinstance(spot, dict) and isinstance(spot.get(part), dict | list):
        return spot[part]
    if isinstance(spot, list) and part.isdigit() and int(part) < len(spot):
        return spot[int(part)]
    raise _no_such(path)


def _no_such(path: str) -> Unmappable:
    return Unmappable(
        f"the payload has no place {path!r}: look at its fields and give the dotted path of one of them",
        path,
        code="no-such-field",
    )


def restarted(
    old: Run, origin: Mapping[str, Any] | None, start: str, correction: Mapping[str, Any] | None, now: datetime
) -> Run:
    """The run that takes over from `old`: at its failed step with its payload, or at the start with the event's."""
    from_start = start == "start" and origin is not None
    merged = {**(old.correction or {}), **(correction or {})} or None
    payload = (
        corrected(_present(origin), merged) if from_start and origin is not None else corrected(old.payload, correction)
    )
    return replace(
        old,
        seq=0,
        run_id=uuid4().hex,
        replay_of=old.run_id,
        state=RunState.READY,
        step=0 if from_start else old.step,
        attempt=0,
        claims=0,
        step_name=None if from_start else old.step_name,
        payload=payload,
        acks={} if from_start else dict(old.acks),
        correction=merged,
        intent=None,
        error_code=None,
        error_message=None,
        error_field=None,
        system=None,
        waiting_for=None,
        waiting_because=None,
        waiting_missing=None,
        waiting_owner=None,
        created_at=now,
        due_at=now,
        settled_at=None,
        notice=None,
        notice_at=None,
        notice_tries=0,
        lease_token=0,
    )


def _present(origin: Mapping[str, Any]) -> Mapping[str, Any]:
    """The event's data in the present version of its schema; data that no schema reads goes as it came, to be refused
    by its step.
    """
    try:
        return upcast(CloudEvent.model_validate(origin)).data
    except (Unmappable, ValidationError):
        return dict(origin["data"])


class ReplayMaker:
    """Makes replays in the caller's transaction and leaves their records to the caller. Safe to repeat: a run that was
    taken over already answers with the run that took over, a settled or cancelled one (it stays what it is) with the
    replay that the same request (`request_id` in `because`) made of it before.
    """

    def __init__(self, connection: sa.Connection, now: datetime) -> None:
        self._connection, self._now = connection, now
        self._sql = statements(_SQL, connection.dialect.name)

    def make(
        self,
        run_ids: Sequence[str],
        start: str,
        correction: Mapping[str, Any] | None,
        actor: str,
        because: Mapping[str, Any],
    ) -> tuple[Replays, list[Record]]:
        """Replays of these runs; a running or unknown run is refused with the reason, and a settled one unless it
        begins at the start: every effect is asked for again, and the targets find what they hold.
        """
        admission_lock(self._connection)
        ids = json.dumps(list(run_ids))
        olds = {run.run_id: run for run in replayable(self._connection, run_ids)}
        request_id = because.get("request_id")
        before: dict[str, str] = dict(
            self._connection.execute(self._sql["replays_of"], {"ids": ids, "request_id": request_id}).all()
        )
        before |= sent_by(self._connection, run_ids, request_id)
        events = origins(self._connection, [run for run in olds.values() if not run.elsewhere])
        replays, records, rows, over = Replays(), [], [], []
        asked: dict[str, Record] = {}
        for run_id in run_ids:
            old = olds.get(run_id)
            if run_id in before:  # what failed elsewhere may have moved on since this request sent it
                replays.runs[run_id] = before[run_id]
            elif (refusal := _refusal(run_id, old, start) or self._unread(old)) is not None:
                replays.refused[run_id] = refusal
            elif old is not None and old.flow == INTAKE:
                records += self._reread(old, actor, because)
                replays.runs[run_id] = run_id
            elif old is not None and (not_sent := self._not_sent(old, correction)) is not None:
                replays.refused[run_id] = not_sent
            elif old is not None:
                fresh = self._fresh(old, events.get(run_id), start, correction, request_id)
                replays.runs[run_id] = fresh.run_id
                body = {**because, "action": "replay", "from": start, "correction": correction, "replay_of": run_id}
                asked[run_id] = run_record(
                    fresh, RecordKind.OPERATOR_ACTION, self._now, actor=actor, status="replayed", body=body
                )
                over.append(old)
                rows.append(fresh)
        closed = self._closed(over, replays)
        records += [record for run_id, record in asked.items() if run_id in replays.runs]
        self._begin([old for old in over if old.run_id in replays.runs], rows, replays)
        return replays, records + closed

    def _fresh(
        self,
        old: Run,
        origin: Mapping[str, Any] | None,
        start: str,
        correction: Mapping[str, Any] | None,
        request_id: str | None,
    ) -> Run:
        if old.elsewhere:
            return sending(old, start, request_id, self._now)
        return replace(restarted(old, origin, start, correction, self._now), replay_request=request_id)

    def _not_sent(self, old: Run, correction: Mapping[str, Any] | None) -> str | None:
        return why_not_sent(self._connection, old, correction) if old.elsewhere else None

    def _unread(self, old: Run | None) -> str | None:
        """Why a row's stream cannot begin again now: where nobody has read it for long, its mark alone tells the
        connector what it missed, for which the source may need another way than its stream.
        """
        if old is None or old.flow != INTAKE:
            return None
        system, stream = old.payload["system"], old.payload["stream"]
        at = tables.cursor.c
        read = self._connection.scalar(sa.select(at.polled_at).where(at.system == system, at.stream == stream))
        if read is None or read >= self._now - STALE:
            return None
        return (
            f"{stream} of {system} was last read on {read:%Y-%m-%d %H:%M} UTC: "
            "it has to be read on from there first, replay when it was"
        )

    def _reread(self, old: Run, actor: str, because: Mapping[str, Any]) -> list[Record]:
        """Forget that the row came and read its stream again, or put it back into the inbox: mapped by now it is
        admitted as an event, else refused anew. The dead letter stays until one of the two has happened, since the
        source may have the row no longer.
        """
        system, stream = old.payload["system"], old.payload["stream"]
        self._connection.execute(self._sql["forget"], {"source": old.event_source, "event_id": old.event_id})
        if stream == INBOX:
            put_back(self._connection, system, old.payload["source_id"], old.payload["row"], self._now)
        else:
            self._connection.execute(self._sql["rewind"], {"system": system, "stream": stream})
        body = {**because, "action": "replay", "reads_again": {"system": system, "stream": stream}}
        note = run_record(old, RecordKind.OPERATOR_ACTION, self._now, actor=actor, status="replayed", body=body)
        ask(self._connection, old, self._now)
        return [note]

    def _closed(self, over: list[Run], replays: Replays) -> list[Record]:
        """End the runs that are taken over; one that another transaction moved meanwhile is refused instead."""
        ended = (RunState.CANCELLED, RunState.SETTLED)
        open_ones = [run for run in over if run.state not in ended and not run.elsewhere]
        by = {run.seq: replays.runs[run.run_id] for run in open_ones}
        records = supersede(self._connection, open_ones, self._now, by)
        for run in open_ones:
            if run.state is not RunState.SUPERSEDED:
                replays.runs.pop(run.run_id)
                replays.refused[run.run_id] = "the run moved on while it was to be replayed: look at it again"
        return records

    def _begin(self, over: list[Run], made: list[Run], replays: Replays) -> None:
        """Store the replays of what was taken over; the next run of each aggregate goes on."""
        wanted = set(replays.runs.values())
        fresh = [run for run in made if run.run_id in wanted]
        insert_runs(self._connection, [stored(run, True, self._now, keys_of(self._connection)) for run in fresh])
        release(self._connection, [run.aggregate for run in (*over, *fresh)])


def gone(old: Run) -> str:
    """Where the truth of a run lies whose content left the journal, and how to bring its effect about again."""
    return (
        f"what the run carried left the journal on {old.pruned_at:%Y-%m-%d}, long after it was {old.state.value}: its "
        f"event, its steps and their answers lie in the audit lake (tieout trace {old.run_id}); to begin again, have "
        "its source send the record anew"
    )


def _refusal(run_id: str, old: Run | None, start: str) -> str | None:
    if old is None:
        return f"there is no run {run_id}: select it again"
    if old.pruned_at is not None:
        return gone(old)
    if old.state is RunState.CANCELLED or allowed(old.state, RunState.SUPERSEDED):
        return None
    if old.state is RunState.SETTLED:
        return None if start == "start" else "the run is settled: it has no failed step, replay it from the start"
    return f"the run is {old.state.value}: only a run that is dead, waiting, ready or cancelled can be replayed"
