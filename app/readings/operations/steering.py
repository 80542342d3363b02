"""What people ask of flows and runs besides replays, by whatever road it comes: the same rights, scope and audit (E4,
G1). A request is kept with who and why; the engine answers it with what the database did.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from app.readings.rights import Action
from app.readings.scope import may_see
from app.readings.stores import Stores
from app.readings.viewer import Viewer

STEERS = Action.REPLAY
"""Who may start runs again may also hold and end them."""


def why_not(viewer: Viewer) -> str | None:
    """Why this viewer cannot pause or resume a flow, in a sentence; None where they can: a flow carries the runs of
    every legal entity.
    """
    if viewer.entities:
        firms = ", ".join(viewer.entities)
        return f"A flow carries every legal entity and you see {firms} alone: ask somebody who sees all of them."
    return viewer.why_not(STEERS)


def pause(stores: Stores, viewer: Viewer, flow: str, reason: str) -> str:
    """Ask the engine to start no more runs of a flow; the request's id. Raises ValueError for what may not be asked."""
    return _ask(stores, viewer, "pause_flow", {"flow": flow}, reason, why_not(viewer))


def resume(stores: Stores, viewer: Viewer, flow: str, reason: str) -> str:
    """Ask the engine to go on with a flow; the request's id. Raises ValueError for what may not be asked."""
    return _ask(stores, viewer, "resume_flow", {"flow": flow}, reason, why_not(viewer))


def cancel(stores: Stores, viewer: Viewer, run_ids: Sequence[str], reason: str, case_id: str | None = None) -> str:
    """Ask the engine to end runs that are dead or wait, for good; the request's id.

    Raises ValueError for what may not be asked, and for runs that are not there for this viewer.
    """
    lacking = viewer.why_not(STEERS) or _unknown(stores, viewer, run_ids)
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
    of_a_flow = why_not(viewer) if asked.kind in ("pause_flow", "resume_flow") else None
    if lacking := viewer.why_not(STEERS) or of_a_flow or _hidden(stores, viewer, about):
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


def _unknown(stores: Stores, viewer: Viewer, run_ids: Sequence[str]) -> str | None:
    found = {run.run_id for run in stores.journal.runs.by_ids(run_ids) if may_see(viewer, run.legal_entity)}
    return _missing([run_id for run_id in dict.fromkeys(run_ids) if run_id not in found])


def _hidden(stores: Stores, viewer: Viewer, run_ids: Sequence[str]) -> str | None:
    """Of a plan: what failed elsewhere and was mended since is gone, and then nobody's who is limited."""
    whose = {run.run_id: run.legal_entity for run in stores.journal.runs.replayable(run_ids)}
    return _missing([run_id for run_id in dict.fromkeys(run_ids) if not may_see(viewer, whose.get(run_id))])


def _missing(missing: Sequence[str]) -> str | None:
    named = f"{missing[0]}" + (f" and {len(missing) - 1:,} more" if len(missing) > 1 else "") if missing else ""
    return f"there is no run {named}: a case shows the runs behind its records" if missing else None
