"""The desk's port: what people ask, and what they do with cases."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from models.domain.approval import Thresholds
from models.domain.clock import Clock
from models.domain.record import Record
from models.journal.alerts import Alerts
from models.journal.cases.triage import Triage
from models.journal.feed import Feed
from models.journal.heartbeats import Heartbeats
from models.journal.outbox import UnsentDesk
from models.journal.ports.opening import Port, opened
from models.journal.requests.desk import DeskRequests
from models.journal.resealing import resealed
from models.journal.writing import writing
from models.keys.keyring import Keyring


@dataclass(frozen=True)
class DeskPort(Port):
    """What the console and the command line may write: requests and their approval, triage, records of what a person
    did, the console's own heartbeat, alerts, and what is to go out again.
    """

    engine: sa.Engine
    clock: Clock
    requests: DeskRequests
    cases: Triage
    heartbeats: Heartbeats
    alerts: Alerts
    unsent: UnsentDesk
    _feed: Feed

    def note(self, records: Sequence[Record]) -> None:
        """Hand the audit lake records of what people did, by the feed as every other action."""
        with writing(self.engine) as connection:
            self._feed.append(connection, records)

    def seal_what_is_clear(self, keys: Keyring) -> Mapping[str, int]:
        """Seal what an earlier release kept in clear (`models.journal.resealing`); how many rows of which table."""
        return resealed(self.engine, keys)


def open_desk(url: str, clock: Clock, thresholds: Thresholds = Thresholds(), keys: Keyring | None = None) -> DeskPort:
    """The desk's port of the journal at a SQLAlchemy URL (`models.journal.ports.opening` says what it raises);
    `thresholds` say which replays take a second person.
    """
    engine = opened(url, keys)
    feed = Feed(engine, clock)
    requests = DeskRequests(engine, clock, feed, thresholds=thresholds)
    alerts, unsent = Alerts(engine, clock), UnsentDesk(engine, clock, feed)
    return DeskPort(engine, clock, requests, Triage(engine, clock, feed), Heartbeats(engine), alerts, unsent, feed)
