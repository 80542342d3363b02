"""Which processes of an installation do not run, so that nothing here looks alive that is dead."""

from __future__ import annotations

import urllib.request
from datetime import UTC, datetime, timedelta

from models.journal.ports.readings import ReadingsPort
from models.presence import COLLECTOR, ENGINE, runs
from models.settings import Settings

SILENT = timedelta(minutes=2)
"""How long engines on other machines may read nothing before they count as ended: they look every few seconds."""
ANSWER_SECONDS = 2.0
MEND = "`tieout up` or `tieout demo` starts it, and log/{role}.log says why it ended"


def missing(settings: Settings, journal: ReadingsPort | None) -> list[str]:
    """A sentence for each of engine and collector that runs neither in this home nor, as far as can be seen from here,
    on another machine: an engine shows in a shared journal by what it reads, a collector by its address.
    """
    found = []
    if not (runs(settings.run_folder, ENGINE) or _reads_elsewhere(settings, journal)):
        found.append(f"the engine is not running: nothing is read, delivered or replayed; {MEND.format(role='engine')}")
    if not (runs(settings.run_folder, COLLECTOR) or _collects_elsewhere(settings)):
        found.append(
            f"the collector is not running: nothing is recorded, sealed or detected; {MEND.format(role='collect')}"
        )
    return found


def _reads_elsewhere(settings: Settings, journal: ReadingsPort | None) -> bool:
    if journal is None or settings.journal_address.startswith("sqlite"):
        return False
    read = [state.read_at for state in journal.freshness.all() if state.read_at]
    return bool(read) and datetime.now(UTC) - max(read) < SILENT


def _collects_elsewhere(settings: Settings) -> bool:
    if settings.collector_url is None:
        return False
    try:
        with urllib.request.urlopen(f"{settings.collector_address}/healthz", timeout=ANSWER_SECONDS) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False
