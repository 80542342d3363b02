"""A turn of every detector, reported to a journal as the collector does it, in one process."""

from __future__ import annotations

from typing import Any

from collectors.detection import turn_of
from collectors.detectors.run import run_all
from collectors.detectors.turn import Found
from models.domain.clock import Clock
from tests.catalogues import packaged


def reported(connection: Any, journal: Any, clock: Clock) -> Found:
    """What every detector finds now, and the journal's cases brought in line with it."""
    found = run_all(connection, turn_of(journal, packaged().service_levels), clock)
    journal.cases.report_all(found.findings, found.rates)
    return found
