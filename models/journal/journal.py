"""The whole journal: every port in one, for tests and benches, which play all the parts. The product opens ports."""

from __future__ import annotations

from dataclasses import dataclass

from models.domain.approval import Thresholds
from models.domain.clock import Clock
from models.journal.alerts import Alerts
from models.journal.calls import Calls
from models.journal.cases.cases import Cases
from models.journal.catalogues import Catalogues
from models.journal.crosswalk import Crosswalk
from models.journal.cursors import Cursors
from models.journal.feed import Feed
from models.journal.freshness import FreshnessReading
from models.journal.heartbeats import Heartbeats
from models.journal.inbox import Inbox
from models.journal.inbox_queue import InboxQueue
from models.journal.leases import Leases
from models.journal.outbox import Outbox, UnsentDesk
from models.journal.ports.desk import DeskPort
from models.journal.ports.engine import EnginePort
from models.journal.ports.opening import opened
from models.journal.ports.readings import ReadingsPort
from models.journal.ports.reporter import ReporterPort
from models.journal.registry import Registry
from models.journal.requests.requests import Requests
from models.journal.retention import Retention
from models.journal.runs.runs import Runs
from models.journal.sealed_figures import SealedFigures
from models.journal.sealed_totals import SealedTotals
from models.journal.snapshots import Snapshots
from models.journal.throttle import Throttle
from models.keys.keyring import Keyring


@dataclass(frozen=True)
class Journal(EnginePort, DeskPort, ReporterPort, ReadingsPort):
    """Each attribute owns its tables, one method is one transaction."""

    runs: Runs
    cases: Cases
    requests: Requests
    feed: Feed
    throttle: Throttle
    calls: Calls
    heartbeats: Heartbeats
    alerts: Alerts
    inbox: Inbox
    unsent: UnsentDesk
    catalogues: Catalogues


def open_journal(url: str, clock: Clock, thresholds: Thresholds = Thresholds(), keys: Keyring | None = None) -> Journal:
    """The journal at a SQLAlchemy URL (`models.journal.ports.opening` says what it raises); `thresholds` say which
    replays take a second person.
    """
    engine = opened(url, keys)
    feed = Feed(engine, clock)
    return Journal(
        engine=engine,
        clock=clock,
        runs=Runs(engine, clock, thresholds),
        requests=Requests(engine, clock, feed, thresholds=thresholds),
        inbox_queue=InboxQueue(engine, clock),
        cursors=Cursors(engine, clock),
        throttle=Throttle(engine, clock),
        calls=Calls(engine),
        leases=Leases(engine, clock),
        snapshots=Snapshots(engine, clock),
        registry=Registry(engine, clock),
        crosswalk=Crosswalk(engine, clock),
        feed=feed,
        sealed_totals=SealedTotals(engine, clock, feed),
        sealed_figures=SealedFigures(engine, clock, feed),
        catalogues=Catalogues(engine, clock, feed),
        retention=Retention(engine, clock),
        cases=Cases(engine, clock, feed),
        freshness=FreshnessReading(engine),
        heartbeats=Heartbeats(engine),
        alerts=Alerts(engine, clock),
        inbox=Inbox(engine, clock),
        outbox=Outbox(engine, clock),
        unsent=UnsentDesk(engine, clock, feed),
        _feed=feed,
    )
