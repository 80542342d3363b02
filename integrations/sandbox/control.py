"""The simulation's own paths, /_world: how far it is, what is true, where systems differ, which faults are planted.

GET  /_world                                           its state
GET  /_world/truth?entity=time_entry|expense|project   what is true
GET  /_world/compare                                   differences
GET  /_world/faults                                    planted faults
POST /_world/faults/{id}/fix                           mend one
POST /_world/do {"kind", "args"}                       carry out one operation
POST /_world/conditions {"vendor", "kind", "left"}     arm a condition of a vendor's wire
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from integrations.sandbox.faults.conditions import Condition
from integrations.sandbox.simulation import Simulation
from integrations.sandbox.vendors.wire import Answer, Request, json_answer
from integrations.sandbox.world.fault import Fault


class Control:
    """Answers in JSON; refuses callers that a browser page of another origin sent."""

    name = "_world"

    def __init__(self, simulation: Simulation, requests: Mapping[str, int]) -> None:
        self._simulation, self._requests = simulation, requests
        self.phase, self.tick, self.ticks = "history", 0, len(simulation.plan.ticks())

    def answer(self, request: Request) -> Answer:
        if "origin" in request.headers:
            return json_answer({"error": "the world answers no web pages"}, 403)
        parts = [part for part in request.path.split("/") if part]
        if request.method == "POST":
            return self._act(request, parts)
        if not parts:
            return json_answer(self._state())
        if parts == ["truth"]:
            return self._truth(request.query.get("entity", "time_entry"))
        if parts == ["compare"]:
            return json_answer(self._simulation.truth.compare(self._simulation.clock.now()))
        if parts == ["faults"]:
            return json_answer([self._shown(fault) for fault in self._simulation.plan.faults])
        return json_answer({"error": "use /_world, /_world/truth, /_world/compare or /_world/faults"}, 404)

    def disturbed(self, kind: str, request: Request) -> Answer:
        return self.answer(request)

    def _state(self) -> dict[str, Any]:
        simulation = self._simulation
        entries = simulation.life.delivery.entries
        return {
            "now": simulation.clock.now().isoformat(),
            "phase": self.phase,
            "tick": self.tick,
            "ticks": self.ticks,
            "seed": simulation.plan.seed,
            "start": simulation.plan.start.isoformat(),
            "anchor": simulation.plan.anchor.isoformat(),
            "time_entries": len(entries),
            "expenses": len(simulation.life.delivery.costs),
            "posted": len(simulation.vendors.erp.records.tables["timebill"]),
            "projects": len(simulation.vendors.erp.records.tables["job"]),
            "requests": self._requests,
            "conditions": {f"{vendor} {kind}": count for (vendor, kind), count in simulation.conditions.met.items()},
        }

    def _truth(self, entity: str) -> Answer:
        try:
            return json_answer(self._simulation.truth.of(entity))
        except KeyError:
            return json_answer({"error": f"no truth about {entity}: ask for time_entry, expense or project"}, 404)

    def _shown(self, fault: Fault) -> dict[str, Any]:
        """Where the plan knows what a fault holds back, what only the systems tell is beside it as stranded."""
        held = {currency: str(amount) for currency, amount in self._simulation.truth.held(fault).items()}
        planned = {currency: str(amount) for currency, amount in fault.money.items()}
        return {
            "id": fault.id,
            "kind": fault.kind,
            "subject": fault.subject,
            "cause": fault.cause,
            "how_to_fix": fault.how_to_fix,
            "entries": fault.entries,
            "money": planned or held,
            "stranded": held if planned else {},
            "heals_by_itself": fault.heals,
            "lawful": fault.lawful,
            "fixed": fault.id in self._simulation.mended.rows,
        }

    def _act(self, request: Request, parts: list[str]) -> Answer:
        body = request.json if isinstance(request.json, dict) else {}
        if len(parts) == 3 and parts[0] == "faults" and parts[2] == "fix":
            return self._mend(parts[1])
        if parts == ["do"] and body.get("kind") in self._simulation.life.operations:
            return json_answer({"done": self._simulation.do(body["kind"], *map(str, body.get("args", [])))})
        if parts == ["conditions"] and {"vendor", "kind"} <= set(body):
            self._simulation.conditions.arm(
                Condition(body["vendor"], body["kind"], int(body.get("left", 1)), path=str(body.get("path", "")))
            )
            return json_answer({"armed": len(self._simulation.conditions.armed)})
        kinds = ", ".join(self._simulation.life.operations)
        use = f"use /_world/faults/ID/fix, /_world/do with a kind of {kinds}, or /_world/conditions"
        return json_answer({"error": use}, 404)

    def _mend(self, name: str) -> Answer:
        fault = next((fault for fault in self._simulation.plan.faults if fault.id == name), None)
        if fault is None:
            return json_answer({"error": f"no fault {name}: see /_world/faults"}, 404)
        return json_answer({"id": name, "fixed": self._simulation.mend(name), "next": fault.how_to_fix})
