"""Every verb of a run in one: the engine's."""

from __future__ import annotations

from models.journal.runs.admitting import Admitting
from models.journal.runs.claiming import Claiming
from models.journal.runs.committing import Committing
from models.journal.runs.elsewhere import PlanReading
from models.journal.runs.interventions import Interventions
from models.journal.runs.notices import Notices


class Runs(Admitting, Claiming, Committing, Interventions, Notices, PlanReading):
    """One method is one transaction."""
