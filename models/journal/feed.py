"""The feed: every move's records, appended in the move's own transaction and drained by the collectors in order."""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

import orjson
import sqlalchemy as sa

from models.domain.clock import Clock
from models.domain.record import Record, RecordKind
from models.domain.storable import json_text, storable
from models.journal import tables
from models.journal.database import reading
from models.journal.sealing import keys_of, sealed_record
from models.journal.writing import note_appended

_BARRIER = 0x71E0_0001
"""Advisory lock on PostgreSQL: shared by those who append, exclusive for a moment by those who read."""


@dataclass(frozen=True, slots=True)
class FeedPage:
    """One committed group of moves."""

    position: int
    records: list[Record]


class FeedReading:
    """Positions grow; a page once read is never followed by one with a lower position."""

    def __init__(self, engine: sa.Engine, clock: Clock) -> None:
        self._engine, self._clock = engine, clock
        self._shared = engine.dialect.name == "postgresql"

    def read(self, after: int, limit: int = 100) -> list[FeedPage]:
        """At most `limit` pages behind position `after`, in order; none is ever skipped.

        On PostgreSQL a sequence is not commit order: the barrier waits until every appender that may hold a lower
        position has committed or gone, so what is read is complete up to the highest position seen.
        """
        top = self.top()
        feed = tables.feed.c
        query = (
            sa.select(feed.position, feed.records)
            .where(feed.position > after, feed.position <= top)
            .order_by(feed.position)
            .limit(limit)
        )
        with reading(self._engine) as connection:
            return [FeedPage(position, unpacked(records)) for position, records in connection.execute(query)]

    def confirm(self, consumer: str, position: int) -> None:
        """Everything up to `position` is durable at `consumer`. Never moves back."""
        at = tables.feed_consumer
        with self._engine.begin() as connection:
            moved = connection.execute(
                sa.update(at)
                .where(at.c.consumer == consumer)
                .values(position=sa.case((at.c.position > position, at.c.position), else_=position))
            )
            if not moved.rowcount:
                connection.execute(at.insert().values(consumer=consumer, position=position))

    def confirmed(self, consumer: str) -> int:
        """The position that `consumer` confirmed last; 0 before the first."""
        with reading(self._engine) as connection:
            found = connection.scalar(
                sa.select(tables.feed_consumer.c.position).where(tables.feed_consumer.c.consumer == consumer)
            )
        return int(found or 0)

    def prove(self, consumer: str, position: int) -> None:
        """The lake holds the feed up to `position` under a signed checkpoint. What was recorded before the last time
        that this was told is proven once the position is past where the feed stood then. Never moves back.
        """
        at, top, now = tables.feed_consumer, self.top(), self._clock.now()
        mine = at.c.consumer == consumer
        with self._engine.begin() as connection:
            passed = sa.and_(mine, at.c.mark <= position)
            connection.execute(sa.update(at).where(passed).values(proven_at=at.c.marked_at, mark=None))
            connection.execute(sa.update(at).where(mine, at.c.mark.is_(None)).values(mark=top, marked_at=now))

    def trim(self) -> int:
        """Drop the pages that every consumer confirmed and whose events have gone out; how many. Nothing while no
        consumer is known.
        """
        with self._engine.begin() as connection:
            least = connection.scalar(sa.select(sa.func.min(tables.feed_consumer.c.position)))
            if least is None:
                return 0
            out = connection.scalar(sa.select(sa.func.min(tables.outlet.c.position)))
            upto = least if out is None else min(least, out)
            return connection.execute(sa.delete(tables.feed).where(tables.feed.c.position <= upto)).rowcount

    def top(self) -> int:
        """The position of the newest page, complete up to there; 0 before the first."""
        if not self._shared:
            with reading(self._engine) as connection:
                return int(connection.scalar(sa.select(sa.func.max(tables.feed.c.position))) or 0)
        with self._engine.begin() as connection:
            connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_BARRIER)))
            return int(connection.scalar(sa.select(sa.func.max(tables.feed.c.position))) or 0)


class Feed(FeedReading):
    """The feed with its pen: what is appended is read by every consumer, once it is committed."""

    def append(self, connection: sa.Connection, records: Sequence[Record]) -> None:
        """Add records as one page inside the caller's transaction; nothing for none."""
        if not records:
            return
        if self._shared:
            connection.execute(sa.select(sa.func.pg_advisory_xact_lock_shared(_BARRIER)))
        keys = keys_of(connection)
        kept = records if keys is None else [sealed_record(keys, record) for record in records]
        connection.execute(tables.feed.insert().values(records=packed(kept)))
        note_appended(connection, records)


def packed(records: Sequence[Record]) -> bytes:
    """Records as zlib over a JSON list; Decimal becomes text, times RFC 3339."""
    try:
        content = orjson.dumps(list(records), default=str)
    except TypeError:
        content = json_text([storable(asdict(record)) for record in records]).encode()
    return zlib.compress(content, 1)


def unpacked(content: bytes) -> list[Record]:
    """The records of a page, with their own types again."""
    return [_record(row) for row in orjson.loads(zlib.decompress(content))]


def _record(row: Mapping[str, Any]) -> Record:
    fields = dict(row)
    fields["kind"] = RecordKind(fields["kind"])
    fields["occurred_at"] = datetime.fromisoformat(fields["occurred_at"])
    if fields["source_changed_at"] is not None:
        fields["source_changed_at"] = datetime.fromisoformat(fields["source_changed_at"])
    if fields["amount"] is not None:
        fields["amount"] = Decimal(fields["amount"])
    return Record(**fields)
