"""Cursors: how far each stream of each source has been read, and when it was last read to its end."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from models.domain.clock import Clock
from models.domain.errors import TieoutError
from models.domain.record import Record, RecordKind
from models.journal import tables
from models.journal.database import reading, wall_now
from models.journal.feed import Feed
from models.journal.metadata import instant
from models.journal.writing import writing


class CursorMoved(TieoutError):
    """Somebody moved the cursor since it was read, a replay that reads a stream again for one: what was read is not
    what comes next.
    """

    code = "cursor-moved"


class Cursors:
    """One row for each (system, stream). A cursor moves in the transaction that admits what was read before it."""

    def __init__(self, engine: sa.Engine, clock: Clock) -> None:
        self._engine, self._clock, self._feed = engine, clock, Feed(engine, clock)

    def register(self, streams: list[tuple[str, str]]) -> None:
        """Make these streams known, so that `oldest_poll` counts them from the start."""
        statement = sa.text(
            "insert into cursor (system, stream, known_at) values (:system, :stream, :wall) on conflict do nothing"
        )
        if streams:
            with self._engine.begin() as connection:
                wall = wall_now(connection)
                connection.execute(
                    statement, [{"system": system, "stream": stream, "wall": wall} for system, stream in streams]
                )

    def get(self, system: str, stream: str) -> str | None:
        """The cursor to go on from; None: from the beginning."""
        at = tables.cursor.c
        with reading(self._engine) as connection:
            found: str | None = connection.scalar(sa.select(at.cursor).where(at.system == system, at.stream == stream))
        return found

    def move(
        self,
        connection: sa.Connection,
        system: str,
        stream: str,
        since: str | None,
        cursor: str | None,
        polled_at: datetime | None,
    ) -> None:
        """Go on from `cursor`, if it still stands at `since`; `polled_at` is the world time at which a poll began that
        reached the end, None when it did not.

        Raises CursorMoved when it stands elsewhere by now, so that the caller's transaction is undone.
        """
        at = tables.cursor
        values: dict[str, object] = {"cursor": cursor, "left_off": None, "error": None, "failed_at": None}
        if polled_at is not None:
            values |= {"polled_at": polled_at, "read_at": instant(wall_now(connection))}
        there = sa.and_(at.c.system == system, at.c.stream == stream, at.c.cursor.is_not_distinct_from(since))
        if not connection.execute(sa.update(at).where(there).values(**values)).rowcount:
            raise CursorMoved(f"{stream} of {system} stands elsewhere by now: read it from there")

    def fail(self, system: str, stream: str, code: str, message: str) -> None:
        """Keep why a source could not be read; the feed has it once, until the stream is read or fails otherwise."""
        at, now = tables.cursor, self._clock.now()
        with writing(self._engine) as connection:
            changed = sa.or_(at.c.error.is_(None), sa.not_(at.c.error.startswith(f"{code}: ", autoescape=True)))
            there = sa.and_(at.c.system == system, at.c.stream == stream, changed)
            since = sa.func.coalesce(at.c.failed_at, wall_now(connection))
            values = {"error": f"{code}: {message}", "failed_at": since}
            if connection.execute(sa.update(at).where(there).values(**values)).rowcount:
                body = {"stream": stream, "error": {"code": code, "message": message}}
                record = Record(RecordKind.FAILURE, now, system=system, status="poll", error_code=code, body=body)
                self._feed.append(connection, [record])
