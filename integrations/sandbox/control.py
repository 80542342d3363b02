"""The world's own door, /_world: how far the story is, what is true, where systems differ, which faults are planted.

GET  /_world                   state of the story      GET  /_world/truth?entity=time_entry|expense|project
GET  /_world/compare           differences             GET  /_world/faults
POST /_world/faults/{id}/fix   mend a fault            POST /_world/do {"kind", "args"}   POST /_world/weather
{"vendor", "kind", "left"}
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from integrations.sandbox.fault import Fault
from integrations.sandbox.weather import Disturbance
from integrations.sandbox.wire import Answer, Request, json_answer

if TYPE_CHECKING:
    from integrations.sandbox.sandbox import Sandbox


class Control:
    """Answers in JSON; refuses callers that a browser page of another origin sent."""

    name = "_world"

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox
        self.phase, self.tick, self.ticks = "history", 0, len(sandbox.plan.ticks())

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
            return json_answer(self._sandbox.truth.compare(self._sandbox.clock.now()))
        if parts == ["faults"]:
            return json_answer([self._shown(fault) for fault in self._sandbox.plan.faults])
        return json_answer({"error": "use /_world, /_world/truth, /_world/compare or /_world/faults"}, 404)

    def disturbed(self, kind: str, request: Request) -> Answer:
        return self.answer(request)

    def _state(self) -> dict[str, Any]:
        sandbox = self._sandbox
        entries = sandbox.life.delivery.entries
        return {
            "now": sandbox.clock.now().isoformat(),
            "phase": self.phase,
            "tick": self.tick,
            "ticks": self.ticks,
            "seed": sandbox.plan.seed,
            "start": sandbox.plan.start.isoformat(),
            "anchor": sandbox.plan.anchor.isoformat(),
            "time_entries": len(entries),
            "expenses": len(sandbox.life.delivery.costs),
            "posted": len(sandbox.vendors.erp.records.tables["timebill"]),
            "projects": len(sandbox.vendors.erp.records.tables["job"]),
            "requests": sandbox.app.requests,
            "weather": {f"{vendor} {kind}": count for (vendor, kind), count in sandbox.weather.struck.items()},
        }

    def _truth(self, entity: str) -> Answer:
        try:
            return json_answer(self._sandbox.truth.of(entity))
        except KeyError:
            return json_answer({"error": f"no truth about {entity}: ask for time_entry, expense or project"}, 404)

    def _shown(self, fault: Fault) -> dict[str, Any]:
        return {
            "id": fault.id,
            "kind": fault.kind,
            "subject": fault.subject,
            "cause": fault.cause,
            "how_to_fix": fault.how_to_fix,
            "entries": fault.entries,
            "money": {currency: str(amount) for currency, amount in fault.money.items()},
            "heals_by_itself": fault.heals,
            "fixed": fault.id in self._sandbox.mended.rows,
        }

    def _act(self, request: Request, parts: list[str]) -> Answer:
        body = request.json if isinstance(request.json, dict) else {}
        if len(parts) == 3 and parts[0] == "faults" and parts[2] == "fix":
            return self._mend(parts[1])
        if parts == ["do"] and body.get("kind") in self._sandbox.life.deeds:
            return json_answer({"done": self._sandbox.do(body["kind"], *map(str, body.get("args", [])))})
        if parts == ["weather"] and {"vendor", "kind"} <= set(body):
            self._sandbox.weather.arm(
                Disturbance(body["vendor"], body["kind"], int(body.get("left", 1)), path=str(body.get("path", "")))
            )
            return json_answer({"armed": len(self._sandbox.weather.armed)})
        return json_answer(
            {
                "error": f"use /_world/faults/ID/fix, /_world/do with a kind of {', '.join(self._sandbox.life.deeds)}, or /_world/weather"
            },
            404,
        )

    def _mend(self, name: str) -> Answer:
        fault = next((fault for fault in self._sandbox.plan.faults if fault.id == name), None)
        if fault is None:
            return json_answer({"error": f"no fault {name}: see /_world/faults"}, 404)
        return json_answer({"id": name, "fixed": self._sandbox.mend(name), "next": fault.how_to_fix})
