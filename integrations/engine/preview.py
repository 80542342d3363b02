"""Previews: what a replay would do, by really running the pure steps and asking targets for their present state (E4).

Nothing is written, neither to a target nor to the journal.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from typing import Any

from integrations.contracts.connector import Change, Connector
from integrations.contracts.flow import Deliver, Emit, Flow, Step
from integrations.endpoints.sending import SEND
from integrations.engine.context import RunContext
from integrations.engine.flow_book import FlowBook
from integrations.engine.gates import Gates
from integrations.engine.hazards import Hazard, hazard, hazards_elsewhere, hazards_of_run, hazards_of_write
from integrations.engine.landscape import Landscape
from integrations.engine.lookups import Lookups
from integrations.engine.shown_steps import compared, failing_step, shown_step
from integrations.engine.words import STEP, Untold, in_words_of, told_of
from models.catalogue.endpoint import system_of
from models.domain.clock import Clock
from models.domain.outcomes import NothingToDo, WaitFor
from models.domain.plan import Plan
from models.journal.ports.engine import EnginePort
from models.journal.runs.elsewhere import sending
from models.journal.runs.replays import gone, restarted
from models.journal.runs.rereads import INTAKE
from models.journal.runs.run import Run

_AT_ONCE = 4


class Preview:
    """Dry runs of replay plans."""

    def __init__(self, journal: EnginePort, flows: FlowBook, landscape: Landscape, clock: Clock, gates: Gates) -> None:
        self._journal, self._flows, self._landscape, self._clock = journal, flows, landscape, clock
        self._gates = gates

    def of(self, plan: Plan) -> dict[str, Any]:
        """The plan's hash, each run's steps with the fields they would change, hazards, and totals by currency."""
        held = {run.run_id: run for run in self._journal.runs.replayable(plan.everything)}
        runs = [held[run_id] for run_id in plan.everything if run_id in held]
        events = self._journal.runs.origins([run for run in runs if not run.elsewhere])
        for connector in self._landscape.connectors.values():
            self._gates.asked(connector)
        with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="preview") as pool:
            shown = list(pool.map(lambda run: self._run(run, events.get(run.run_id), plan), runs))
        hazards = [hazard for _, found in shown for hazard in found]
        unknown = sorted(set(plan.everything) - set(held))
        hazards += [hazard("unknown", run_id, "there is no such run any more") for run_id in unknown]
        return {
            "plan_hash": plan.hash,
            "runs": [run for run, _ in shown],
            "hazards": hazards,
            "totals": _totals([run for run in runs if run.run_id not in plan.roots]),
            "count": len(runs),
        }

    def _run(self, old: Run, origin: Mapping[str, Any] | None, plan: Plan) -> tuple[dict[str, Any], list[Hazard]]:
        shown: dict[str, Any] = {"run_id": old.run_id, "business_key": old.business_key, "flow": old.flow, "steps": []}
        if old.pruned_at is not None:
            return shown, [hazard("pruned", old.run_id, gone(old))]
        if old.elsewhere:
            return self._elsewhere(shown, old, plan)
        hazards = self._hazards(old, plan)
        flow = self._flows.version(old.flow, old.flow_version)
        if flow is None:
            if old.flow == INTAKE:
                shown["steps"].append(
                    shown_step(
                        "map",
                        "transform",
                        outcome="its stream is read again from the beginning; this stays open until the row has come",
                    )
                )
            else:
                hazards.append(
                    hazard("unknown_version", old.run_id, f"no worker knows {old.flow} version {old.flow_version}")
                )
            return shown, hazards
        try:
            root = old.run_id in plan.roots
            run = restarted(
                old, origin, "start" if root else plan.start, None if root else plan.correction, self._clock.now()
            )
        except Exception as error:  # noqa: BLE001  a correction that fits nowhere is what the preview must show
            shown["steps"].append(failing_step(old.step_name or "", "transform", error))
            return shown, hazards
        shown["steps"] = self._steps(run, flow, hazards, old)
        return shown, hazards

    def _elsewhere(self, shown: dict[str, Any], old: Run, plan: Plan) -> tuple[dict[str, Any], list[Hazard]]:
        """What would be sent to the endpoint of a flow that runs elsewhere, or what its preview says of it."""
        accepted = self._journal.runs.accepted([old.run_id]).get(old.run_id)
        run = sending(old, plan.start, None, self._clock.now())
        circuit = self._journal.throttle.circuits().get(system_of(run.payload["rule"]))
        hazards = hazards_elsewhere(old, plan, accepted, circuit, self._clock.now())
        shown["steps"] = [
            {**step, "outcome": "sends"} if step["outcome"] == "creates" else step
            for step in self._steps(run, SEND, hazards, old)
        ]
        return shown, hazards

    def _steps(self, run: Run, flow: Flow, hazards: list[Hazard], old: Run) -> list[dict[str, Any]]:
        context = RunContext(run, Lookups(self._journal, self._landscape), self._clock)
        shown: list[dict[str, Any]] = []
        try:
            payload = told_of(context.words, run, self._clock.now())
        except Untold as untold:
            return [shown_step(STEP, "transform", outcome="waits", error=untold.wait.because)]
        if payload is not None:
            fields = [field for field in compared(run.payload, payload) if field["changed"]]
            shown.append(shown_step(STEP, "transform", fields=fields, outcome="done"))
            run.payload = payload
        for step in flow.steps[run.step :]:
            kind = "deliver" if isinstance(step, Deliver) else "transform"
            try:
                seen, goes_on = self._step(step, run, context, hazards, old)
            except Exception as error:  # noqa: BLE001  what would fail is what the preview must show
                seen, goes_on = failing_step(step.name, kind, error), False
            shown.append(seen)
            if not goes_on:
                break
        return shown

    def _step(
        self, step: Step, run: Run, context: RunContext, hazards: list[Hazard], old: Run
    ) -> tuple[dict[str, Any], bool]:
        if isinstance(step, Emit):
            events = step.events(run.payload, context)
            return shown_step(step.name, "transform", outcome=f"raises {len(events)} events"), True
        if isinstance(step, Deliver):
            return self._delivery(step, run, context, hazards, old)
        outcome = step.apply(run.payload, context)
        if isinstance(outcome, WaitFor):
            return shown_step(step.name, "transform", outcome="waits", error=outcome.because), False
        if isinstance(outcome, NothingToDo):
            return shown_step(step.name, "transform", outcome="nothing_to_do", error=outcome.because), True
        before, run.payload = run.payload, dict(outcome.payload)
        context.learn(list(outcome.facts), list(outcome.links))
        context.settle_entity(run.payload)
        return shown_step(
            step.name,
            "transform",
            fields=[field for field in compared(before, run.payload) if field["changed"]],
            outcome="done",
        ), True

    def _delivery(
        self, step: Deliver, run: Run, context: RunContext, hazards: list[Hazard], old: Run
    ) -> tuple[dict[str, Any], bool]:
        try:
            system = context.target(step)
        except KeyError:
            return shown_step(
                step.name, "deliver", outcome="nothing_to_do", error=f"no system plays {step.role} here"
            ), True
        change = step.change(run.payload, context)
        if isinstance(change, NothingToDo):
            return shown_step(step.name, "deliver", system=system, outcome="nothing_to_do", error=change.because), True
        if isinstance(change, WaitFor):
            return shown_step(step.name, "deliver", system=system, outcome="waits", error=change.because), False
        try:
            change, _ = in_words_of(context.words, system, change, run, self._clock.now())
        except Untold as untold:
            return shown_step(step.name, "deliver", system=system, outcome="waits", error=untold.wait.because), False
        return self._asked(step, change, system, run, context, hazards, old), True

    def _asked(
        self,
        step: Deliver,
        change: Change,
        system: str,
        run: Run,
        context: RunContext,
        hazards: list[Hazard],
        old: Run,
    ) -> dict[str, Any]:
        connector: Connector = self._landscape.connectors[system]
        with self._gates.of(connector).reading():
            state = connector.state(change)
        fields = compared(state.current or {}, state.wanted)
        changes = bool(run.correction) and any(field["changed"] for field in fields)
        hazards += hazards_of_write(step, change, system, state, old, changes)
        ack = {
            "system": system,
            "system_id": state.ack.system_id if state.ack else "(new)",
            "answer": dict(state.ack.answer) if state.ack else {},
        }
        run.acks[step.name] = ack
        context.learn(
            list(step.learn(run.payload, ack)) if step.learn else [],
            [(system, change.entity, str(ack["system_id"]), change.external_id)],
        )
        outcome = "creates" if state.current is None else "updates"
        return shown_step(
            step.name,
            "deliver",
            system=system,
            action=change.action,
            external_id=change.external_id,
            fields=fields,
            outcome=outcome,
        )

    def _hazards(self, run: Run, plan: Plan) -> list[Hazard]:
        others = self._journal.runs.by_keys([run.business_key])
        circuit = self._journal.throttle.circuits().get(run.system or "")
        return hazards_of_run(run, plan, others, circuit, self._clock.now())


def _totals(runs: Sequence[Run]) -> dict[str, str]:
    totals: dict[str, Decimal] = {}
    for run in runs:
        if run.amount is not None and run.currency:
            totals[run.currency] = totals.get(run.currency, Decimal(0)) + Decimal(run.amount)
    return {currency: str(total) for currency, total in sorted(totals.items())}
