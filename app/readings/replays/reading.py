"""Which runs can be replayed, what a preview of them says, and how far a replay is (E4, X8)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from app.readings.cases.rows import Case
from app.readings.payload import correctable
from app.readings.reading import rows
from app.readings.replays.preview import Preview, preview_of
from app.readings.replays.stake import Carried, Hanging, Stake, hidden, stake_of
from app.readings.stores import Stores
from app.readings.viewer import Viewer
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
    """Those of the runs that stand still: dead, or waiting for data. The others have ended or are on their way."""
    asked = tuple(dict.fromkeys(run_ids))
    found = stores.journal.runs.by_ids(asked) if asked else []
    still = {run.run_id for run in found if run.state in STILL}
    return tuple(run_id for run_id in asked if run_id in still)


def of_cases(stores: Stores, viewer: Viewer, cases: Iterable[Case]) -> tuple[str, ...]:
    """The runs behind the open findings of these cases that stand still."""
    return replayable(stores, viewer, [run for case in cases for run in stores.journal.cases.run_ids(case.case_id)])


def of_cause(stores: Stores, viewer: Viewer, cause: str) -> tuple[str, ...]:
    """The runs behind every open case of a cause within the viewer's scope that stand still."""
    behind = rows(stores, viewer, SQL["of_cause"], RunOfCause, cause=cause)
    return replayable(stores, viewer, [row.run_id for row in behind])


def correctable_fields(stores: Stores, viewer: Viewer, run_id: str) -> tuple[str, ...]:
    """Dotted paths of a run's payload that a correction may name."""
    return tuple(path for run in stores.journal.runs.by_ids((run_id,)) for path in correctable(run.payload))


def previewed(stores: Stores, viewer: Viewer, request: Request, cases: Sequence[Case]) -> Previewed:
    """What the engine answered to a preview, beside what hangs on the `cases` it was asked for.

    Sums that would tell the amount of one masked thing are masked.
    """
    runs, result = tuple(request.body.get("run_ids") or ()), request.result or {}
    named = [case.case_id for case in cases]
    hanging = rows(stores, viewer, SQL["stake"], Hanging, cases=named, runs=list(runs))
    masked = hidden(hanging, carried(stores, runs), viewer.clear)
    totals = result.get("totals") or {}
    return Previewed(preview_of(result, masked), stake_of(totals, hanging, masked))


def carried(stores: Stores, run_ids: Sequence[str]) -> list[Carried]:
    """What each of the runs carries that is worth something."""
    return [
        Carried(entity, key, run.currency, Decimal(run.amount))
        for run in stores.journal.runs.by_ids(tuple(run_ids))
        if run.amount and run.currency
        for entity, _, key in [run.business_key.partition(":")]
    ]
