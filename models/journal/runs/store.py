"""What the verbs of a run share: the database, the clock, the feed, and the transaction around one method."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import sqlalchemy as sa

from models.domain.approval import Thresholds
from models.domain.clock import Clock
from models.journal.feed import Feed
from models.journal.writing import writing

T = TypeVar("T")
_DEADLOCK = "40P01"


class RunStore:
    """World time comes from the clock, lease time from the database; `thresholds` say which replays take a second
    person.
    """

    def __init__(self, engine: sa.Engine, clock: Clock, thresholds: Thresholds = Thresholds()) -> None:
        self._engine, self._clock, self._thresholds = engine, clock, thresholds
        self._feed = Feed(engine, clock)

    def _transaction(self, work: Callable[[sa.Connection], T]) -> T:
        """Run `work` in one transaction, again when PostgreSQL ended it to break a deadlock."""
        while True:
            try:
                with writing(self._engine) as connection:
                    return work(connection)
            except sa.exc.OperationalError as error:
                if getattr(error.orig, "sqlstate", None) != _DEADLOCK:
                    raise
