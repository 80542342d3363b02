"""The one way from here to the journal's runs: those that are there and within a viewer's scope (G1)."""

from __future__ import annotations

from collections.abc import Sequence

from app.readings.scope import may_see
from app.readings.stores import Stores
from app.readings.viewer import Viewer
from models.journal.runs.run import Run


def within(stores: Stores, viewer: Viewer, run_ids: Sequence[str]) -> list[Run]:
    """Those of the runs that are there and may be seen."""
    found = stores.journal.runs.replayable(run_ids) if run_ids else []
    return [run for run in found if may_see(viewer, run.legal_entity)]


def elsewhere(stores: Stores, viewer: Viewer, run_ids: Sequence[str]) -> tuple[str, ...]:
    """Those of the runs that another engine ran: its endpoint runs them again, as they were."""
    return tuple(run.run_id for run in within(stores, viewer, run_ids) if run.elsewhere)


def not_there(found: Sequence[Run], run_ids: Sequence[str]) -> str | None:
    """That some of the runs were not found, in a sentence that names the first; None where none is missing."""
    seen = {run.run_id for run in found}
    missing = [run_id for run_id in dict.fromkeys(run_ids) if run_id not in seen]
    more = f" and {len(missing) - 1:,} more" if len(missing) > 1 else ""
    return f"there is no run {missing[0]}{more}: a case shows the runs behind its records" if missing else None
