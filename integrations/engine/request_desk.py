"""The desk where operators' requests are answered: preview, replay, cancel, pause and resume (E4)."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from integrations.engine.flow_book import FlowBook
from integrations.engine.gates import Gates
from integrations.engine.landscape import Landscape
from integrations.engine.preview import Preview
from integrations.engine.replaying import Replaying
from models.domain.clock import Clock
from models.domain.plan import plan_of
from models.journal.ports.engine import EnginePort
from models.journal.requests import Request

KINDS = ("preview", "replay", "cancel", "pause_flow", "resume_flow")
_RENEW_SECONDS = 5.0


class RequestDesk:
    """Serves requests of this engine's owner. A replay goes on from call to call; a crash leaves it to whoever takes it
    next.
    """

    def __init__(
        self,
        owner: str,
        journal: EnginePort,
        flows: FlowBook,
        landscape: Landscape,
        clock: Clock,
        gates: Gates,
        patience: Callable[[str], float],
    ) -> None:
        self._owner, self._journal, self._patience = owner, journal, patience
        self._flows = flows
        self._preview = Preview(journal, flows, landscape, clock, gates)
        self._replays: dict[str, Replaying] = {}
        self._renewed: dict[str, float] = {}

    def serve(self) -> int:
        """Answer what is new and move replays on; how many requests moved."""
        moved = 0
        for request in self._journal.requests.take(self._owner, KINDS, limit=10):
            moved += 1
            self._begin(request)
        for request_id in list(self._replays):
            moved += self._advance(self._replays[request_id])
        return moved

    def _begin(self, request: Request) -> None:
        try:
            if request.kind == "replay":
                result = request.result if isinstance(request.result, dict) else {}
                self._replays[request.request_id] = Replaying(
                    request.request_id,
                    plan_of(request.body),
                    request.actor,
                    getattr(request, "reason", None),
                    bool(request.body.get("plan_hash")),
                    result,
                    self._patience,
                )
                return
            self._journal.requests.settle(request.request_id, "done", self._answer(request))
        except Exception as error:  # noqa: BLE001  whatever a request breaks is the answer to it
            self._failed(request.request_id, error)

    def _answer(self, request: Request) -> dict[str, Any]:
        body, runs, reason = request.body, self._journal.runs, getattr(request, "reason", None)
        if request.kind == "preview":
            return self._preview.of(plan_of(body))
        if request.kind == "cancel":
            refused = runs.cancel(body["run_ids"], request.actor, reason)
            return {"cancelled": len(set(body["run_ids"])) - len(refused), "refused": refused}
        if body["flow"] not in self._flows.newest:
            raise ValueError(f"there is no flow {body['flow']}: give one of {', '.join(sorted(self._flows.newest))}")
        return self._steered(request.kind == "pause_flow", body["flow"], request.actor, reason)

    def _steered(self, pause: bool, flow: str, actor: str, reason: str | None) -> dict[str, Any]:
        """What the database did; who paused the flow and why, where somebody has."""
        runs = self._journal.runs
        changed = (runs.pause_flow if pause else runs.resume_flow)(flow, actor, reason)
        held = next((one for one in runs.paused() if one.flow == flow), None)
        by = {"paused_by": held.paused_by, "reason": held.reason} if held else {}
        return {"flow": flow, "paused": held is not None, "changed": changed, **by}

    def _advance(self, replay: Replaying) -> int:
        """Move one replay on; keep its progress after each move, and its lease alive in between."""
        request_id = replay.request_id
        try:
            moved = replay.advance(self._journal)
            due = time.monotonic() - self._renewed.get(request_id, 0.0) > _RENEW_SECONDS
            if (moved or due) and not self._journal.requests.progress(request_id, replay.result, self._owner):
                self._forget(request_id)  # cancelled, or another engine's by now
                return 1
            if moved or due:
                self._renewed[request_id] = time.monotonic()
            if replay.over:
                self._journal.requests.settle(
                    request_id, "failed" if replay.result["stopped"] else "done", replay.result
                )
                self._forget(request_id)
        except Exception as error:  # noqa: BLE001  whatever a replay breaks is the answer to it
            self._failed(request_id, error, replay.result)
            self._forget(request_id)
            return 1
        return int(moved)

    def _failed(self, request_id: str, error: Exception, result: dict[str, Any] | None = None) -> None:
        self._journal.requests.settle(
            request_id, "failed", {**(result or {}), "error": f"{type(error).__name__}: {error}"}
        )

    def _forget(self, request_id: str) -> None:
        self._replays.pop(request_id, None)
        self._renewed.pop(request_id, None)
