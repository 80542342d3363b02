"""The reporter's port: a collector reports findings, carries the feed to the audit lake and to brokers, takes in."""

from __future__ import annotations

from dataclasses import dataclass

from models.domain.clock import Clock
from models.journal.alerts import Alerts
from models.journal.cases.report import CaseReport
from models.journal.circuits import Circuits
from models.journal.feed import Feed, FeedReading
from models.journal.heartbeats import Heartbeats
from models.journal.inbox import Inbox
from models.journal.leases import Leases
from models.journal.outbox import Outbox
from models.journal.ports.inbox import InboxPort
from models.journal.ports.opening import opened
from models.journal.sealed_figures import SealedFigures
from models.journal.sealed_totals import SealedTotals
from models.keys.keyring import Keyring


@dataclass(frozen=True)
class ReporterPort(InboxPort):
    """What a collector may do: it decides nothing about a run."""

    clock: Clock
    cases: CaseReport
    feed: FeedReading
    heartbeats: Heartbeats
    alerts: Alerts
    leases: Leases
    sealed_totals: SealedTotals
    sealed_figures: SealedFigures
    throttle: Circuits
    outbox: Outbox


def open_reporter(url: str, clock: Clock, keys: Keyring | None = None) -> ReporterPort:
    """The reporter's port of the journal at a SQLAlchemy URL (`models.journal.ports.opening` says what it raises)."""
    engine = opened(url, keys)
    return ReporterPort(
        engine=engine,
        inbox=Inbox(engine, clock),
        clock=clock,
        cases=CaseReport(engine, clock, Feed(engine, clock)),
        feed=FeedReading(engine, clock),
        heartbeats=Heartbeats(engine),
        alerts=Alerts(engine, clock),
        leases=Leases(engine, clock),
        sealed_totals=SealedTotals(engine, clock, Feed(engine, clock)),
        sealed_figures=SealedFigures(engine, clock, Feed(engine, clock)),
        throttle=Circuits(engine, clock),
        outbox=Outbox(engine, clock),
    )
