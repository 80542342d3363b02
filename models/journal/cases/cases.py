"""Every verb of a case in one."""

from __future__ import annotations

import sqlalchemy as sa

from models.domain.clock import Clock
from models.journal.cases.reading import CaseReading
from models.journal.cases.report import CaseReport, FeedWriter
from models.journal.cases.triage import Triage


class Cases(CaseReport, Triage, CaseReading):
    """Each method is one transaction."""

    def __init__(self, engine: sa.Engine, clock: Clock, feed: FeedWriter) -> None:
        CaseReport.__init__(self, engine, clock, feed)
