"""The reporter's port: a collector reports findings and carries the feed into the audit lake."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa

from models.domain.clock import Clock
from models.journal.cases.report import CaseReport
from models.journal.feed import Feed, FeedReading
from models.journal.leases import Leases
from models.journal.ports.opening import Port, opened
from models.journal.throttle import Circuits


@dataclass(frozen=True)
class ReporterPort(Port):
    """What a collector may do: it decides nothing about a run."""

    engine: sa.Engine
    clock: Clock
    cases: CaseReport
    feed: FeedReading
    leases: Leases
    throttle: Circuits


def open_reporter(url: str, clock: Clock) -> ReporterPort:
    """The reporter's port of the journal at a SQLAlchemy URL (`models.journal.ports.opening` says what it raises)."""
    engine = opened(url)
    return ReporterPort(
        engine=engine,
        clock=clock,
        cases=CaseReport(engine, clock, Feed(engine, clock)),
        feed=FeedReading(engine, clock),
        leases=Leases(engine, clock),
        throttle=Circuits(engine, clock),
    )
