"""An engine in memory, small enough to read: steps a flow over a registry, a crosswalk and targets that remember (no
stores).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from integrations.contracts import Change, Context, Deliver, Emit, Flow, Need, Role, RunView, Transform
from integrations.flows import master_data, quote_to_project, time_to_bill
from models.canonical.events import CloudEvent, data_of
from models.domain.errors import TieoutError
from models.domain.outcomes import Done, Fact, NothingToDo, WaitFor
from tests.catalogues import demonstration

NOW = datetime(2026, 11, 18, 10, tzinfo=UTC)
FLOWS = (master_data.FLOW, quote_to_project.FLOW, time_to_bill.FLOW)
"""Those whose work together is asked here. A flow that is added may hear their events, and has tests of its own."""
SYSTEMS = {Role.CRM: "salesforce", Role.ERP: "netsuite", Role.PSA: "kantata", Role.PPM: "planview", Role.HCM: "workday"}


@dataclass
class Trail:
    """What one run did."""

    event: CloudEvent
    flow: Flow
    payload: dict[str, Any]
    version: int = 1
    state: str = "ready"
    step: int = 0
    acks: dict[str, dict[str, Any]] = field(default_factory=dict)
    said: dict[str, Any] = field(default_factory=dict)
    error: TieoutError | None = None
    waits: WaitFor | None = None
    correction: str = ""


class Firm:
    """The systems of a firm and what is known of it."""

    def __init__(self, flows: Sequence[Flow], systems: Mapping[Role, str] = SYSTEMS) -> None:
        self.flows, self.systems = flows, dict(systems)
        self.facts: dict[tuple[str, str], Mapping[str, Any]] = {}
        self.keys: dict[tuple[str, str], set[str]] = {}
        self.links: dict[tuple[str, str, str], str] = {}
        self.targets: dict[str, dict[str, dict[str, Any]]] = {name: {} for name in systems.values()}
        self.writes: list[tuple[str, Change]] = []
        self.undeclared: list[tuple[str, str, tuple[str, ...]]] = []
        self.refuse: Callable[[str, Change], TieoutError | None] = lambda system, change: None
        self.queue: deque[CloudEvent] = deque()
        self.trails: list[Trail] = []
        self.events: list[CloudEvent] = []

    def hear(self, *events: CloudEvent) -> list[Trail]:
        """Admit events and go on until nothing is due; waiting runs are tried again whenever something settled."""
        self.queue.extend(events)
        before = len(self.trails)
        while self.queue:
            self.admit(self.queue.popleft())
        return self.trails[before:]

    def admit(self, event: CloudEvent) -> None:
        self.events.append(event)
        payload = data_of(event).model_dump(mode="json")
        for flow in self.flows:
            if event.type in flow.triggers:
                trail = Trail(event, flow, payload)
                self.trails.append(trail)
                self.walk(trail)
        self.wake()

    def wake(self) -> None:
        moved = True
        while moved:
            waiting = [(trail, trail.step, trail.state) for trail in self.trails if trail.state == "waiting"]
            for trail, _, _ in waiting:
                self.walk(trail)
            moved = any((trail.step, trail.state) != (step, state) for trail, step, state in waiting)

    def replay(self, trail: Trail, correction: Mapping[str, Any] | None = None, start: bool = True) -> Trail:
        payload = data_of(trail.event).model_dump(mode="json") if start else dict(trail.payload)
        again = Trail(trail.event, trail.flow, {**payload, **(correction or {})}, correction=str(correction or ""))
        again.step, again.acks = (0, {}) if start else (trail.step, dict(trail.acks))
        self.trails.append(again)
        self.walk(again)
        self.wake()
        return again

    def walk(self, trail: Trail) -> None:
        trail.state = "running"
        while trail.step < len(trail.flow.steps):
            step = trail.flow.steps[trail.step]
            try:
                outcome = self._take(trail, step)
            except TieoutError as error:
                trail.state, trail.error = "dead", error
                self._notify(trail, error)
                return
            trail.said[step.name] = outcome
            if isinstance(outcome, WaitFor):
                trail.state, trail.waits = "waiting", outcome
                return
            trail.step += 1
        trail.state = "settled"

    def _take(self, trail: Trail, step: Any) -> Any:
        ctx = Desk(self, trail, step)
        if isinstance(step, Emit):
            self.queue.extend(step.events(trail.payload, ctx))
            return "emitted"
        if isinstance(step, Transform):
            outcome = step.apply(dict(trail.payload), ctx)
            if isinstance(outcome, Done):
                trail.payload = dict(outcome.payload)
                self.learn(outcome.facts)
                self.links |= {(system, entity, own): canonical for system, entity, own, canonical in outcome.links}
            return outcome
        return self._deliver(trail, step, ctx)

    def _deliver(self, trail: Trail, step: Deliver, ctx: Context) -> Any:
        if step.role not in self.systems:
            return NothingToDo("no system plays this role")
        change = step.change(dict(trail.payload), ctx)
        if not isinstance(change, Change):
            return change
        system = self.systems[step.role]
        self.writes.append((system, change))
        if error := self.refuse(system, change):
            raise error
        held = self.targets[system]
        own = held.get(change.external_id, {}).get("system_id") or f"{system}-{len(held) + 1}"
        held[change.external_id] = {"system_id": own, "change": change}
        if change.action == "upsert":
            self.links[(system, change.entity, own)] = change.external_id
        trail.acks[step.name] = {"system": system, "system_id": own, "answer": {}}
        self.learn(step.learn(trail.payload, trail.acks[step.name]) if step.learn else ())
        return change

    def _notify(self, trail: Trail, error: TieoutError) -> None:
        """The last message, where there is somebody to tell; what it teaches is learnt either way."""
        step = trail.flow.on_dead
        if step:
            payload = {
                **trail.payload,
                "_error": {"code": error.code, "message": str(error), "field": getattr(error, "field", None)},
            }
            payload["_error"]["step"] = trail.flow.steps[trail.step].name
            change = step.change(payload, Desk(self, trail, step)) if step.role in self.systems else None
            if isinstance(change, Change):
                self.writes.append((self.systems[step.role], change))
            self.learn(step.learn(payload, {}) if step.learn else ())

    def learn(self, facts: Sequence[Fact]) -> None:
        for fact in facts:
            self.facts[(fact.entity, fact.canonical_id)] = dict(fact.body)
            for key in fact.match_keys:
                self.keys.setdefault((fact.entity, key), set()).add(fact.canonical_id)

    def held(self, role: Role, entity: str) -> dict[str, Change]:
        """What the system of a role holds of an entity, by external id."""
        found = self.targets[self.systems[role]]
        return {external: item["change"] for external, item in found.items() if item["change"].entity == entity}


class Desk:
    """A Context over a firm; notes look-ups that the step did not declare."""

    def __init__(self, firm: Firm, trail: Trail, step: Any) -> None:
        self._firm, self._step = firm, step
        event = trail.event
        self.run = RunView(
            "run-1",
            trail.flow.name,
            trail.flow.version,
            "line-1",
            event.correlationid or event.id,
            event.subject,
            event.type,
            event.sourceversion,
            event.legalentity,
            trail.acks,
            event.source,
        )
        needs = getattr(step, "needs", None)
        self._declared = {(need.kind, tuple(map(str, need.path))) for need in (needs(trail.payload) if needs else ())}
        self._correction = trail.correction
        self.ownership = demonstration().ownership

    def now(self) -> datetime:
        return NOW

    def known(self, entity: str, canonical_id: str) -> Mapping[str, Any] | None:
        self._note("known", entity, canonical_id)
        return self._firm.facts.get((entity, canonical_id))

    def canonical_id(self, ref: Any) -> str | None:
        self._note("canonical", ref["system"], ref["kind"], ref["id"])
        return self._firm.links.get((ref["system"], ref["kind"], ref["id"]))

    def system_id(self, role: Role, entity: str, canonical_id: str) -> str | None:
        self._note("system", role, entity, canonical_id)
        system = self._firm.systems.get(role)
        return next(
            (
                own
                for (name, kind, own), found in self._firm.links.items()
                if (name, kind, found) == (system, entity, canonical_id)
            ),
            None,
        )

    def matches(self, entity: str, key: str) -> Sequence[str]:
        self._note("match", entity, key)
        return sorted(self._firm.keys.get((entity, key), ()))

    def system_of(self, role: Role) -> str:
        return self._firm.systems[role]

    def played(self) -> Mapping[Role, str]:
        return self._firm.systems

    def key(self, step: str) -> str:
        return f"{self.run.business_key}@{self.run.source_version}{self._correction}/{self.run.flow}/{step}"

    def _note(self, kind: str, *path: str) -> None:
        need: Need = Need(kind, tuple(map(str, path)))
        if (need.kind, need.path) not in self._declared:
            self._firm.undeclared.append((self._step.name, kind, need.path))
