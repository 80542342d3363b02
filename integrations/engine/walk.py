"""A walk: one claimed run on its way through its steps, until it rests or a write is planned."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

from integrations.contracts.connector import Change, Policy
from integrations.contracts.flow import Deliver, Emit, Flow, Need, Transform
from integrations.engine.context import RunContext, with_error
from integrations.engine.retry import decide, error_of
from integrations.engine.tracing import SpanPlace, Tracing, new_span_id
from integrations.engine.words import STEP, TOLD, Untold, in_words_of, told_of
from models.canonical.events import CloudEvent
from models.domain.outcomes import Acknowledgement, Done, NothingToDo, WaitFor
from models.domain.record import RecordKind
from models.domain.states import RunState
from models.domain.value_map import Used
from models.journal.runs.records import run_record, settlement
from models.journal.runs.run import Move
from models.journal.signals import what_of


@dataclass(slots=True)
class Planned:
    """A write that a walk is about to make. `doubtful`: an earlier try may have reached the target. `corrected`: what
    that try left there may be the uncorrected thing, so it counts only where it is what this write wants. `words` are
    those of value maps in which it is told.
    """

    walk: Walk
    step: Deliver
    system: str
    change: Change
    doubtful: bool
    corrected: bool
    words: Sequence[Used] = ()


@dataclass(slots=True)
class Walk:
    """One run of a page. Pure steps run here; writes are planned here and absorbed here."""

    move: Move
    flow: Flow
    context: RunContext
    tracing: Tracing
    chance: float
    root: str = field(default_factory=new_span_id)
    started_ns: int = field(default_factory=time.time_ns)
    raised: list[CloudEvent] = field(default_factory=list)

    @property
    def place(self) -> SpanPlace:
        return SpanPlace(self.move.run.trace_id, self.root)

    def needs(self) -> list[tuple[Need, str | None]]:
        """What the next step will look up; a step whose needs cannot be said will fail when it runs, not here."""
        run = self.move.run
        step = self.flow.steps[run.step] if run.step < len(self.flow.steps) else None
        if step is None or isinstance(step, Emit) or step.needs is None:
            return []
        try:
            return [(need, run.legal_entity) for need in step.needs(run.payload)]
        except Exception:  # noqa: BLE001  the step itself meets the same payload and gives the error its name
            return []

    def step(self) -> Planned | None:
        """Run the next step. A pure one is finished when this returns; a write is planned and answered by `absorb`."""
        run = self.move.run
        if run.step >= len(self.flow.steps):
            self._settle()
            return None
        step = self.flow.steps[run.step]
        run.step_name = step.name
        started = time.time_ns()
        try:
            if not self._told(started):
                return None
            return self._taken(step, started)
        except Exception as error:  # noqa: BLE001  every error of a step decides the run's next state by its name
            self.fail(error, Policy(), started)
            return None

    def _told(self, started: int) -> bool:
        """Tell the event's words in canonical ones, before the first step; False where the run waits for one."""
        run = self.move.run
        try:
            payload = told_of(self.context.words, run, self.context.now())
        except Untold as untold:
            self._wait(untold.wait, started, untold.system)
            return False
        if payload is not None:
            before, run.payload, name = run.payload, payload, run.step_name
            if payload[TOLD]:
                run.step_name = STEP
                self._noted("done", {"before": before, "after": payload, "words": payload[TOLD]}, started, None)
                run.step_name = name
        return True

    def _taken(self, step: Transform | Deliver | Emit, started: int) -> Planned | None:
        run = self.move.run
        if isinstance(step, Emit):
            self._emitted(list(step.events(run.payload, self.context)), started)
            return None
        if isinstance(step, Deliver):
            return self._planned(step, started)
        outcome = step.apply(run.payload, self.context)
        if isinstance(outcome, WaitFor):
            self._wait(outcome, started)
        elif isinstance(outcome, NothingToDo):
            self._idle(outcome, started, None)
        else:
            self._done(outcome, started)
        return None

    def _planned(self, step: Deliver, started: int) -> Planned | None:
        run = self.move.run
        try:
            system = self.context.target(step)
        except KeyError:
            self._idle(NothingToDo(f"no system plays {step.role} here"), started, None)
            return None
        change = step.change(run.payload, self.context)
        if isinstance(change, WaitFor):
            self._wait(change, started)
        elif isinstance(change, NothingToDo):
            self._idle(change, started, system)
        else:
            try:
                change, words = in_words_of(self.context.words, system, change, run, self.context.now())
            except Untold as untold:
                self._wait(untold.wait, started, untold.system)
                return None
            begun = run.intent is not None and run.intent.get("step") == step.name
            replayed = run.replay_of is not None
            run.intent = {"step": step.name, "system": system, "key": change.key, "external_id": change.external_id}
            corrected = replayed and run.correction is not None
            return Planned(self, step, system, change, begun or replayed, corrected, words)
        return None

    def absorb(self, planned: Planned, ack: Acknowledgement, started: int, ended: int, span_id: str) -> None:
        """A target has the change: keep its answer, its id and what it teaches; the next step follows."""
        run, change, now = self.move.run, planned.change, self.context.now()
        kept = {"system": ack.system, "system_id": ack.system_id, "action": change.action, "answer": dict(ack.answer)}
        words = [one.told() for one in planned.words]
        if words:
            kept["words"] = {one["field"]: one["means"] for one in words}
        run.acks[planned.step.name] = kept
        links = [] if change.action == "annotate" else [(ack.system, change.entity, ack.system_id, change.external_id)]
        facts = list(planned.step.learn(run.payload, kept)) if planned.step.learn else []
        self._learn(facts, links)
        body = {
            "change": change_body(change),
            "answer": kept["answer"],
            "system_id": ack.system_id,
            "created": ack.created,
            **({"words": words} if words else {}),
        }
        self.move.records.append(
            run_record(
                run,
                RecordKind.ACKNOWLEDGEMENT,
                now,
                step=planned.step.name,
                entity=change.entity,
                system=ack.system,
                status="delivered",
                span_id=span_id,
                amount=change.amount,
                currency=change.currency,
                duration_us=(ended - started) // 1000,
                body=body,
            )
        )
        self._span(planned.step.name, started, ended, span_id, ack.system)
        run.intent = None
        self._forward()

    def postpone(self, until: datetime, because: str, doubtful: bool) -> None:
        """Nothing was sent: the run is due again later, and that was no attempt."""
        run = self.move.run
        doubted = doubtful and run.replay_of is None  # a replay asks first anyway
        run.state = RunState.IN_DOUBT if doubted else RunState.READY
        if run.state is RunState.READY:
            run.intent = None
        run.due_at, run.error_code, run.error_message, run.error_field = until, "postponed", because, None

    def fail(
        self, error: Exception, policy: Policy, started: int, planned: Planned | None = None, span_id: str | None = None
    ) -> None:
        """An error's name decides what happens next; it is recorded with what was tried. Doubt about an earlier try
        stays.
        """
        change, system = (planned.change, planned.system) if planned else (None, None)
        run, now, ended = self.move.run, self.context.now(), time.time_ns()
        decision = decide(error, run.attempt + 1, now, policy, self.chance)
        run.error_code, run.error_message, run.error_field = error_of(error)
        run.system = system
        span_id = span_id or new_span_id()
        tried: dict[str, Any] = {"change": change_body(change)} if change else {"before": run.payload}
        answer = getattr(error, "answer", None)
        body = {
            "error": {"code": run.error_code, "message": run.error_message, "field": run.error_field, "answer": answer},
            **tried,
        }
        money = {"amount": change.amount, "currency": change.currency} if change else {}
        self.move.records.append(
            run_record(
                run,
                RecordKind.FAILURE,
                now,
                entity=change.entity if change else None,
                system=system,
                error_code=run.error_code,
                span_id=span_id,
                status="dead" if decision.state is RunState.DEAD else "retry" if decision.counted else "waiting",
                duration_us=(ended - started) // 1000,
                body=body,
                **money,
            )
        )
        self._span(run.step_name or "", started, ended, span_id, system, run.error_message)
        unanswered = planned is None and run.intent is not None
        run.attempt += decision.counted
        run.state, run.due_at = decision.state, decision.due_at
        if run.state is RunState.READY and planned is not None and planned.doubtful:
            run.state = RunState.IN_DOUBT
        if run.state is not RunState.IN_DOUBT:
            run.intent = None
        if run.state is RunState.DEAD:
            self._weigh()
            run.notice = "due" if self.flow.on_dead is not None else None
            self.move.records.append(settlement(run, now))
            if not unanswered and run.step_name not in run.acks:
                self._died()

    def close(self) -> None:
        """Report the span of this attempt."""
        if not self.tracing.reports:
            return
        run = self.move.run
        failed = run.state in (RunState.DEAD, RunState.IN_DOUBT) or run.error_code is not None
        self.tracing.span(
            f"run {run.flow}",
            self.place,
            None,
            self.started_ns,
            time.time_ns(),
            {**self._attributes(None), "tieout.state": run.state.value},
            error=run.error_message if failed else None,
        )

    def _done(self, outcome: Done, started: int) -> None:
        run = self.move.run
        before, run.payload = run.payload, dict(outcome.payload)
        self._learn(list(outcome.facts), list(outcome.links))
        self.context.settle_entity(run.payload)
        self._transformed("done", {"before": before, "after": run.payload}, started, None)

    def _idle(self, outcome: NothingToDo, started: int, system: str | None) -> None:
        self.move.run.intent = None
        self._transformed(
            "nothing_to_do", {"before": self.move.run.payload, "because": outcome.because}, started, system
        )

    def _emitted(self, events: list[CloudEvent], started: int) -> None:
        self.raised += events
        named = [{"id": event.id, "type": event.type, "subject": event.subject} for event in events]
        self._transformed("emitted", {"before": self.move.run.payload, "after": {"events": named}}, started, None)

    def _transformed(self, status: str, body: Mapping[str, Any], started: int, system: str | None) -> None:
        self._noted(status, body, started, system)
        self._forward()

    def _noted(self, status: str, body: Mapping[str, Any], started: int, system: str | None) -> None:
        run, ended, span_id = self.move.run, time.time_ns(), new_span_id()
        self.move.records.append(
            run_record(
                run,
                RecordKind.TRANSFORMATION,
                self.context.now(),
                status=status,
                system=system,
                span_id=span_id,
                duration_us=(ended - started) // 1000,
                body=body,
            )
        )
        self._span(run.step_name or "", started, ended, span_id, system)

    def _wait(self, wait: WaitFor, started: int, system: str | None = None) -> None:
        run, ended, now = self.move.run, time.time_ns(), self.context.now()
        known = (run.waiting_for, run.waiting_because) == (what_of(wait.what), wait.because)
        run.state, run.due_at = (
            RunState.WAITING,
            wait.until,
        )  # an intent stays: what was in doubt is in doubt after the wait
        if wait.until is not None and wait.until <= now:
            run.due_at = now + timedelta(minutes=1)
        run.waiting_for, run.waiting_because = what_of(wait.what), wait.because
        run.waiting_missing, run.waiting_owner = list(wait.missing), str(wait.owner) if wait.owner else None
        run.error_code = run.error_message = run.error_field = None
        run.system = system
        self._weigh()
        if known:
            return
        body = {"what": wait.what, "because": wait.because, "missing": list(wait.missing), "owner": run.waiting_owner}
        span_id = new_span_id()
        money = {"amount": Decimal(run.amount) if run.amount is not None else None, "currency": run.currency}
        self.move.records.append(
            run_record(
                run,
                RecordKind.PAUSE,
                now,
                status="waiting",
                system=system or run.waiting_owner,
                span_id=span_id,
                body=body,
                **money,
            )
        )
        self._span(run.step_name or "", started, ended, span_id, None)

    def _settle(self) -> None:
        run, now = self.move.run, self.context.now()
        run.state, run.settled_at, run.due_at, run.step_name = RunState.SETTLED, now, None, None
        run.waiting_for = run.waiting_because = run.waiting_missing = run.waiting_owner = None
        self._weigh()
        self.move.records.append(settlement(run, now))

    def _forward(self) -> None:
        run = self.move.run
        run.step, run.attempt = run.step + 1, 0
        run.error_code = run.error_message = run.error_field = run.system = None

    def _learn(self, facts: list[Any], links: list[tuple[str, str, str, str]]) -> None:
        self.context.learn(facts, links)
        self.move.facts += facts
        self.move.links += links

    def _weigh(self) -> None:
        """Note the money at stake; a payload too broken to say has none."""
        run = self.move.run
        try:
            money = self.flow.money(run.payload)
            run.amount, run.currency = (str(Decimal(str(money[0]))), money[1]) if money else (None, None)
        except (LookupError, TypeError, ValueError, AttributeError, InvalidOperation):
            run.amount = run.currency = None

    def _died(self) -> None:
        """Keep what the death teaches, with the death: whether and when the notice goes out is another matter."""
        last = self.flow.on_dead
        if last is None or last.learn is None:
            return
        try:
            self._learn(list(last.learn(with_error(self.move.run), {})), [])
        except Exception as error:  # noqa: BLE001  a fault in the flow's `learn` must not keep the run from its rest
            code, message, path = error_of(error)
            body = {"error": {"code": code, "message": message, "field": path}}
            failure = run_record(
                self.move.run,
                RecordKind.FAILURE,
                self.context.now(),
                step=last.name,
                status="on_dead",
                error_code=code,
                body=body,
            )
            self.move.records.append(failure)

    def _attributes(self, system: str | None) -> dict[str, str | int | float | bool]:
        run = self.move.run
        found: dict[str, str | int | float | bool] = {
            "tieout.flow": run.flow,
            "tieout.run_id": run.run_id,
            "tieout.correlation_id": run.correlation_id,
            "tieout.business_key": run.business_key,
            "tieout.attempt": run.attempt + 1,
            "tieout.world_time": self.context.now().isoformat(),
        }
        if run.step_name:
            found["tieout.step"] = run.step_name
        if system:
            found["tieout.system"] = system
        return found

    def _span(
        self, name: str, started: int, ended: int, span_id: str, system: str | None, error: str | None = None
    ) -> None:
        if not self.tracing.reports:
            return
        place = SpanPlace(self.move.run.trace_id, span_id)
        attributes = {**self._attributes(system), "tieout.step": name}
        self.tracing.span(name, place, self.root, started, ended, attributes, error=error, client=system is not None)


def change_body(change: Change) -> dict[str, Any]:
    """A change as records keep it, JSON-ready."""
    dump = getattr(change.body, "model_dump", None)
    body = dump(mode="json") if dump else dict(change.body)
    return {
        "action": change.action,
        "entity": change.entity,
        "external_id": change.external_id,
        "key": change.key,
        "body": body,
        "refs": dict(change.refs),
    }
