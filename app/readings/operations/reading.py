"""Whether work is flowing: volume, lags and how runs ended of all legal entities; dead letters, their age and
their money of the viewer's alone (O1).
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from app.readings.cases import reading as cases
from app.readings.operations.rows import (
    Calls,
    DeadLetters,
    FlowVolume,
    Held,
    PairLag,
    Quarantined,
    Replays,
    Slot,
    Stake,
    Worked,
)
from app.readings.reading import rows
from app.readings.stores import Stores
from app.readings.viewer import Viewer
from models.journal.circuits import Circuit
from models.journal.runs.run import PausedFlow
from models.sql_statements import statements

SQL = statements(Path(__file__).with_name("operations.sql"))


def flows(stores: Stores, viewer: Viewer, since: datetime) -> tuple[FlowVolume, ...]:
    """Each flow that ran since then."""
    return rows(stores, viewer, SQL["flows"], FlowVolume, since=since)


def series(stores: Stores, viewer: Viewer, since: datetime, step: int) -> tuple[Slot, ...]:
    """Each flow that ran since then, in steps of `step` seconds."""
    return rows(stores, viewer, SQL["series"], Slot, since=since, step=step)


def worked_last(stores: Stores, viewer: Viewer) -> datetime | None:
    """The hour in which any flow worked last; None where none ever did."""
    found = rows(stores, viewer, SQL["last"], Worked)
    return found[0].hour if found else None


def held(stores: Stores, viewer: Viewer) -> tuple[Held, ...]:
    """Open failures and the money they hold, by flow and age."""
    return rows(stores, viewer, SQL["held"], Held)


def pairs(stores: Stores, viewer: Viewer, hours: int = 168) -> tuple[PairLag, ...]:
    """How far each target lagged behind its source in the last 6, 24, 168 or 2,016 hours; what waits longest now comes
    first.
    """
    return rows(stores, viewer, SQL["pairs"], PairLag, hours=hours)


def dead_letters(stores: Stores, viewer: Viewer) -> tuple[DeadLetters, ...]:
    """Every dead letter by what refused it, the most first; together they are what `held` counts."""
    return rows(stores, viewer, SQL["dead_letters"], DeadLetters)


def quarantine(stores: Stores, viewer: Viewer, since: datetime) -> tuple[Quarantined, ...]:
    """Input that nobody could read, by receiver and fault, received since then on the collector's clock."""
    return rows(stores, viewer, SQL["quarantine"], Quarantined, since=since)


def replays(stores: Stores, viewer: Viewer, since: datetime) -> tuple[Replays, ...]:
    """How the replays asked for since then ended, by flow."""
    return rows(stores, viewer, SQL["replays"], Replays, since=since)


def at_stake(stores: Stores, viewer: Viewer) -> Stake:
    """What is open among the exceptions, in records, cases and money."""
    groups = cases.groups(stores, viewer)
    records, open_now = sum(group.occurrences for group in groups), sum(group.cases for group in groups)
    return Stake(records, open_now, cases.by_kind(groups))


def paused(stores: Stores, viewer: Viewer | None = None) -> tuple[PausedFlow, ...]:
    """The flows that a person paused, the longest first; the same for all viewers."""
    del viewer
    return tuple(stores.journal.runs.paused())


def circuits(stores: Stores, viewer: Viewer) -> tuple[Circuit, ...]:
    """What each system that was ever called lets through now, by name."""
    return tuple(sorted(stores.journal.throttle.circuits().values(), key=lambda one: one.system))


def calls(stores: Stores, viewer: Viewer | None = None) -> tuple[Calls, ...]:
    """Each system that was called today, with what its vendor's quota, or the policy's, leaves; the same for all."""
    del viewer
    limits = {system.name: system.policy.daily_calls for system in stores.catalogue.systems}
    return tuple(
        Calls(
            one.system,
            one.calls,
            one.used,
            one.allowed if one.allowed is not None else limits.get(one.system) or None,
            one.left(limits.get(one.system, 0)),
        )
        for one in stores.journal.calls.today().values()
    )
