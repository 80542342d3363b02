"""What people ask of flows and runs besides replays, by whatever road it comes: the same rights, scope and audit (E4,
G1). A request is kept with who and why; the engine answers it with what the database did.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from app.readings.domains import of_flows, of_runs
from app.readings.replays.runs import not_there, within
from app.readings.rights import Action
from app.readings.stores import Stores
from app.readings.viewer import Viewer
from models.journal.runs.run import Run

STEERS = Action.REPLAY
"""Who may start runs again may also hold and end them."""


def why_not(stores: Stores, viewer: Viewer, flow: str | None = None) -> str | None:
    """Why this viewer cannot pause or resume this flow, or without one any, in a sentence; None where they can: a flow
    carries the runs of every legal entity.
    """
    if viewer.entities:
        firms = ", ".join(viewer.entities)
        return f"A flow carries every legal entity and you see {firms} alone: ask somebody who sees all of them."
    return viewer.why_not(STEERS, of_flows(stores, [] if flow is None else [flow]))


def pause(stores: Stores, viewer: Viewer, flow: str, reason: str) -> str:
    """Ask the engine to start no more runs of a flow; the request's id. Raises ValueError for what may not be asked."""
    return _ask(stores, viewer, "pause_flow", {"flow": flow}, reason, why_not(stores, viewer, flow))


def resume(stores: Stores, viewer: Viewer, flow: str, reason: str) -> str:
    """Ask the engine to go on with a flow; the request's id. Raises ValueError for what may not be asked."""
    return _ask(stores, viewer, "resume_flow", {"flow": flow}, reason, why_not(stores, viewer, flow))


def cancel(stores: Stores, viewer: Viewer, run_ids: Sequence[str], reason: str, case_id: str | None = None) -> str:
    """Ask the engine to end runs that are dead or wait, for good; the request's id.

    Raises ValueError for what may not be asked, and for runs that are not there for this viewer.
    """
    lacking = _lacking(stores, viewer, run_ids)
    body = {"run_ids": list(dict.fromkeys(run_ids)), **({"case_id": case_id} if case_id else {})}
    return _ask(stores, viewer, "cancel", body, reason, lacking)


def stop(stores: Stores, viewer: Viewer, request_id: str, reason: str) -> str | None:
    """Stop a request: no further run is started, those under way end. Why it was not stopped; None where it was.

    Raises ValueError for what may not be asked.
    """
    asked = stores.journal.requests.get(request_id)
    if asked is None:
        raise ValueError(f"there is no request {request_id}")
    about = [*(asked.body.get("roots") or ()), *(asked.body.get("run_ids") or ())]
    flow = asked.body.get("flow")
    if lacking := _of_plan(stores, viewer, about) if flow is None else why_not(stores, viewer, flow):
        raise ValueError(lacking)
    if stores.desk.requests.cancel(request_id, viewer.actor, reason):
        return None
    now = stores.journal.requests.get(request_id)
    if now is not None and now.state == "asked":
        return "it waits for a second person: withdraw it instead"
    return f"it is {now.state if now else 'gone'} already"


def _ask(stores: Stores, viewer: Viewer, kind: str, body: Mapping[str, Any], reason: str, lacking: str | None) -> str:
    if lacking:
        raise ValueError(lacking)
    return stores.desk.requests.append(kind, body, viewer.actor, reason.strip(), viewer.subject)


def _lacking(stores: Stores, viewer: Viewer, run_ids: Sequence[str]) -> str | None:
    """Why this viewer cannot end these runs of ours, also that one is not there for them; None where they can."""
    found = [run for run in within(stores, viewer, run_ids) if not run.elsewhere]
    return not_there(found, run_ids) or _outside(stores, viewer, found)


def _of_plan(stores: Stores, viewer: Viewer, run_ids: Sequence[str]) -> str | None:
    """The same of a plan: what failed elsewhere and was mended since is gone, and then nobody's who is limited."""
    found = within(stores, viewer, run_ids)
    gone = not_there(found, run_ids) if viewer.entities or viewer.bounded else None
    return gone or _outside(stores, viewer, found)


def _outside(stores: Stores, viewer: Viewer, runs: Sequence[Run]) -> str | None:
    return viewer.why_not(STEERS, of_runs(stores, runs) or {"what names no run": None})
