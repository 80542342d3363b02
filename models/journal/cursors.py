"""Cursors: how far each stream of each source has been read, and when it was last read to its end."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from models.domain.clock import Clock
from models.journal import tables
from models.journal.database import reading


class Cursors:
    """One row for each (system, stream). A cursor moves in the transaction that admits what was read before it."""

    def __init__(self, engine: sa.Engine, clock: Clock) -> None:
        self._engine, self._clock = engine, clock

    def register(self, streams: list[tuple[str, str]]) -> None:
        """Make these streams known, so that `oldest_poll` counts them from the start."""
        statement = sa.text("insert into cursor (system, stream) values (:system, :stream) on conflict do nothing")
        if streams:
            with self._engine.begin() as connection:
                connection.execute(statement, [{"system": system, "stream": stream} for system, stream in sorted(streams)])

    def get(self, system: str, stream: str) -> str | None:
        """The cursor to go on from; None: from the beginning."""
        at = tables.cursor.c
        with reading(self._engine) as connection:
            found: str | None = connection.scalar(sa.select(at.cursor).where(at.system == system, at.stream == stream))
        return found

    def move(self, connection: sa.Connection, system: str, stream: str, cursor: str | None, polled_at: datetime | None) -> None:
        """Go on from `cursor`; `polled_at` is the world time at which a poll began that reached the end, None when it did not."""
        at = tables.cursor
        values: dict[str, object] = {"cursor": cursor, "error": None}
        if polled_at is not None:
            values["polled_at"] = polled_at
        if not connection.execute(sa.update(at).where(at.c.system == system, at.c.stream == stream).values(**values)).rowcount:
            connection.execute(at.insert().values(system=system, stream=stream, **values))

    def fail(self, system: str, stream: str, error: str) -> None:
        """Keep why a source could not be read."""
        at = tables.cursor
        with self._engine.begin() as connection:
            changed = sa.or_(at.c.error.is_(None), at.c.error != error)
            connection.execute(sa.update(at).where(at.c.system == system, at.c.stream == stream, changed).values(error=error))
