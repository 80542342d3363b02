"""On-dead notices: the `on_dead` step of a flow, sent when a run went to the dead letters; the run stays as it is.

A notice counts as sent once it was answered. What passes by itself (a busy or held system, a lost answer) is tried
again with back-off, as often as the system's policy tries a write; a kill in between sends it again, under the same
key. What the step learns was committed with the run's death (`integrations.engine.walk`).
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from integrations.contracts.connector import Change, Policy
from integrations.contracts.flow import Deliver
from integrations.engine.context import RunContext, with_error
from integrations.engine.delivering import answered
from integrations.engine.flow_book import FlowBook
from integrations.engine.landscape import Landscape
from integrations.engine.lookups import Lookups
from integrations.engine.retry import decide, error_of
from integrations.engine.tracing import SpanPlace, Tracing, new_span_id
from integrations.engine.walk import change_body
from integrations.engine.worker import Worker
from models.domain.clock import Clock
from models.domain.outcomes import Acknowledgement
from models.domain.record import Record, RecordKind
from models.domain.states import RunState
from models.journal.ports.engine import EnginePort
from models.journal.runs.records import run_record
from models.journal.runs.run import Run

_AT_ONCE = 10
"""Notices whose outcomes share one commit: what a kill sends again."""
_ROUNDS = 5
_UNKNOWN_VERSION = timedelta(minutes=1)


@dataclass(slots=True)
class _Round:
    """What one round of notices brought."""

    records: list[Record] = field(default_factory=list)
    sent: int = 0


class OnDeadNotices:
    """Sends notices. The step sees the run's payload with `_error` = {code, message, field, step}."""

    def __init__(
        self,
        journal: EnginePort,
        flows: FlowBook,
        landscape: Landscape,
        clock: Clock,
        worker: Worker,
        tracing: Tracing,
        chance: Callable[[], float],
    ) -> None:
        self._journal, self._flows, self._landscape, self._clock = journal, flows, landscape, clock
        self._worker, self._tracing, self._chance = worker, tracing, chance

    def send(self) -> int:
        """Send what is due; how many are done with. Where a system takes no calls now, its messages are due when it
        does.
        """
        sent = 0
        for _ in range(_ROUNDS):
            runs = self._journal.runs.notices(_AT_ONCE)
            if runs:
                sent += self._round(runs)
            if len(runs) < _AT_ONCE:
                break
        return sent

    def _round(self, runs: list[Run]) -> int:
        said, lookups, circuits = _Round(), Lookups(self._journal, self._landscape), self._journal.throttle.circuits()
        for name in self._landscape.connectors:
            self._worker.gate(name).refresh(circuits)
        for run in runs:
            run.notice, run.notice_at = "tried", None
            self._say(run, lookups, said)
            said.sent += run.notice == "tried"
        self._journal.runs.keep_notices(runs, said.records)
        return said.sent

    def _say(self, run: Run, lookups: Lookups, said: _Round) -> None:
        flow = self._flows.version(run.flow, run.flow_version)
        if flow is None:
            return _later(run, self._clock.now() + _UNKNOWN_VERSION)  # for an engine that knows it
        step = flow.on_dead
        if step is None:
            return
        run.payload, run.step_name, started = with_error(run), step.name, time.time_ns()
        context = RunContext(run, lookups, self._clock)
        try:
            system = context.system_of(step.role)
        except KeyError:
            return  # nobody plays the role, so nobody is to be notified
        try:
            change = step.change(run.payload, context)
        except Exception as error:  # noqa: BLE001  a failed notice is recorded and changes nothing
            said.records.append(self._failed(run, error, None, None, started))
            return
        if not isinstance(change, Change):
            return
        if (closed := self._worker.gate(system).enter()) is not None:
            return _later(run, closed.until)
        self._answered(run, step, change, system, started, said)

    def _answered(self, run: Run, step: Deliver, change: Change, system: str, started: int, said: _Round) -> None:
        place = SpanPlace(run.trace_id, new_span_id())
        with self._tracing.active(place):
            try:
                answer = answered([change], self._landscape.connectors[system])[0]
            except Exception as error:  # noqa: BLE001  as for every delivery: the error is the answer
                answer = error
        attributes = {
            "tieout.flow": run.flow,
            "tieout.step": step.name,
            "tieout.run_id": run.run_id,
            "tieout.system": system,
        }
        failure = str(answer) if isinstance(answer, Exception) else None
        self._tracing.span(step.name, place, None, started, time.time_ns(), attributes, error=failure, client=True)
        if isinstance(answer, Acknowledgement):
            self._worker.gate(system).succeeded()
            body = {"change": change_body(change), "answer": dict(answer.answer), "system_id": answer.system_id}
            record = run_record(
                run,
                RecordKind.ACKNOWLEDGEMENT,
                self._clock.now(),
                entity=change.entity,
                system=system,
                status="delivered",
                span_id=place.span_id,
                duration_us=(time.time_ns() - started) // 1000,
                body=body,
            )
            said.records.append(record)
        else:
            self._worker.gate(system).failed(answer)
            said.records.append(self._failed(run, answer, change, system, started))
            self._retried(run, answer, self._landscape.connectors[system].config.policy)

    def _retried(self, run: Run, error: Exception, policy: Policy) -> None:
        decision = decide(error, run.notice_tries + 1, self._clock.now(), policy, self._chance())
        run.notice_tries += decision.counted
        if decision.state is not RunState.DEAD and decision.due_at is not None:
            _later(run, decision.due_at)

    def _failed(self, run: Run, error: Exception, change: Change | None, system: str | None, started: int) -> Record:
        code, message, path = error_of(error)
        body = {
            "error": {"code": code, "message": message, "field": path},
            **({"change": change_body(change)} if change else {}),
        }
        return run_record(
            run,
            RecordKind.FAILURE,
            self._clock.now(),
            system=system,
            status="on_dead",
            error_code=code,
            duration_us=(time.time_ns() - started) // 1000,
            body=body,
        )


def _later(run: Run, until: datetime) -> None:
    run.notice, run.notice_at = "due", until
