"""Which runs can be replayed, what a preview of them says, and how far a replay is (E4, X8)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.readings.cases.rows import Case
from app.readings.domains import of_runs
from app.readings.payload import correctable
from app.readings.reading import rows
from app.readings.replays.preview import Preview, preview_of
from app.readings.replays.runs import within
from app.readings.replays.stake import Hanging, Stake, carried, hidden, stake_of
from app.readings.stores import Stores
from app.readings.viewer import Viewer
from models.domain.plan import plan_of
from models.domain.states import RunState
from models.journal.requests import Request
from models.sql_statements import statements

SQL = statements(Path(__file__).with_name("replays.sql"))
STILL = (RunState.DEAD, RunState.WAITING)


@dataclass(frozen=True, slots=True)
class RunOfCause:
    """A run behind an open case."""

    run_id: str


@dataclass(frozen=True, slots=True)
class Previewed:
    """A preview, and how its money and that of the cases fit together."""

    preview: Preview
    stake: Stake


def replayable(stores: Stores, viewer: Viewer, run_ids: Iterable[str]) -> tuple[str, ...]:
    """Those of the runs that the viewer may see and that stand still: dead, or waiting for data; of those that failed
    elsewhere the ones whose flow has an endpoint.
    """
    asked = tuple(dict.fromkeys(run_ids))
    seen = [run for run in within(stores, viewer, asked) if run.state in STILL]
    still = {run.run_id for run in seen if not run.elsewhere or stores.catalogue.endpoint_of(run.flow)}
    return tuple(run_id for run_id in asked if run_id in still)


def of_cases(stores: Stores, viewer: Viewer, cases: Iterable[Case]) -> tuple[str, ...]:
    """The runs behind the open findings of these cases that stand still."""
    return replayable(stores, viewer, [run for case in cases for run in stores.journal.cases.run_ids(case.case_id)])


def of_cause(stores: Stores, viewer: Viewer, cause: str) -> tuple[str, ...]:
    """The runs behind every open case of a cause within the viewer's scope that stand still."""
    behind = rows(stores, viewer, SQL["of_cause"], RunOfCause, cause=cause)
    return replayable(stores, viewer, [row.run_id for row in behind])


def correctable_fields(stores: Stores, viewer: Viewer, run_id: str) -> tuple[str, ...]:
    """Dotted paths of a run's payload that a correction may name; none of one that another engine ran."""
    runs = [run for run in within(stores, viewer, (run_id,)) if not run.elsewhere]
    return tuple(path for run in runs for path in correctable(run.payload))


def previewed(stores: Stores, viewer: Viewer, request: Request, cases: Sequence[Case]) -> Previewed:
    """What the engine answered to a preview, beside what hangs on the `cases` it was asked for.

    Sums that would tell the amount of one masked thing are masked. Of a plan that somebody made with runs of other
    legal entities too, those runs are left out and its sums are masked.
    """
    plan, result = plan_of(request.body), request.result or {}
    seen, totals = within(stores, viewer, plan.everything), result.get("totals") or {}
    others = set(plan.everything) - {run.run_id for run in seen}
    named = [case.case_id for case in cases]
    hanging = rows(stores, viewer, SQL["stake"], Hanging, cases=named, runs=list(plan.run_ids))
    chosen = [run for run in seen if run.run_id in plan.run_ids]
    clear = viewer.clear_in(*of_runs(stores, chosen).values()) if viewer.bounded else viewer.clear
    masked = hidden(hanging, carried(chosen), clear) | frozenset(totals if others else ())
    return Previewed(preview_of(_without(others, result), masked), stake_of(totals, hanging, masked))


def _without(others: Collection[str], answer: Mapping[str, Any]) -> dict[str, Any]:
    """The answer to a preview without what it says of these runs."""
    parts = {name: answer.get(name) or () for name in ("runs", "hazards")}
    kept = {name: [one for one in part if one.get("run_id") not in others] for name, part in parts.items()}
    return {**answer, **kept}
