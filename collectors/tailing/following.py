"""Follows log files on a thread of its own: what was read of them becomes a batch each `commit_seconds`."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from collectors.pipeline.commits import Commits
from collectors.pipeline.rows import Rows
from collectors.pulse import under_way
from collectors.tailing.again import Again
from collectors.tailing.ledger import Ledger
from collectors.tailing.log_rows import LogRows
from collectors.tailing.tail import Patience
from collectors.tailing.watch import Watch
from models.action_log import action
from models.catalogue.logs import LogSource
from models.domain.clock import Clock

_log = logging.getLogger(__name__)
ROWS_DUE = 10_000  # or as many KiB, since a batch is held in memory
_FAULT_PAUSE, _LONGEST_PAUSE = 0.2, 5.0
_LONG_SECONDS = 5.0  # a turn that takes longer is news: a network mount that does not answer, say


class Following:
    """Every source of the catalogue. `writer` numbers our batches, `file` is the ledger's; `clock` is wall time."""

    def __init__(
        self,
        sources: Sequence[LogSource],
        file: Path,
        commits: Commits,
        writer: str,
        clock: Clock,
        commit_seconds: float,
        patience: Patience = Patience(),
    ) -> None:
        self._sources, self._file, self._commits, self._writer = sources, file, commits, writer
        self._clock, self._commit_seconds, self._patience = clock, commit_seconds, patience
        self._ledger: Ledger | None = None
        self._watches: dict[str, Watch] = {}
        self._again: list[Again] = []
        self._rows: dict[str, LogRows] = {}
        self._scanned = float("-inf")
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="log-files", daemon=True)
        self._since: float | None = None
        self._broken: str | None = None

    @property
    def fault(self) -> str | None:
        """What hinders all of them or one."""
        return "; ".join(fault for fault in self.parts().values() if fault) or None

    def parts(self) -> Mapping[str, str | None]:
        """What hinders each source: files that cannot be read, or a turn that does not end."""
        all_of_them = self._broken or under_way("reading log files", self._since, _LONG_SECONDS)
        return {f"logs {one.name}": all_of_them or self._fault_of(one.name) for one in self._sources}

    def start(self) -> None:
        if self._sources:
            self._thread.start()

    def stop(self, seconds: float) -> None:
        """End after the batch in hand; the files keep the rest."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join(seconds / 2)

    def turn(self, now: float) -> bool:
        """Look for files, read on and commit; True when more is there already."""
        if self._ledger is None and not self._begin():
            return False
        if now - self._scanned >= self._commit_seconds:
            self._scanned = now
            for watch in self._watches.values():
                watch.scan(now)
            for again in self._again:
                again.read(self._clock.now())
        count = 0
        for name in list(self._watches):
            count += self._watches[name].read(now, ROWS_DUE - count)
            self._watches[name] = self._watches.pop(name)  # at the end of the line, so that each source has its turn
        return self._landed() and count >= ROWS_DUE

    def _run(self) -> None:
        pause = _FAULT_PAUSE
        while not self._stopping.is_set():
            began = self._since = time.monotonic()
            try:
                more = self.turn(began)
                self._broken, pause = None, _FAULT_PAUSE
            except Exception as error:  # noqa: BLE001 - it passes; what has not landed is read again
                self._forget()
                self._broken = f"log files: {error}"
                action(_log, logging.WARNING, "logs.not_read", why=error)
                more, pause = False, min(pause * 2, _LONGEST_PAUSE)
                self._stopping.wait(pause)
            self._since = None
            if not more:
                self._stopping.wait(max(0.0, self._commit_seconds - (time.monotonic() - began)))

    def _begin(self) -> bool:
        """Take up every place that the lake has; False when we are stopping."""
        landed = self._commits.landed(self._writer)
        if landed is None:
            return False
        ledger = Ledger(self._file, landed)
        self._rows = {one.name: LogRows(one) for one in self._sources}
        self._watches = {
            one.name: Watch(one, ledger, self._rows[one.name], self._clock, self._patience) for one in self._sources
        }
        self._again = [Again(name, self._file.parent / name, ledger, rows) for name, rows in self._rows.items()]
        self._ledger, self._scanned = ledger, float("-inf")
        return True

    def _forget(self) -> None:
        for watch in self._watches.values():
            watch.close()
        self._ledger, self._watches = None, {}

    def _landed(self) -> bool:
        """Commit what was read, with the places behind it; False when we are stopping and it has not landed."""
        ledger, now, rows = self._ledger, self._clock.now(), Rows()
        if ledger is None:
            return False
        for one in self._rows.values():
            rows.extend(one.rows(now))
        if not rows.count:
            return True
        number = ledger.intend()
        batch, pause = rows.batch(self._writer, number), _FAULT_PAUSE
        while not self._commits.append_once(batch, self._writer, number):
            self._broken = "log files wait for the lake"
            if self._stopping.wait(pause):
                return False
            pause = min(pause * 2, _LONGEST_PAUSE)
        ledger.settle()
        return True

    def _fault_of(self, name: str) -> str | None:
        watch = self._watches.get(name)
        return watch.fault if watch else None
