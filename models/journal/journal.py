"""The journal: open it once in a process and hand it around."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa

from models.domain.clock import Clock
from models.journal.cases import Cases
from models.journal.catalogues import Catalogues
from models.journal.crosswalk import Crosswalk
from models.journal.cursors import Cursors
from models.journal.database import open_database
from models.journal.feed import Feed
from models.journal.inbox import Inbox
from models.journal.inbox_queue import InboxQueue
from models.journal.leases import Leases
from models.journal.migration import migrate
from models.journal.registry import Registry
from models.journal.requests import Requests
from models.journal.runs import Runs
from models.journal.snapshots import Snapshots
from models.journal.throttle import Throttle


@dataclass(frozen=True)
class Journal:
    """What must happen: each attribute owns its tables, one method is one transaction."""

    engine: sa.Engine
    clock: Clock
    runs: Runs
    feed: Feed
    crosswalk: Crosswalk
    registry: Registry
    cursors: Cursors
    throttle: Throttle
    leases: Leases
    snapshots: Snapshots
    catalogues: Catalogues
    cases: Cases
    requests: Requests
    inbox: Inbox
    inbox_queue: InboxQueue

    def close(self) -> None:
        """Give every connection back."""
        self.engine.dispose()


def open_journal(url: str, clock: Clock) -> Journal:
    """The journal at a SQLAlchemy URL, brought to this release's schema first, under a lock.

    Raises Misconfigured for a database that is neither SQLite nor PostgreSQL, or that a newer release migrated.
    """
    engine = open_database(url)
    migrate(engine)
    feed = Feed(engine, clock)
    return Journal(
        engine=engine,
        clock=clock,
        runs=Runs(engine, clock),
        feed=feed,
        crosswalk=Crosswalk(engine, clock),
        registry=Registry(engine, clock),
        cursors=Cursors(engine, clock),
        throttle=Throttle(engine, clock),
        leases=Leases(engine, clock),
        snapshots=Snapshots(engine, clock),
        catalogues=Catalogues(engine, clock, feed),
        cases=Cases(engine, clock, feed),
        requests=Requests(engine, clock, feed),
        inbox=Inbox(engine, clock),
        inbox_queue=InboxQueue(engine, clock),
    )
