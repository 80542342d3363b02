"""Jobs on a schedule: one runner at a time across processes, polls at once when world time jumps (E9)."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from integrations.engine.telemetry import LOG
from models.action_log import action
from models.domain.clock import Clock
from models.journal.leases import Leases
from models.scheduler import scheduler

_LEASE_SECONDS = 30.0
_RENEW_SECONDS = 10.0
_LOOK_SECONDS, _CALM_LOOK_SECONDS, _CALM_LOOKS = 0.02, 0.2, 1_500
"""How often the world clock is looked at, and how often once so many looks found it as it was."""
_SLOWER = 1.5
"""How much longer a job that may rest pauses each time it finds nothing to do."""


class Jobs:
    """Runs jobs by the clock. One that may rest and finds nothing pauses longer each time, up to its longest pause,
    until it finds something or is woken. A job is named; its lease in the journal keeps it to one process however long
    it takes, and it passes on when that process is gone.
    """

    def __init__(self, owner: str, leases: Leases, clock: Clock, threads: int = 8) -> None:
        self._owner, self._leases, self._clock = owner, leases, clock
        self._scheduler = scheduler(threads)
        self._held: dict[str, float] = {}
        self._seconds: dict[str, float] = {}
        self._pauses: dict[str, float] = {}
        self._rests: dict[str, float] = {}
        self._at_jump: list[tuple[str, Callable[[], object]]] = []
        self._running: dict[str, threading.Lock] = {}
        self._busy: set[str] = set()
        self._stopping = threading.Event()

    def every(
        self, seconds: float, name: str, work: Callable[[], object], at_jump: bool = False, rest: float = 0.0
    ) -> None:
        """Run `work` every so many wall seconds; with `at_jump` also at once whenever the world clock was set anew.

        With `rest` the pause grows up to that while what `work` returns is nothing.
        """
        self._running[name], self._seconds[name] = threading.Lock(), seconds
        self._pauses[name], self._rests[name] = seconds, rest
        self._scheduler.add_job(lambda: self._run(name, work), "interval", seconds=seconds, id=name)
        if at_jump:
            self._at_jump.append((name, work))

    def start(self) -> None:
        """Begin; every job runs at once for the first time, then at its interval."""
        self._scheduler.start()
        for name in self._running:
            self._soon(name)
        threading.Thread(target=self._keep, name="job-leases", daemon=True).start()
        if hasattr(self._clock, "jump"):
            threading.Thread(target=self._watch, name="world-clock", daemon=True).start()

    def stop(self) -> None:
        """Begin no more jobs and give the leases back; one that is under way ends by itself."""
        self._stopping.set()
        self._scheduler.shutdown(wait=False)
        for name in self._seconds:
            self._leases.release(name, self._owner)

    def _run(self, name: str, work: Callable[[], object], again: bool = False) -> None:
        lock = self._running[name]
        if not lock.acquire(blocking=again):
            return
        try:
            if not self._stopping.is_set() and self._mine(name, again):
                self._busy.add(name)
                self._paced(name, bool(work()))
        except Exception as error:  # noqa: BLE001  a job that fails is logged and runs again at its time
            action(LOG, logging.WARNING, "job.failed", job=name, why=error)
        finally:
            self._busy.discard(name)
            lock.release()

    def _mine(self, name: str, jumped: bool) -> bool:
        """Whether this process runs the job; the journal is asked again only when the lease grows old. A job that rests
        longer than that asks for each turn, with some room for clocks that do not tick alike.
        """
        if self._seconds[name] > _LEASE_SECONDS:
            return self._turn(name, jumped)
        now = time.monotonic()
        if now < self._held.get(name, 0.0):
            return True
        if not self._leases.hold(name, self._owner, _LEASE_SECONDS):
            self._held.pop(name, None)
            return False
        self._held[name] = now + _RENEW_SECONDS
        return True

    def _turn(self, name: str, jumped: bool) -> bool:
        """Whether a turn begins here. When world time jumped, one is out of turn, unless another process had one a
        moment ago: that was for the same jump.
        """
        out_of_turn = 0.0 if name in self._held else 1.0
        rests = out_of_turn if jumped else 0.9 * self._seconds[name]
        if mine := self._leases.turn(name, self._owner, _LEASE_SECONDS, rests):
            self._held[name] = 0.0
        return mine

    def _keep(self) -> None:
        """Renew the leases of jobs under way, since one may take longer than its lease."""
        while not self._stopping.wait(_RENEW_SECONDS):
            for name in list(self._busy):
                try:
                    self._leases.hold(name, self._owner, _LEASE_SECONDS)
                except Exception as error:  # noqa: BLE001  a journal that is busy now may answer the next time
                    action(LOG, logging.WARNING, "lease.not_renewed", lease=name, why=error)

    def _paced(self, name: str, moved: bool) -> None:
        """Where a job may rest, set when it runs next: soon after something moved, later and later else."""
        if self._rests[name] <= self._seconds[name]:
            return
        slower = min(self._pauses[name] * _SLOWER, self._rests[name])
        self._pauses[name] = self._seconds[name] if moved else slower
        self._soon(name, self._pauses[name])

    def _soon(self, name: str, seconds: float = 0.0) -> None:
        job = self._scheduler.get_job(name)
        if job is not None:
            job.modify(next_run_time=datetime.now(UTC) + timedelta(seconds=seconds))

    def _watch(self) -> None:
        """Run the jobs that follow world time as soon as it was set anew."""
        seen, calm = getattr(self._clock, "jump"), 0  # noqa: B009  only a world clock has it
        while not self._stopping.wait(_LOOK_SECONDS if calm < _CALM_LOOKS else _CALM_LOOK_SECONDS):
            jump = getattr(self._clock, "jump")  # noqa: B009
            if jump == seen:
                calm += 1
                continue
            seen, calm = jump, 0
            for name, work in self._at_jump:
                threading.Thread(target=self._run, args=(name, work, True), name=f"jump-{name}", daemon=True).start()
