"""What people ask the engine to do with runs that stand still, by whatever road: the same rights, scope and audit (E4,
G1).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from app.readings.domains import of_runs
from app.readings.replays.runs import not_there, within
from app.readings.rights import Action
from app.readings.stores import Stores
from app.readings.viewer import Viewer
from models.domain.plan import plan_of

NEEDS = {"preview": Action.PREVIEW, "replay": Action.REPLAY}
"""What each kind of request needs."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """Runs that somebody chose, as far as they may replay them; `beyond` says of the others how many they are and why,
    None where there is none.
    """

    run_ids: tuple[str, ...]
    beyond: str | None


def ask(stores: Stores, viewer: Viewer, kind: str, body: Mapping[str, Any], reason: str | None) -> str:
    """Keep a preview or a replay for the engine; the request's id.

    Raises ValueError for roles that do not include it in the domain of each run, for runs that are not there for this
    viewer, and for what `DeskRequests.append` refuses.
    """
    runs = plan_of(body).everything
    if lacking := why_not(stores, viewer, NEEDS[kind], runs):
        raise ValueError(lacking)
    if (viewer.entities or viewer.bounded) and (missing := not_there(within(stores, viewer, runs), runs)):
        raise ValueError(missing)
    return stores.desk.requests.append(kind, body, viewer.actor, reason, viewer.subject)


def why_not(stores: Stores, viewer: Viewer, action: Action, run_ids: Sequence[str]) -> str | None:
    """Why this viewer may not do this with these runs, in a sentence; None where they may. The runs are looked up for
    whoever may in some domains alone: pages ask each second.
    """
    known = of_runs(stores, within(stores, viewer, run_ids)) if viewer.bounded else {f"{len(run_ids):,} runs": None}
    return viewer.why_not(action, known)


def mine(stores: Stores, viewer: Viewer, run_ids: Sequence[str]) -> Chosen:
    """Those of the runs that lie in a domain in which this viewer may replay, or else preview."""
    if not viewer.bounded:
        return Chosen(tuple(run_ids), None)
    action = Action.REPLAY if viewer.may_somewhere(Action.REPLAY) else Action.PREVIEW
    found = {run.run_id: run for run in within(stores, viewer, run_ids)}
    able = {name for name, run in found.items() if viewer.may(action, stores.catalogue.domain_of(run.flow))}
    others = [run for name, run in found.items() if name not in able]
    beyond = viewer.why_not(action, of_runs(stores, others)) if others else None
    told = f"{len(others):,} of {len(found):,} are outside your domains and left out. {beyond}" if beyond else None
    return Chosen(tuple(run_id for run_id in run_ids if run_id in able), told)
