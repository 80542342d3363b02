"""A stand-in for the engine's request desk: it takes previews and replays from the journal and settles them through its
API. So that the console does not call its installation dead, it has the heartbeats of an engine and of a collector.
"""

from __future__ import annotations

import threading
import time
from typing import Any

from models.domain.beats import Beat
from models.domain.plan import plan_of
from models.journal import Journal
from models.journal.requests import Request
from models.presence import COLLECTOR, ENGINE


class RequestDesk(threading.Thread):
    """Answers requests until stopped; a replay mends its runs, and the findings about them are reported as gone."""

    def __init__(self, journal: Journal, findings: dict[str, list[Any]]) -> None:
        super().__init__(name="request-desk", daemon=True)
        self._journal, self._findings, self._ended = journal, findings, threading.Event()
        self.replayed: list[Request] = []
        self._told = float("-inf")

    def run(self) -> None:
        while not self._ended.wait(0.1):
            self._tell()
            for request in self._journal.requests.take("desk", ["preview", "replay"]):
                self._preview(request) if request.kind == "preview" else self._replay(request)

    def _tell(self) -> None:
        if time.monotonic() - self._told >= 2.0:
            self._told = time.monotonic()
            for role, part in ((ENGINE, "desk"), (COLLECTOR, "feed")):
                self._journal.heartbeats.tell(role, role, [Beat(part, 0.0, 60.0)])

    def stop(self) -> None:
        self._ended.set()
        self.join(5)

    def _preview(self, request: Request) -> None:
        plan = plan_of(request.body)
        code = (request.body.get("correction") or {}).get("charge_code", "PRJ-1004.099")
        runs = [
            {"run_id": run, "business_key": f"time_entry:{run[:8]}", "steps": [self._step(code)]}
            for run in plan.everything
        ]
        self._journal.requests.settle(
            request.request_id,
            "done",
            {"plan_hash": plan.hash, "runs": runs, "hazards": [], "totals": {"GBP": "4455.00"}, "count": len(runs)},
        )

    def _step(self, code: str) -> dict[str, Any]:
        fields = [
            {"field": "caseTaskEvent", "current": None, "wanted": code, "changed": True},
            {"field": "hours", "current": None, "wanted": "6:00", "changed": True},
            {"field": "custcol_cost_rate", "current": None, "wanted": "86.00", "changed": True},
        ]
        return {
            "step": "post-to-erp",
            "system": "netsuite",
            "kind": "deliver",
            "action": "post",
            "external_id": "TE-v1",
            "fields": fields,
            "outcome": "creates",
            "error": None,
        }

    def _replay(self, request: Request) -> None:
        plan, done, waves = plan_of(request.body), 0, []
        for wave in plan.waves():
            size = len(wave.run_ids)
            done += size
            waves.append({"size": size, "settled": size, "failed": 0, "waiting": 0})
            self._journal.requests.progress(
                request.request_id,
                {"waves": waves, "replayed": done, "settled": done, "failed": 0, "waiting": 0, "stopped": False},
            )
        self._mend(set(plan.everything))
        self._journal.requests.settle(
            request.request_id,
            "done",
            {
                "waves": waves,
                "replayed": done,
                "settled": done,
                "failed": 0,
                "waiting": 0,
                "stopped": False,
                "run_ids": {},
            },
        )
        self.replayed.append(request)

    def _mend(self, runs: set[str]) -> None:
        for detector, findings in self._findings.items():
            self._findings[detector] = [finding for finding in findings if finding.run_id not in runs]
            self._journal.cases.report(detector, self._findings[detector])
