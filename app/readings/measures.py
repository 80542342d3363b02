"""What Prometheus reads of an installation: how old every part of every process and every source is, and the runs."""

from __future__ import annotations

from datetime import UTC, datetime

from app.readings.stores import Stores
from models.measures import Measure, process_measures


def measures(stores: Stores, ready: bool) -> list[Measure]:
    """The measures of the installation, and of this process. Raises the journal's own errors."""
    up = Measure("tieout_ready", "Whether nothing is dead, stuck or stale", [({}, float(ready))])
    return [up, *_of_processes(stores), *_of_sources(stores), *_of_runs(stores), *process_measures()]


def _of_processes(stores: Stores) -> list[Measure]:
    beats = stores.journal.heartbeats.all()
    named = [({"role": beat.role, "process": beat.process, "part": beat.part}, beat) for beat in beats]
    silent = {(beat.role, beat.process): beat.silent for beat in beats}
    return [
        Measure(
            "tieout_process_silent_seconds",
            "Since a process told of itself",
            [({"role": role, "process": process}, seconds) for (role, process), seconds in silent.items()],
        ),
        Measure(
            "tieout_heartbeat_age_seconds",
            "Since a part of a process was well",
            [(labels, beat.age) for labels, beat in named if beat.age is not None],
        ),
        Measure(
            "tieout_heartbeat_allowed_seconds",
            "How long a part may go without being well",
            [(labels, beat.allowed) for labels, beat in named],
        ),
    ]


def _of_sources(stores: Stores) -> list[Measure]:
    now, levels = datetime.now(UTC), stores.catalogue.reading_levels
    named = [({"system": one.system, "name": one.name}, one) for one in stores.journal.freshness.all()]
    return [
        Measure(
            "tieout_source_age_seconds",
            "Since a stream or extract was read",
            [(labels, (now - one.read_at).total_seconds()) for labels, one in named if one.read_at],
        ),
        Measure(
            "tieout_source_allowed_seconds",
            "How old what was read of a stream or extract may be",
            [(labels, stores.journal.freshness.allowed(one.system, levels)) for labels, one in named],
        ),
        Measure(
            "tieout_source_failing",
            "Whether the last reading of a stream or extract failed",
            [(labels, float(one.error is not None)) for labels, one in named],
        ),
    ]


def _of_runs(stores: Stores) -> list[Measure]:
    states = stores.journal.runs.states()
    return [
        Measure(
            "tieout_runs", "Runs by flow and state", [({"flow": f, "state": s}, n) for (f, s), n in states.items()]
        ),
        Measure("tieout_runs_due", "Runs that may go on now", [({}, stores.journal.runs.pulse().due)]),
    ]
