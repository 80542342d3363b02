"""Hazards of a replay: what its preview warns of before anything is written (E4)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from integrations.contracts.connector import Change, TargetState
from integrations.contracts.flow import Deliver
from models.domain.plan import Plan
from models.domain.states import RunState
from models.journal.circuits import Circuit
from models.journal.runs.run import HOLDING, Run, source_system

Hazard = dict[str, Any]


def hazard(kind: str, run_id: str, message: str) -> Hazard:
    """One warning, JSON-ready."""
    return {"kind": kind, "run_id": run_id, "message": message}


def hazards_of_run(run: Run, plan: Plan, others: Iterable[Run], circuit: Circuit | None, now: datetime) -> list[Hazard]:
    """What speaks against replaying this run at all. `others` are the runs about the same business key."""
    kin = [other for other in others if other.fact == run.fact and other.run_id != run.run_id]
    found = []
    if any(other.source_version > run.source_version for other in kin):
        found.append(hazard("stale", run.run_id, "a newer version of this fact has arrived since"))
    if any(other.seq < run.seq and other.state in HOLDING for other in kin):
        found.append(hazard("out_of_order", run.run_id, "an earlier run of this fact is still open"))
    if run.error_code == "closed-period" and not plan.correction:
        again = "the period was closed: without another date it will be refused again"
        found.append(hazard("closed_period", run.run_id, again))
    if circuit and (circuit.state != "closed" or (circuit.held_until and circuit.held_until > now)):
        why = circuit.reason or "it asked us to wait"
        found.append(hazard("rate_limit", run.run_id, f"{run.system} takes no calls now: {why}"))
    return found


def hazards_elsewhere(
    failed: Run, plan: Plan, accepted: datetime | None, circuit: Circuit | None, now: datetime
) -> list[Hazard]:
    """What speaks against sending this failure to the endpoint of its flow, which last accepted it at `accepted`."""
    found = []
    if plan.correction:
        there = f"it runs in {failed.system}: correct it there, here it is replayed as it was"
        found.append(hazard("correction", failed.run_id, there))
    if accepted is not None:
        again = f"its endpoint accepted it at {accepted:%Y-%m-%d %H:%M} UTC, and no success was heard of since"
        found.append(hazard("duplicate", failed.run_id, f"{again}: look in {failed.system} whether it still runs"))
    if failed.payload["business_key"] is None:
        only = "it tells no business key: only a run that says it repeats this one closes its case"
        found.append(hazard("no_key", failed.run_id, only))
    if circuit and (circuit.state != "closed" or (circuit.held_until and circuit.held_until > now)):
        why = circuit.reason or "it asked us to wait"
        found.append(hazard("rate_limit", failed.run_id, f"{circuit.system} takes no calls now: {why}"))
    return found


def hazards_of_write(
    step: Deliver, change: Change, system: str, state: TargetState, old: Run, changes: bool
) -> list[Hazard]:
    """What speaks against one write. `changes`: a correction would make another thing of what the target holds."""
    if (held := _delivered(step, change, state, old)) and changes:
        words = _overwrites(change, state, f"{held} of {system}", source_system(old.event_source))
        return [hazard("overwrite", old.run_id, words)]
    if state.current is not None and change.action == "post":
        words = f"{system} holds {change.external_id} already: it will be found, not posted twice"
        return [hazard("duplicate", old.run_id, words)]
    return []


def _delivered(step: Deliver, change: Change, state: TargetState, old: Run) -> str | None:
    """The target's id of what must not be changed unnoticed: a posting, or anything of a run that has settled. A master
    record on the way to which a run died is what its correction is for.
    """
    acked: str | None = old.acks.get(step.name, {}).get("system_id")
    if change.action == "post":
        return acked or (state.ack.system_id if state.ack else None)
    return acked if change.action == "upsert" and old.state is RunState.SETTLED else None


def _overwrites(change: Change, state: TargetState, held: str, source: str) -> str:
    """The target's books would say something else than its source: that belongs where the fact came from."""
    effect = "overwrite it" if state.current is not None else f"put {change.external_id} in its place"
    done = "posted" if change.action == "post" else "delivered"
    return (
        f"already {done} as {held}: the correction would {effect}; "
        f"change it in {source} instead, and its next version brings every system along"
    )
