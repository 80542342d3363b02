"""The engine's port: everything that moves a run."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa

from models.domain.approval import Thresholds
from models.domain.clock import Clock
from models.journal.alerts import Alerts
from models.journal.calls import Calls
from models.journal.catalogues import Catalogues
from models.journal.crosswalk import Crosswalk
from models.journal.cursors import Cursors
from models.journal.feed import Feed
from models.journal.heartbeats import Heartbeats
from models.journal.inbox_queue import InboxQueue
from models.journal.leases import Leases
from models.journal.ports.opening import Port, opened
from models.journal.registry import Registry
from models.journal.requests.serving import Serving
from models.journal.retention import Retention
from models.journal.runs.runs import Runs
from models.journal.snapshots import Snapshots
from models.journal.throttle import Throttle
from models.keys.keyring import Keyring


@dataclass(frozen=True)
class EnginePort(Port):
    """What the engine may do: only it moves runs, reads sources and ends requests."""

    engine: sa.Engine
    clock: Clock
    runs: Runs
    requests: Serving
    inbox_queue: InboxQueue
    cursors: Cursors
    throttle: Throttle
    calls: Calls
    heartbeats: Heartbeats
    alerts: Alerts
    leases: Leases
    snapshots: Snapshots
    registry: Registry
    crosswalk: Crosswalk
    feed: Feed
    catalogues: Catalogues
    retention: Retention


def open_engine(
    url: str, clock: Clock, thresholds: Thresholds = Thresholds(), keys: Keyring | None = None
) -> EnginePort:
    """The engine's port of the journal at a SQLAlchemy URL (`models.journal.ports.opening` says what it raises);
    `thresholds` say which replays take a second person.
    """
    engine = opened(url, keys)
    feed = Feed(engine, clock)
    return EnginePort(
        engine=engine,
        clock=clock,
        runs=Runs(engine, clock, thresholds),
        requests=Serving(engine, clock, feed, thresholds=thresholds),
        inbox_queue=InboxQueue(engine, clock),
        cursors=Cursors(engine, clock),
        throttle=Throttle(engine, clock),
        calls=Calls(engine),
        heartbeats=Heartbeats(engine),
        alerts=Alerts(engine, clock),
        leases=Leases(engine, clock),
        snapshots=Snapshots(engine, clock),
        registry=Registry(engine, clock),
        crosswalk=Crosswalk(engine, clock),
        feed=feed,
        catalogues=Catalogues(engine, clock, feed),
        retention=Retention(engine, clock),
    )
