"""One writer's way into the lake: accepted requests gather in a segment, a full or due segment becomes one batch."""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

from collectors.memory import give_back
from collectors.pipeline.commits import Commits
from collectors.pipeline.reading import guarded_frame
from collectors.pipeline.rows import Rows, replayed
from collectors.pipeline.spool.frame import Frame
from collectors.pipeline.spool.spool import Segment, Spool
from models.action_log import action

_log = logging.getLogger(__name__)
ROWS_DUE = 10_000  # below it a commit costs more than its rows: 155k rows/s at 10,000, 8k at 500
ROWS_MOST = 30_000  # while the lake is busy a segment grows up to here, then the next one begins
BYTES_MOST = 16 << 20
_FAULT_PAUSE = 5.0
_DECODED_WAITING = (
    2  # segments kept decoded while they wait; later ones are read back from disk, so that memory stays bounded
)


class NotReady(Exception):
    """The lake has not been opened yet, so no batch number is known: the sender has to wait."""


@dataclass(slots=True)
class _Batch:
    segment: Segment
    rows: Rows | None
    count: int
    since: float


class Lane:
    """Takes requests for one writer and commits them every `commit_seconds` or 10,000 rows.

    `store` returns once the requests are durable; from then on they reach the lake exactly once, across any number of
    crashes.
    """

    def __init__(self, writer: str, spool: Spool, commits: Commits, commit_seconds: float) -> None:
        self.writer = writer
        self._spool, self._commits, self._commit_seconds = spool, commits, commit_seconds
        self._changed = threading.Condition()
        self._closed: deque[_Batch] = deque()
        self._open: _Batch | None = None
        self._next = 0
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name=f"lane-{writer}", daemon=True)

    @property
    def ready(self) -> bool:
        """Whether requests are taken: the lake has been opened once."""
        return self._next > 0

    @property
    def waiting_bytes(self) -> int:
        """What is acknowledged and not yet in the lake."""
        return self._spool.bytes

    @property
    def lag_seconds(self) -> float:
        """For how long the oldest of that has waited."""
        with self._changed:
            oldest = self._closed[0] if self._closed else self._open
            return time.monotonic() - oldest.since if oldest is not None and oldest.count else 0.0

    def start(self) -> None:
        self._thread.start()

    def stop(self, seconds: float) -> None:
        """Commit what is waiting, as far as the lake lets us within `seconds`; the rest stays in the spool."""
        with self._changed:
            self._stopping = True
            self._changed.notify_all()
        self._thread.join(seconds)

    def settle(self, seconds: float) -> None:
        """Wait until nothing is due, at most so long: a large body decoded beside a commit takes the memory of both."""
        with self._changed:
            self._changed.wait_for(lambda: self._stopping or not self._busy, timeout=seconds)

    def keep_up(self, seconds: float) -> None:
        """Wait, at most so long, while a segment gathers faster than the one before is committed: a full one would be
        let go of and decoded twice.
        """
        with self._changed:
            self._changed.wait_for(lambda: self._stopping or not self._outrun, timeout=seconds)

    @property
    def _outrun(self) -> bool:
        return bool(self._closed) and self._open is not None and self._open.segment.size > BYTES_MOST // 4

    @property
    def _busy(self) -> bool:
        return bool(self._closed) or (self._open is not None and self._open.count >= ROWS_DUE)

    def store(self, frames: Sequence[Frame], rows: Rows, spare: float = 0.0) -> None:
        """Make the requests durable and queue their rows, with this share of the spool left to others.

        Raises NotReady, SpoolFull or OSError; then none of them is kept.
        """
        with (
            self._changed
        ):  # held through the fsync: a segment must not be closed while frames are on their way into it
            if not self._next:
                raise NotReady("the audit lake is being opened")
            if self._open is None:
                self._open = _Batch(self._spool.segment(self._next), Rows(), 0, time.monotonic())
                self._next += 1
            batch = self._open
            try:
                self._spool.append(batch.segment, frames, spare)
            finally:
                if batch.segment.torn:
                    self._close(batch)
            self._take(batch, rows)
            self._changed.notify_all()

    def _take(self, batch: _Batch, rows: Rows) -> None:
        batch.count += rows.count
        if batch.rows is not None:
            batch.rows.extend(rows)
        if batch.count >= ROWS_MOST or batch.segment.size >= BYTES_MOST:
            self._close(batch)

    def _close(self, batch: _Batch) -> None:
        batch.segment.close()
        if len(self._closed) >= _DECODED_WAITING or (self._closed and batch.segment.size > BYTES_MOST // 2):
            batch.rows = None
        self._closed.append(batch)
        self._open = None

    def _run(self) -> None:
        landed = self._commits.landed(self.writer)
        if landed is None:
            return
        left = self._spool.recover(landed)
        with self._changed:
            self._closed.extend(_Batch(segment, None, 1, time.monotonic()) for segment in left)
            self._next = (left[-1].number if left else landed) + 1
        if left:
            action(_log, logging.INFO, "spool.taken_up", writer=self.writer, segments=len(left), landed=landed)
        while (batch := self._due()) is not None:
            if self._landed(batch):
                with self._changed:
                    self._closed.popleft()
                    self._changed.notify_all()
                if batch.segment.size > BYTES_MOST // 4:
                    del batch
                    give_back()
            elif self._stopping:
                return

    def _landed(self, batch: _Batch) -> bool:
        try:
            return self._commit(batch)
        except Exception:  # noqa: BLE001 - a lane that ends would leave acknowledged requests behind
            _log.exception(
                "%s: batch %d could not be made, it stays in the spool and is tried again",
                self.writer,
                batch.segment.number,
            )
            with self._changed:
                self._changed.wait_for(lambda: self._stopping, timeout=_FAULT_PAUSE)
            return False

    def _commit(self, batch: _Batch) -> bool:
        rows = batch.rows or replayed([guarded_frame(frame) for frame in batch.segment.frames()])
        number = batch.segment.number
        if not self._commits.append(rows.batch(self.writer, number), self.writer, number):
            return False
        self._spool.drop(batch.segment)
        return True

    def _due(self) -> _Batch | None:
        """The next batch to commit; waits until there is one, None when stopping with nothing left."""
        with self._changed:
            while not self._closed:
                wait: float | None = None
                if self._open is not None and self._open.count:
                    wait = self._open.since + self._commit_seconds - time.monotonic()
                    if wait <= 0 or self._open.count >= ROWS_DUE or self._stopping:
                        self._close(self._open)
                        break
                elif self._stopping:
                    return None
                self._changed.wait(wait)
            return self._closed[0]
