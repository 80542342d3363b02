"""The engine process: `main` runs until it is told to stop, by SIGTERM or SIGINT."""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from functools import partial

from integrations.contracts.connector import Connector
from integrations.engine.engine import Engine
from integrations.engine.jobs import Jobs
from integrations.engine.signing import signed_client
from integrations.engine.snapshotting import Snapshotting
from integrations.engine.systems import connected, installed
from integrations.engine.telemetry import LOG, Telemetry
from integrations.flows import flows
from models.action_log import action
from models.alerting.alerting import Alerting
from models.canonical.registry import incompatibilities
from models.catalogue import IDLE, Catalogue
from models.domain.beats import Beats
from models.domain.clock import Clock, clock_at
from models.domain.errors import Misconfigured, TieoutError
from models.domain.signature import bearer
from models.domain.value_map import WAITED
from models.garbage import seldom_collected
from models.installation_key import installation_key
from models.journal.ports.engine import open_engine
from models.keys.keyring import Keyring
from models.presence import ENGINE, departed, present, this_process
from models.private_home import made_private
from models.process_log import start_log
from models.settings import Settings, read_settings
from models.telling import Telling

_IDLE_SECONDS, _LONGEST_IDLE_SECONDS = 0.05, 0.4
"""How often the worker looks for due runs, and how often when it found none for a while: what another process admits,
or what falls due, waits no longer. What this process admits wakes it.
"""
_REAP_SECONDS = 0.5
_SNAPSHOT_RESTS = 1.5
"""How much longer the pause between two snapshots gets while nothing changes."""
_DESK_SECONDS = 0.25
_INBOX_SECONDS = 0.5
_CALLS_SECONDS = 10.0
"""How often the calls of this process are told to the journal."""
_CATALOGUE_SECONDS = 30.0
_BREATH_SECONDS = 0.01
_CONNECTING = {"systems": 60.0}
_ALLOWED = {"worker": 300.0, "reaper": 30.0, "leases": 30.0, "desk": 120.0, "calls": 60.0, "catalogue": 90.0}
"""Seconds between two good turns of each loop before it counts as stuck: a page of runs may wait for slow vendors."""
_LAST_SECONDS = 2.5
"""How long the end may wait for work under way; what is not finished by then is in doubt and will be looked up."""


def main() -> None:
    """Run the engine with the settings of the environment. Exit status 0 after a signal, 2 for settings that need
    mending.
    """
    seldom_collected()
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    try:
        settings = read_settings()
        start_log(settings.log_level)
        catalogue = installed(settings, os.environ)
        if catalogue.idle:
            raise Misconfigured(IDLE)
        made_private(settings.home)
        clock = _clock(settings, stop)
        if clock is not None:
            _Service(settings, catalogue, clock, stop).run()
    except Misconfigured as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(2)
    sys.stdout.flush()
    os._exit(
        0
        # a vendor's slow answer in a call thread must not hold up the end; its outcome is looked up by whoever comes
        # next
    )


def _clock(settings: Settings, stop: threading.Event) -> Clock | None:
    """The clock, once its file is there: in the demonstration the sandbox makes it. None when told to stop first."""
    while settings.world_clock is not None and not settings.world_clock.exists():
        if stop.wait(0.1):
            return None
    return clock_at(settings.world_clock)


class _Service:
    """The threads of one engine process."""

    def __init__(self, settings: Settings, catalogue: Catalogue, clock: Clock, stop: threading.Event) -> None:
        self._settings, self._catalogue, self._clock, self._stop = settings, catalogue, clock, stop
        self._keys = Keyring(settings)
        self._owner, self._departed = this_process(), departed(settings.run_folder, ENGINE)
        present(settings.run_folder, ENGINE, process=self._owner)
        self._journal = open_engine(settings.journal_address, clock, catalogue.thresholds, self._keys)
        collector = settings.collector_address
        self._telemetry = Telemetry(collector, settings.environment, token=bearer(installation_key(settings)))
        self._observations = f"{collector}/v1/observations"
        self._due = threading.Event()
        self._beats = Beats(_CONNECTING)

    def run(self) -> None:
        """Work until told to stop."""
        if broken := incompatibilities():
            raise Misconfigured("this release cannot read what others wrote: " + "; ".join(broken))
        self._journal.catalogues.record(self._catalogue)
        self._inherit()
        self._journal.runs.wake(f"{WAITED}/")  # a map that this start brings may have the word
        alerting = Alerting(self._settings, lambda: (self._catalogue, self._journal), self._owner)
        alerting.start()
        telling = Telling(
            self._journal.heartbeats.tell, self._owner, ENGINE, lambda: [*self._beats.all(), *alerting.beats()]
        )
        telling.start()
        connectors = self._connected()
        if connectors is None:
            return
        engine = Engine(
            self._journal,
            flows(),
            connectors,
            self._clock,
            owner=self._owner,
            catalogue=self._catalogue,
            tracing=self._telemetry.tracing,
        )
        snapshots = Snapshotting(
            self._journal,
            self._clock,
            self._observations,
            signed_client(self._settings),
            engine.worker.gates,
            self._keys,
            self._catalogue.words,
        )
        jobs = self._jobs(engine, snapshots)
        counts = {"flows": len(engine.flows.newest), "systems": len(connectors)}
        action(LOG, logging.INFO, "engine.started", owner=engine.owner, **counts)
        self._beats = Beats(_ALLOWED)
        loops = [
            self._worker(engine.work),
            self._loop("reaper", _REAP_SECONDS, self._waking(self._journal.runs.reap)),
            self._loop("leases", engine.worker.lease_seconds / 4, engine.worker.heartbeat),
            self._loop("desk", _DESK_SECONDS, self._waking(engine.desk.serve)),
            self._loop("calls", _CALLS_SECONDS, snapshots.quota.note),
            self._loop("catalogue", _CATALOGUE_SECONDS, self._in_force),
        ]
        jobs.start()
        self._stop.wait()
        self._due.set()
        engine.worker.stopping.set()
        jobs.stop()
        deadline = time.monotonic() + _LAST_SECONDS
        alerting.stop(_LAST_SECONDS / 5)
        for loop in loops:
            loop.join(max(0.0, deadline - time.monotonic()))
        if not loops[0].is_alive():
            engine.worker.give_back()
        snapshots.quota.note()
        self._telemetry.close(1.0)

    def _inherit(self) -> None:
        """What engines held that died in this home is nobody's: others go on with it at once, not when its leases run
        out.
        """
        if self._departed:
            jobs, runs = self._journal.leases.end(self._departed), self._journal.runs.forfeit(self._departed)
            action(LOG, logging.INFO, "engine.inherited", owners=len(self._departed), jobs=jobs, runs=runs)

    def _jobs(self, engine: Engine, snapshots: Snapshotting) -> Jobs:
        settings, jobs = self._settings, Jobs(engine.owner, self._journal.leases, self._clock)
        for system, stream in engine.polling.streams():
            jobs.every(
                settings.poll_seconds,
                f"poll {system} {stream}",
                self._waking(partial(engine.polling.poll, system, stream)),
                at_jump=True,
                rest=settings.rest_seconds,
            )
        for name, connector in engine.landscape.connectors.items():
            if connector.snapshots:
                seconds = max(settings.snapshot_seconds, connector.config.policy.snapshot_seconds)
                work, rest = _Unhurried(partial(snapshots.take, connector)), _SNAPSHOT_RESTS * seconds
                jobs.every(seconds, f"snapshot {name}", work, rest=rest)
        jobs.every(_INBOX_SECONDS, "inbox", self._waking(engine.inbox.admit), at_jump=True)
        jobs.every(30.0, "trim feed", self._journal.feed.trim)
        jobs.every(300.0, "tidy signals", self._journal.runs.tidy)
        jobs.every(3600.0, "tidy inbox", self._journal.inbox_queue.tidy)
        jobs.every(3600.0, "retention", self._pruned)
        return jobs

    def _in_force(self) -> None:
        """Raises Misconfigured once another engine was started with another catalogue: two would decide differently."""
        in_force = self._journal.catalogues.digest()
        if in_force != self._catalogue.digest:
            raise Misconfigured(
                f"another engine was started since with another catalogue ({in_force}), "
                f"this one works by {self._catalogue.digest}: give both the same and start this one again"
            )

    def _pruned(self) -> int:
        """Let go of what ended long ago, breathing between transactions so that the worker comes in between."""
        return self._journal.retention.prune(self._settings.journal_days, lambda: not self._stop.wait(_BREATH_SECONDS))

    def _connected(self) -> dict[str, Connector] | None:
        """Connectors of every system; waits for one whose very description must be fetched first."""
        while True:
            try:
                return connected(self._catalogue, self._clock)
            except Misconfigured:
                raise
            except TieoutError as error:
                action(LOG, logging.WARNING, "system.not_up", why=error)
                self._beats.ails("systems", str(error))
                if self._stop.wait(1.0):
                    return None

    def _waking(self, work: Callable[[], int]) -> Callable[[], int]:
        """The same work; what it moved may be due now, so the worker looks at once."""

        def turn() -> int:
            if moved := work():
                self._due.set()
            return moved

        return turn

    def _worker(self, work: Callable[[], int]) -> threading.Thread:
        """A thread that works while something is due; while nothing is, it looks later and later."""
        pause = _IDLE_SECONDS

        def turn() -> None:
            nonlocal pause
            self._due.clear()
            pause = _IDLE_SECONDS if work() else min(pause * 1.5, _LONGEST_IDLE_SECONDS)
            if pause > _IDLE_SECONDS and self._due.wait(pause):
                pause = _IDLE_SECONDS

        return self._loop("worker", 0.0, turn)

    def _loop(self, name: str, seconds: float, work: Callable[[], object]) -> threading.Thread:
        """A thread that does `work` every so many seconds, and whose good turns are told."""
        beats = self._beats

        def turns() -> None:
            while not self._stop.is_set():
                try:
                    work()
                    beats.well(name)
                except Misconfigured as error:
                    action(LOG, logging.WARNING, "loop.hindered", loop=name, why=error)
                    beats.ails(name, str(error))
                except Exception as error:  # noqa: BLE001  one turn's fault must not end the service
                    LOG.exception("action=loop.failed loop=%s", name)
                    beats.ails(name, f"{type(error).__name__}: {error}")
                    self._stop.wait(_IDLE_SECONDS)
                if seconds:
                    self._stop.wait(seconds)

        thread = threading.Thread(target=turns, name=name, daemon=True)
        thread.start()
        return thread


class _Unhurried:
    """Does its work at most a fifth of the time: a large extract leaves room for everything else."""

    def __init__(self, work: Callable[[], int]) -> None:
        self._work, self._not_before = work, 0.0

    def __call__(self) -> int:
        began = time.monotonic()
        if began < self._not_before:
            return 0
        try:
            return self._work()
        finally:
            took = time.monotonic() - began
            self._not_before = began + 5 * took
