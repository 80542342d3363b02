"""The journal's feed into the lake's `records`: every move of a run, a case or a request, exactly once.

A batch's number is the feed position it ends at, so the lake itself knows how far the feed has landed; the confirmation
in the journal only says what may be trimmed.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping, Sequence
from typing import Protocol

from collectors.pipeline.commits import Commits
from collectors.pipeline.records import record_rows
from collectors.pulse import under_way
from collectors.receivers.contract import Host, Receiver
from models.action_log import action
from models.domain.clock import Clock
from models.domain.record import Record
from models.leased import Lease, Leased
from models.turns import Turns

_log = logging.getLogger(__name__)
WRITER = "feed"
CONSUMER = "lake"
_ROWS_DUE = 10_000
_PAGES = 200  # feed rows per read; a row holds the records of one group of moves
_FIRST_PAUSE, _LONGEST_PAUSE = 0.1, 5.0
_TRIM_SECONDS = 60.0
_LEASE_SECONDS, _LEASE_RENEWED = 90.0, 20.0  # it outlasts any one attempt to commit, so two never copy the same pages
_LONG_SECONDS = 5.0  # a turn that takes longer is news


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
    def prove(self, consumer: str, position: int) -> None: ...
    def trim(self) -> object: ...


class Reporter(Protocol):
    """What the journal lets a collector do, as far as the feed needs it."""

    @property
    def feed(self) -> Feed: ...
    @property
    def leases(self) -> Lease: ...


class FeedReceiver:
    """Copies the feed to the lake, a batch each `commit_seconds` or 10,000 records. `clock` is wall time, `owner` names
    this collector.
    """

    def __init__(
        self, feed: Feed, lease: Lease, owner: str, commits: Commits, clock: Clock, commit_seconds: float
    ) -> None:
        self._feed, self._leased = feed, Leased(lease, WRITER, owner, _LEASE_SECONDS, _LEASE_RENEWED)
        self._commits, self._clock, self._commit_seconds = commits, clock, commit_seconds
        self._turns = Turns("feed", self._turn, self._leased.let_go)
        self._pause = _FIRST_PAUSE
        self._position: int | None = None
        self._trimmed = time.monotonic()
        self.fault: str | None = None
        self._since: float | None = None

    def parts(self) -> Mapping[str, str | None]:
        """What hinders the feed: its fault, or a turn that does not end."""
        return {"feed": self.fault or under_way("a turn of the journal feed", self._since, _LONG_SECONDS)}

    def start(self) -> None:
        self._turns.start()

    def stop(self, seconds: float) -> None:
        """End after the batch in hand; the feed keeps the rest."""
        self._turns.stop(seconds)

    def _turn(self) -> float:
        """Copy a batch; the seconds until the next turn, after each fault in a row more of them."""
        began = self._since = time.monotonic()
        more, least = False, 0.0
        try:
            more = self.copy()
            self.fault, self._pause = None, _FIRST_PAUSE
        except Exception as error:  # noqa: BLE001 - it passes; what was not confirmed is read again
            self.fault, self._position = f"journal feed: {error}", None
            action(_log, logging.WARNING, "feed.not_copied", why=error)
            least = self._pause = min(self._pause * 2, _LONGEST_PAUSE)
        self._since = None
        return 0.0 if more else max(least, self._commit_seconds - (time.monotonic() - began))

    def copy(self) -> bool:
        """Copy one batch and confirm it; True when more is likely to wait already."""
        if not self._leased.ours():
            self._position = None
            return False
        if self._position is None:
            self._position = self._commits.landed(WRITER)
        if self._position is None:
            return False
        pages, full = self._pages(self._position)
        if not pages:
            return False
        self._land(pages)
        return full

    def _land(self, pages: Sequence[Page]) -> None:
        position = pages[-1].position
        rows = record_rows([record for page in pages for record in page.records], self._clock.now())
        if not self._leased.ours() or not self._commits.append_once(rows.batch(WRITER, position), WRITER, position):
            self._position = None  # another collector may go on from here, or the batch may have landed: ask the lake
            return
        self._position = position
        self._feed.confirm(CONSUMER, position)
        self._trim()

    def _pages(self, after: int) -> tuple[list[Page], bool]:
        """Pages after a position until a batch is full; True when it is."""
        pages: list[Page] = []
        count = 0
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
            self._feed.prove(CONSUMER, self._commits.proven(WRITER))
            self._feed.trim()


def _copying(host: Host, reporter: Reporter) -> FeedReceiver:
    return FeedReceiver(
        reporter.feed, reporter.leases, host.identity, host.commits, host.clock, host.settings.commit_seconds
    )


RECEIVER = Receiver("journal-feed", "every move of a run, a case or a request", journal_work=_copying)
