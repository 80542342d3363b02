"""The journal's feed into the lake's `records`: every move of a run, a case or a request, exactly once.

A batch's number is the feed position it ends at, so the lake itself knows how far the feed has landed; the confirmation
in the journal only says what may be trimmed.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Sequence
from typing import Protocol

from collectors.commits import Commits
from collectors.processors.records import record_rows
from models.domain.clock import Clock
from models.domain.record import Record

_log = logging.getLogger(__name__)
WRITER = "feed"
CONSUMER = "lake"
_ROWS_DUE = 10_000
_PAGES = 200          # feed rows per read; a row holds the records of one group of moves
_LONGEST_PAUSE = 5.0
_TRIM_SECONDS = 60.0


class Page(Protocol):
    """One committed group of moves."""

    @property
    def position(self) -> int: ...
    @property
    def records(self) -> Sequence[Record]: ...


class Feed(Protocol):
    """What the journal's feed does for us; models.journal.feed gives one."""

    def read(self, after: int, limit: int) -> Sequence[Page]: ...
    def confirm(self, consumer: str, position: int) -> None: ...
    def trim(self) -> object: ...


class FeedReceiver:
    """Copies the feed to the lake, a batch each `commit_seconds` or 10,000 records. `clock` is wall time."""

    def __init__(self, feed: Feed, commits: Commits, clock: Clock, commit_seconds: float) -> None:
        self._feed, self._commits, self._clock, self._commit_seconds = feed, commits, clock, commit_seconds
        self._stopping = threading.Event()
        self._position = 0
        self._trimmed = time.monotonic()
        self._thread = threading.Thread(target=self._run, name="feed", daemon=True)
        self.fault: str | None = None

    def start(self) -> None:
        self._thread.start()

    def stop(self, seconds: float) -> None:
        """End after the batch in hand; the feed keeps the rest."""
        self._stopping.set()
        self._thread.join(seconds)

    def _run(self) -> None:
        landed = self._commits.landed(WRITER)
        if landed is None:
            return
        self._position, pause = landed, 0.1
        while not self._stopping.is_set():
            began = time.monotonic()
            try:
                more = self.copy()
                self.fault, pause = None, 0.1
            except Exception as error:  # noqa: BLE001 - a locked or unreachable journal passes; the position has not moved
                self.fault = f"journal feed: {error}"
                _log.warning("the journal's feed cannot be read, it will be tried again: %s", error)
                more, pause = False, min(pause * 2, _LONGEST_PAUSE)
                self._stopping.wait(pause)
            if not more:
                self._stopping.wait(max(0.0, self._commit_seconds - (time.monotonic() - began)))

    def copy(self) -> bool:
        """Copy one batch and confirm it; True when more is likely to wait already."""
        pages, full = self._pages()
        if not pages:
            return False
        position = pages[-1].position
        rows = record_rows([record for page in pages for record in page.records], self._clock.now())
        if not self._commits.append(rows.batch(WRITER, position), WRITER, position):
            return False
        self._position = position
        self._feed.confirm(CONSUMER, position)
        self._trim()
        return full

    def _pages(self) -> tuple[list[Page], bool]:
        """Pages after the position until a batch is full; True when it is."""
        pages: list[Page] = []
        count, after = 0, self._position
        while count < _ROWS_DUE:
            found = self._feed.read(after, _PAGES)
            if not found:
                return pages, False
            pages.extend(found)
            count += sum(len(page.records) for page in found)
            after = found[-1].position
        return pages, True

    def _trim(self) -> None:
        if time.monotonic() - self._trimmed >= _TRIM_SECONDS:
            self._trimmed = time.monotonic()
            self._feed.trim()
