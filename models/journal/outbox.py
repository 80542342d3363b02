"""The outbox of events (E12): how far the feed's events have gone out to each broker, and which it did not take.

The feed is the queue: events stand in it in the order of their admission, committed with it. What has gone out is
marked after the broker's confirmation, so that an event may arrive twice, by the same id, and none is left out.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from models.domain.clock import Clock
from models.domain.record import Record, RecordKind
from models.journal.database import reading, wall_now
from models.journal.feed import Feed, FeedPage, FeedReading
from models.journal.metadata import instant
from models.journal.sealing import keys_of, opened_event
from models.journal.tables import feed, outlet, unsent
from models.journal.writing import writing


@dataclass(frozen=True, slots=True)
class Unsent:
    """An event that a broker did not take, as it was to go out (CloudEvents as JSON), and why."""

    broker: str
    body: Mapping[str, Any]
    why: str
    refused_at: datetime | None = None
    again_at: datetime | None = None

    @property
    def key(self) -> tuple[str, str]:
        """Source and id."""
        return str(self.body["source"]), str(self.body["id"])


class UnsentReading:
    """What brokers did not take."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine

    def all(self, limit: int = 1000) -> list[Unsent]:
        """The oldest first."""
        return self._some(sa.true(), limit)

    def behind(self) -> dict[str, int]:
        """How many pages of the feed each broker has not confirmed yet."""
        with reading(self._engine) as connection:
            top = connection.scalar(sa.select(sa.func.max(feed.c.position))) or 0
            places = connection.execute(sa.select(outlet.c.broker, outlet.c.position))
            return {broker: max(0, top - position) for broker, position in places}

    def _some(self, where: sa.ColumnElement[bool], limit: int) -> list[Unsent]:
        row = unsent.c
        query = sa.select(row.broker, row.body, row.why, row.refused_at, row.again_at).where(where)
        with reading(self._engine) as connection:
            rows = connection.execute(query.order_by(row.refused_at, row.event_id).limit(limit))
            return [Unsent(*found) for found in rows]


class UnsentDesk(UnsentReading):
    """What a person may ask of it."""

    def __init__(self, engine: sa.Engine, clock: Clock, feed: Feed) -> None:
        super().__init__(engine)
        self._clock, self._feed = clock, feed

    def send_again(self, broker: str, actor: str, reason: str) -> int:
        """Have everything sent again that a broker did not take; how much. Safe to repeat."""
        with writing(self._engine) as connection:
            mine = sa.and_(unsent.c.broker == broker, unsent.c.again_at.is_(None))
            again = sa.update(unsent).where(mine).values(again_at=instant(wall_now(connection)))
            count = int(connection.execute(again).rowcount)
            body = {"action": "send again", "broker": broker, "events": count, "reason": reason}
            kind, now = RecordKind.OPERATOR_ACTION, self._clock.now()
            self._feed.append(connection, [Record(kind, now, actor=actor, status="asked", body=body)])
        return count


class Outbox(UnsentReading):
    """What a sender of events needs of the journal. Times are the database's."""

    def __init__(self, engine: sa.Engine, clock: Clock) -> None:
        super().__init__(engine)
        self._feed = FeedReading(engine, clock)

    def only(self, brokers: Collection[str]) -> int:
        """Forget how far others got, which nobody sends to any more: they would hold the feed for ever; how many."""
        with self._engine.begin() as connection:
            return connection.execute(sa.delete(outlet).where(outlet.c.broker.not_in(list(brokers)))).rowcount

    def begun(self, broker: str) -> int:
        """The position behind which a broker's events go out next; a new one begins with what comes from now on."""
        asked = sa.select(outlet.c.position).where(outlet.c.broker == broker)
        with reading(self._engine) as connection:
            known = connection.scalar(asked)
        if known is not None:
            return int(known)
        top = self._feed.top()
        with self._engine.begin() as connection:
            values = {"broker": broker, "position": top, "since": instant(wall_now(connection))}
            connection.execute(outlet.insert().values(values))
        return top

    def read(self, after: int, limit: int) -> list[FeedPage]:
        """At most so many pages of the feed behind a position, in order, their events clear: who subscribes has no
        key.
        """
        keys = keys_of(self._engine)
        return [
            FeedPage(page.position, [opened_event(keys, record) for record in page.records])
            for page in self._feed.read(after, limit)
        ]

    def sent(self, broker: str, position: int, refused: Sequence[Unsent] = ()) -> None:
        """All events up to a position have gone out, but for those that the broker `refused`."""
        with self._engine.begin() as connection:
            for one in refused:
                self._keep(connection, one)
            moved = sa.and_(outlet.c.broker == broker, outlet.c.position < position)
            connection.execute(sa.update(outlet).where(moved).values(position=position))

    def again(self, broker: str, limit: int = 100) -> list[Unsent]:
        """What somebody asked to have sent again."""
        return self._some(sa.and_(unsent.c.broker == broker, unsent.c.again_at.is_not(None)), limit)

    def delivered(self, one: Unsent) -> None:
        """It has gone out after all."""
        with self._engine.begin() as connection:
            connection.execute(sa.delete(unsent).where(_this(one)))

    def refused(self, one: Unsent) -> None:
        """It was refused again, for this reason."""
        with self._engine.begin() as connection:
            self._keep(connection, one)

    def _keep(self, connection: sa.Connection, one: Unsent) -> None:
        source, event_id = one.key
        told = {"body": dict(one.body), "why": one.why, "refused_at": instant(wall_now(connection)), "again_at": None}
        if not connection.execute(sa.update(unsent).where(_this(one)).values(told)).rowcount:
            connection.execute(unsent.insert().values(broker=one.broker, source=source, event_id=event_id, **told))


def _this(one: Unsent) -> sa.ColumnElement[bool]:
    source, event_id = one.key
    return sa.and_(unsent.c.broker == one.broker, unsent.c.source == source, unsent.c.event_id == event_id)
