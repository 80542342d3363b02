"""What flows that run elsewhere failed at, as runs that a replay plan can hold, and what becomes of them (C9, E4).

Such a failure is no row of `run`: it stands as long as a detector finds it. Its replay is a run of ours, of the flow
`replay-elsewhere`: it sends the failure to the endpoint of its flow. That a success came of it, or another failure, is
found by detectors too.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import sqlalchemy as sa

from models.domain.flow_names import REPLAY_ELSEWHERE
from models.domain.states import RunState
from models.journal import tables
from models.journal.cases.tables import case_, finding, report
from models.journal.database import reading
from models.journal.runs.reading import RunReading, runs_by_ids
from models.journal.runs.run import Run

DETECTOR, CAUSE = "foreign_run", "foreign-failed"
SUCCEEDED, FAILED, UNHEARD, OPEN = "succeeded", "failed again", "unheard", "open"
"""What became of what an endpoint accepted; of what is open nothing was heard yet."""
_OPEN_STATES = ("ready", "running", "waiting", "in_doubt")
_PAGE = 500
"""Ids in one question: databases take some thousands."""
_TRACE = re.compile(r"(?!0{32})[0-9a-f]{32}")
_TOLD = (
    *(finding.c[name] for name in ("run_id", "subject_entity", "subject_key", "trace_id", "amount", "currency")),
    *(finding.c[name] for name in ("evidence", "first_seen", "legal_entity")),
    *(case_.c[name] for name in ("flow", "system")),
)
_FOUND = finding.join(case_, case_.c.case_id == finding.c.case_id)
_STANDS = sa.and_(finding.c.detector == DETECTOR, case_.c.cause == CAUSE, finding.c.resolved_at.is_(None))


class PlanReading(RunReading):
    """Runs, and what plans hold that is no run of this journal."""

    def replayable(self, run_ids: Sequence[str]) -> list[Run]:
        """Those of these that a plan can hold; unknown ids are left out, and what was mended since."""
        with reading(self._engine) as connection:
            return replayable(connection, run_ids)

    def accepted(self, run_ids: Sequence[str]) -> dict[str, datetime]:
        """When an endpoint last accepted each of these failures."""
        with reading(self._engine) as connection:
            return accepted_at(connection, run_ids)

    def heard(self, sent: Sequence[Run], patience: Mapping[str, float]) -> dict[str, str]:
        """What became of what endpoints accepted, by the run that sent it; `patience` are seconds by flow."""
        with reading(self._engine) as connection:
            return heard(connection, sent, patience, self._clock.now())


def replayable(connection: sa.Connection, run_ids: Sequence[str]) -> list[Run]:
    """Those of these that a plan can hold: runs of this journal in order of admission, then what failed elsewhere."""
    ours = runs_by_ids(connection, run_ids)
    known = {run.run_id for run in ours}
    return [*ours, *failures(connection, [run_id for run_id in run_ids if run_id not in known])]


def failures(connection: sa.Connection, run_ids: Sequence[str]) -> list[Run]:
    """Those of these runs that failed elsewhere and that nothing has mended since, in this order."""
    found: dict[str, Run] = {}
    for page in _pages(run_ids):
        asked = sa.select(*_TOLD).select_from(_FOUND).where(_STANDS, finding.c.run_id.in_(page))
        found |= {row["run_id"]: _failure(dict(row)) for row in connection.execute(asked).mappings()}
    return [found[run_id] for run_id in run_ids if run_id in found]


def _failure(row: Mapping[str, Any]) -> Run:
    """As a dead run: its payload says what its endpoint is told, and the day by which its age is judged."""
    said = row["evidence"]
    rule, _, flow = row["flow"].partition("/")
    payload = {
        "rule": rule,
        "flow": flow,
        "engine": said.get("engine"),
        "run": said.get("run"),
        "business_key": said.get("key"),
        "step": said.get("step"),
        "subject": [row["subject_entity"], row["subject_key"]],
        "occurred_on": row["first_seen"].date().isoformat(),
    }
    return Run(
        seq=0,
        run_id=row["run_id"],
        flow=row["flow"],
        flow_version=1,
        state=RunState.DEAD,
        step=0,
        step_name=said.get("step"),
        attempt=0,
        claims=0,
        business_key=f"{row['subject_entity']}:{row['subject_key']}",
        source_version=0,
        aggregate=f"{row['flow']} {row['subject_entity']}:{row['subject_key']}",
        lane=f"{rule}/{REPLAY_ELSEWHERE}",
        lineage_id=row["run_id"],
        replay_of=None,
        correlation_id=row["trace_id"] or row["run_id"],
        trace_id=row["trace_id"] if _TRACE.fullmatch(row["trace_id"] or "") else uuid4().hex,
        legal_entity=row["legal_entity"],
        event_type="foreign.failed",
        event_source=row["system"] or rule,
        event_id=row["run_id"],
        payload=payload,
        acks={},
        correction=None,
        intent=None,
        error_code=said.get("code"),
        error_message=said.get("message"),
        error_field=None,
        system=row["system"],
        waiting_for=None,
        waiting_because=None,
        waiting_missing=None,
        waiting_owner=None,
        amount=row["amount"],
        currency=row["currency"],
        created_at=row["first_seen"],
        due_at=None,
        settled_at=None,
        source_changed_at=None,
        notice=None,
        lease_token=0,
    )


def sending(failed: Run, start: str, request_id: str | None, now: datetime) -> Run:
    """The run that sends a failure to its endpoint. Its idempotency key is the failure's and the request's: what is
    sent again for the same request is known there, what somebody asks for anew is another thing.
    """
    run_id = uuid4().hex
    digest = hashlib.sha256("\x1f".join((failed.run_id, request_id or run_id)).encode()).hexdigest()
    asked = {"from": start, "correlation": {"run": run_id, "request": request_id, "trace_id": failed.trace_id}}
    return replace(
        failed,
        run_id=run_id,
        flow=REPLAY_ELSEWHERE,
        state=RunState.READY,
        step_name="send",
        replay_of=failed.run_id,
        replay_request=request_id,
        payload={**failed.payload, **asked, "failed_run": failed.run_id, "idempotency_key": digest[:40]},
        error_code=None,
        error_message=None,
        system=None,
        amount=None,
        currency=None,
        created_at=now,
        due_at=now,
    )


def why_not_sent(connection: sa.Connection, failed: Run, correction: Mapping[str, Any] | None) -> str | None:
    """Why this failure is not sent now; None where it may be."""
    if correction:
        return f"it runs in {failed.system}: correct it there, here it is replayed as it was"
    under_way = sa.select(tables.run.c.replay_request).where(
        tables.run.c.replay_of == failed.run_id,
        tables.run.c.flow == REPLAY_ELSEWHERE,
        tables.run.c.state.in_(_OPEN_STATES),
    )
    if (found := connection.execute(under_way.limit(1)).first()) is not None:
        return f"request {found[0]} is sending it: wait for that, or stop it"
    return None


def sent_by(connection: sa.Connection, run_ids: Sequence[str], request_id: str | None) -> dict[str, str]:
    """What this request has made already of these failures: failed run -> the run that sends it."""
    if request_id is None:
        return {}
    run, made = tables.run.c, dict[str, str]()
    for page in _pages(run_ids):
        asked = sa.select(run.replay_of, run.run_id).where(
            run.replay_of.in_(page), run.flow == REPLAY_ELSEWHERE, run.replay_request == request_id
        )
        made |= dict(connection.execute(asked).all())
    return made


def accepted_at(connection: sa.Connection, run_ids: Sequence[str]) -> dict[str, datetime]:
    """When an endpoint last accepted each of these failures, whoever asked for it."""
    run, found = tables.run.c, dict[str, datetime]()
    for page in _pages(run_ids):
        asked = (
            sa.select(run.replay_of, sa.func.max(run.settled_at))
            .where(run.replay_of.in_(page), run.flow == REPLAY_ELSEWHERE, run.state == RunState.SETTLED.value)
            .group_by(run.replay_of)
        )
        found |= dict(connection.execute(asked).all())
    return found


def heard(
    connection: sa.Connection, sent: Iterable[Run], patience: Mapping[str, float], now: datetime
) -> dict[str, str]:
    """What became of what endpoints accepted, by the run that sent it. `patience` are seconds by flow.

    While detectors write down what they found, nothing new is told: between two of their transactions a failure that
    has moved to another case would seem mended.
    """
    runs = list(sent)
    writing = sa.select(report.c.digest).where(report.c.detector == DETECTOR, report.c.digest.like("writing %"))
    if connection.scalar(writing) is not None:
        return dict.fromkeys((run.run_id for run in runs), OPEN)
    standing = _standing(connection, [run.payload["subject"][1] for run in runs])
    return {run.run_id: _heard(run, standing.get(_about(run), set()), patience, now) for run in runs}


About = tuple[str, str, str, str, str | None]
"""Flow, system, kind and key of the thing, and which of several engines of one service it was."""


def _standing(connection: sa.Connection, keys: Sequence[str]) -> dict[About, set[str]]:
    """The runs that stand as failures about things of these keys."""
    found: dict[About, set[str]] = {}
    told = (finding.c.run_id, finding.c.subject_entity, finding.c.subject_key, finding.c.evidence)
    for page in _pages(sorted(set(keys))):
        asked = sa.select(*told, case_.c.flow, case_.c.system).select_from(_FOUND)
        for run_id, entity, key, said, flow, system in connection.execute(
            asked.where(_STANDS, finding.c.subject_key.in_(page))
        ):
            found.setdefault((flow, system, entity, key, said.get("engine")), set()).add(run_id)
    return found


def _about(run: Run) -> About:
    said = run.payload
    return f"{said['rule']}/{said['flow']}", run.event_source, *said["subject"], said["engine"]


def _heard(run: Run, stands: set[str], patience: Mapping[str, float], now: datetime) -> str:
    if not stands:
        return SUCCEEDED
    if run.replay_of not in stands:
        return FAILED
    late = run.settled_at is not None and run.settled_at + timedelta(seconds=patience[_about(run)[0]]) < now
    return UNHEARD if late else OPEN


def _pages(run_ids: Sequence[str]) -> Iterator[list[str]]:
    for at in range(0, len(run_ids), _PAGE):
        yield list(run_ids[at : at + _PAGE])
