"""Farewells: the `on_dead` step of a flow, tried once when a run goes to the dead letters; it never changes the run's state."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from integrations.contracts.connector import Change
from integrations.contracts.flow import Deliver
from integrations.engine.context import RunContext
from integrations.engine.delivering import answered
from integrations.engine.flow_book import FlowBook
from integrations.engine.landscape import Landscape
from integrations.engine.lookups import Lookups
from integrations.engine.retry import error_of
from integrations.engine.tracing import SpanPlace, Tracing, new_span_id
from integrations.engine.walk import change_body
from integrations.engine.worker import Worker
from models.domain.clock import Clock
from models.domain.outcomes import Acknowledgement, Fact
from models.domain.record import Record, RecordKind
from models.journal.journal import Journal
from models.journal.run import Run
from models.journal.run_records import run_record

_AT_ONCE = 50


@dataclass(slots=True)
class _Said:
    """What the last messages of one round brought."""

    records: list[Record] = field(default_factory=list)
    facts: list[Fact] = field(default_factory=list)
    postponed: list[Run] = field(default_factory=list)


class Farewells:
    """Sends last messages. The step sees the run's payload with `_error` = {code, message, field, step}."""

    def __init__(self, journal: Journal, flows: FlowBook, landscape: Landscape, clock: Clock, worker: Worker, tracing: Tracing) -> None:
        self._journal, self._flows, self._landscape, self._clock = journal, flows, landscape, clock
        self._worker, self._tracing = worker, tracing

    def send(self) -> int:
        """Send what is due; how many were sent. Where a system takes no calls now, its messages stay due."""
        runs = self._journal.runs.farewells(_AT_ONCE)
        if not runs:
            return 0
        said, lookups, circuits = _Said(), Lookups(self._journal, self._landscape), self._journal.throttle.circuits()
        for name in self._landscape.connectors:
            self._worker.gate(name).refresh(circuits)
        for run in runs:
            self._say(run, lookups, said)
        if said.records:
            self._journal.runs.note(said.records, said.facts)
        if said.postponed:
            self._journal.runs.postpone_farewells(said.postponed)
        return len(runs) - len(said.postponed)

    def _say(self, run: Run, lookups: Lookups, said: _Said) -> None:
        flow = self._flows.version(run.flow, run.flow_version)
        step = flow.on_dead if flow else None
        if step is None:
            return
        failed_step, run.step_name, started = run.step_name, step.name, time.time_ns()
        run.payload = {
            **run.payload, "_error": {"code": run.error_code, "message": run.error_message, "field": run.error_field, "step": failed_step}
        }  # fmt: skip
        context = RunContext(run, lookups, self._clock)
        try:
            system = context.system_of(step.role)
            change = step.change(run.payload, context)
            if not isinstance(change, Change):
                return
            if self._worker.gate(system).enter() is not None:
                said.postponed.append(run)
                return
            self._answered(run, step, change, system, started, said)
        except KeyError:
            return  # nobody plays the role, so there is nobody to tell
        except Exception as error:  # noqa: BLE001  a failed farewell is recorded and changes nothing
            said.records.append(self._failed(run, error, None, None, started))

    def _answered(self, run: Run, step: Deliver, change: Change, system: str, started: int, said: _Said) -> None:
        place = SpanPlace(run.trace_id, new_span_id())
        with self._tracing.active(place):
            try:
                answer = answered([change], self._landscape.connectors[system])[0]
            except Exception as error:  # noqa: BLE001  as for every delivery: the error is the answer
                answer = error
        attributes = {"tieout.flow": run.flow, "tieout.step": step.name, "tieout.run_id": run.run_id, "tieout.system": system}
        failure = str(answer) if isinstance(answer, Exception) else None
        self._tracing.span(step.name, place, None, started, time.time_ns(), attributes, error=failure, client=True)
        if isinstance(answer, Acknowledgement):
            self._worker.gate(system).succeeded()
            body = {"change": change_body(change), "answer": dict(answer.answer), "system_id": answer.system_id}
            record = run_record(
                run, RecordKind.ACKNOWLEDGEMENT, self._clock.now(), entity=change.entity, system=system, status="delivered", span_id=place.span_id,
                duration_us=(time.time_ns() - started) // 1000, body=body,
            )  # fmt: skip
            said.records.append(record)
            if step.learn:
                said.facts += step.learn(run.payload, {"system": answer.system, "system_id": answer.system_id, "answer": dict(answer.answer)})
        else:
            self._worker.gate(system).failed(answer)
            said.records.append(self._failed(run, answer, change, system, started))

    def _failed(self, run: Run, error: Exception, change: Change | None, system: str | None, started: int) -> Record:
        code, message, path = error_of(error)
        body = {"error": {"code": code, "message": message, "field": path}, **({"change": change_body(change)} if change else {})}
        return run_record(
            run, RecordKind.FAILURE, self._clock.now(), system=system, status="farewell", error_code=code,
            duration_us=(time.time_ns() - started) // 1000, body=body,
        )  # fmt: skip
