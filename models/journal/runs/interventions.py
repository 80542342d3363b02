"""Interventions: what a person's request makes of runs. Replay, cancel, pause and resume (E4)."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from models.domain.plan import Plan
from models.domain.record import Record, RecordKind
from models.domain.states import RunState, allowed
from models.journal.metadata import micros
from models.journal.requests.permitting import permitted
from models.journal.runs.reading import runs_by_ids
from models.journal.runs.records import run_record, settlement
from models.journal.runs.replays import ReplayMaker, Replays
from models.journal.runs.run import HOLDING, Run
from models.journal.runs.store import RunStore
from models.journal.runs.succession import release
from models.journal.statements import statements

_SQL = Path(__file__).with_name("interventions.sql")


class Interventions(RunStore):
    """Whoever asked and why is on record in the same transaction as what came of it."""

    def replay(
        self,
        run_ids: Sequence[str],
        start: str,
        correction: Mapping[str, Any] | None,
        actor: str,
        because: Mapping[str, Any] | None = None,
    ) -> Replays:
        """New runs in the same lineages for these; the old ones are superseded. Safe to repeat.

        Raises Unmappable when the correction names a place a payload does not have; ValueError for many runs without a
        reason; NotApproved for what takes a second person and has none. Then nothing is replayed.
        """
        why = because or {}
        if unreasoned := Plan(tuple(run_ids)).unreasoned(why.get("reason")):
            raise ValueError(unreasoned)

        def work(connection: sa.Connection) -> Replays:
            wave = Plan(tuple(run_ids), start, correction)
            permitted(connection, wave, why, self._thresholds, self._clock.now())
            maker = ReplayMaker(connection, self._clock.now())
            made, records = maker.make(run_ids, start, correction, actor, why)
            self._feed.append(connection, records)
            return made

        return self._transaction(work)

    def cancel(self, run_ids: Sequence[str], actor: str, reason: str | None) -> dict[str, str]:
        """End runs by a person's word; why others were left alone, by run id. Running ones end their step first."""

        def work(connection: sa.Connection) -> dict[str, str]:
            found = {run.run_id: run for run in runs_by_ids(connection, run_ids)}
            able = [run for run in found.values() if allowed(run.state, RunState.CANCELLED)]
            self._feed.append(connection, self._cancelled(connection, able, actor, reason))
            ended = {run.run_id for run in able if run.state is RunState.CANCELLED}
            return {run_id: _why_not(found.get(run_id)) for run_id in run_ids if run_id not in ended}

        return self._transaction(work)

    def _cancelled(
        self, connection: sa.Connection, able: Sequence[Run], actor: str, reason: str | None
    ) -> list[Record]:
        """End what can still be ended: a run that another transaction moved since it was looked at goes its way."""
        now, records = self._clock.now(), []
        values = {"seqs": json.dumps([run.seq for run in able]), "now": micros(now)}
        done = set(connection.scalars(statements(_SQL, connection.dialect.name)["cancel"], values))
        ended = [run for run in able if run.seq in done]
        holding = [run.aggregate for run in ended if run.state in HOLDING]
        for run in ended:
            body = {"action": "cancel", "reason": reason, "before": run.state.value}
            run.state, run.settled_at = RunState.CANCELLED, now
            asked = run_record(run, RecordKind.OPERATOR_ACTION, now, actor=actor, status="cancelled", body=body)
            records += [asked, settlement(run, now)]
        release(connection, holding)
        return records

    def pause_flow(self, flow: str, actor: str, reason: str | None) -> bool:
        """Claim no more runs of a flow until it is resumed; events are still admitted. False where it was paused."""
        values = {"flow": flow, "actor": actor, "reason": reason, "now": micros(self._clock.now())}
        return self._of_flow("pause", values, "pause_flow", "paused")

    def resume_flow(self, flow: str, actor: str, reason: str | None) -> bool:
        """Claim the flow's runs again. False where it was not paused."""
        return self._of_flow("resume", {"flow": flow, "actor": actor, "reason": reason}, "resume_flow", "resumed")

    def _of_flow(self, statement: str, values: Mapping[str, Any], action: str, status: str) -> bool:
        """Whether the database changed anything: only what was done is on record as done."""

        def work(connection: sa.Connection) -> bool:
            if not connection.execute(statements(_SQL, connection.dialect.name)[statement], dict(values)).rowcount:
                return False
            record = Record(
                kind=RecordKind.OPERATOR_ACTION,
                occurred_at=self._clock.now(),
                flow=values["flow"],
                actor=values["actor"],
                status=status,
                body={"action": action, "reason": values["reason"]},
            )
            self._feed.append(connection, [record])
            return True

        return self._transaction(work)


def _why_not(run: Run | None) -> str:
    if run is None:
        return "there is no such run"
    if allowed(run.state, RunState.CANCELLED):
        return "the run moved on while it was to be cancelled: look at it again"
    return f"the run is {run.state.value}: it cannot be cancelled now"
