"""The collector put together: lanes from requests to the lake, the journal's feed, and what runs by the clock."""

from __future__ import annotations

import asyncio
import fcntl
import logging
import os
import threading
import time
from typing import Any
from uuid import uuid4

from apscheduler.schedulers.background import BackgroundScheduler

from collectors.detection import Detection
from collectors.gateway import Receiver, deliverer
from collectors.memory import give_back
from collectors.pipeline.commits import Commits
from collectors.pipeline.intake import Intake
from collectors.pipeline.lane import Lane
from collectors.pipeline.spool.frame import Kind
from collectors.pipeline.spool.spool import Spool, sync_folder
from collectors.receivers.journal_feed import FeedReceiver
from collectors.schedule import CHECKPOINT_SECONDS, MAINTAIN_SECONDS, MEMORY_SECONDS, scheduled
from models.domain.clock import SystemClock, clock_at
from models.domain.errors import Misconfigured
from models.journal import Journal, open_journal
from models.lake.writer import open_writer
from models.settings import Settings

_log = logging.getLogger(__name__)
RETRY_SECONDS = 2.0
_STOP_SECONDS = 4.0  # a process has to end within 5 s


class Collector:
    """Everything that writes to one audit lake. `application` answers HTTP on the event loop that makes the collector."""

    def __init__(self, settings: Settings, loop: asyncio.AbstractEventLoop) -> None:
        self._settings, self._clock = settings, SystemClock()
        self._lock = _only_collector(settings)
        self._commits = Commits(lambda: open_writer(settings, self._clock))
        self._lanes = {name: self._lane(name) for name in ("otlp", "snapshots")}
        limit = settings.max_body_mib << 20
        self._intakes = {name: Intake(lane, limit, deliverer(loop)) for name, lane in self._lanes.items()}
        otlp, snapshots = self._intakes["otlp"], self._intakes["snapshots"]
        routes = {
            "/v1/traces": (Kind.TRACES, otlp),
            "/v1/logs": (Kind.LOGS, otlp),
            "/v1/observations": (Kind.OBSERVATIONS, snapshots),
        }
        self.application = Receiver(routes, limit, self._clock, self.health)
        self._journal_side = JournalSide(settings, self._commits, collector_identity(settings))
        self._schedule = scheduled(
            {
                "checkpoint": (CHECKPOINT_SECONDS, self._checkpoint),
                "memory": (MEMORY_SECONDS, give_back),
                "maintain": (MAINTAIN_SECONDS, lambda: self._commits.once("maintenance", lambda lake: lake.maintain())),
            }
        )

    def start(self) -> None:
        for lane in self._lanes.values():
            lane.start()
        for intake in self._intakes.values():
            intake.start()
        self._journal_side.start()
        self._schedule.start()

    def stop(self) -> None:
        """Answer and commit what is in hand, then let go; what could not land in time stays in the spool."""
        end = time.monotonic() + _STOP_SECONDS
        self._schedule.shutdown(wait=False)
        for intake in self._intakes.values():
            intake.stop(_left(end))
        self._journal_side.stop(_left(end))
        self._commits.stop()
        for lane in self._lanes.values():
            lane.stop(_left(end))
        self._checkpoint()
        self._commits.close(_left(end))
        os.close(self._lock)

    def health(self) -> dict[str, Any]:
        """Whether requests are taken, what waits, and what is wrong at the moment."""
        faults = [fault for fault in (self._commits.fault, self._journal_side.fault) if fault]
        ready = all(lane.ready for lane in self._lanes.values())
        return {
            "ready": ready,
            "waiting_bytes": {name: lane.waiting_bytes for name, lane in self._lanes.items()},
            "faults": faults,
        }

    def _checkpoint(self) -> None:
        self._commits.once("a checkpoint", lambda lake: lake.checkpoint())

    def _lane(self, name: str) -> Lane:
        spool = Spool(self._settings.home / "spool" / name, self._settings.spool_limit_mib << 20)
        return Lane(_writer(self._settings, name), spool, self._commits, self._settings.commit_seconds)


class JournalSide:
    """What needs the journal: its feed and the detectors. Begins once the journal can be opened; ingest does not wait
    for it.
    """

    def __init__(self, settings: Settings, commits: Commits, identity: str) -> None:
        self._settings, self._commits, self._identity = settings, commits, identity
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._open, name="journal-side", daemon=True)
        self._feed: FeedReceiver | None = None
        self._detection: Detection | None = None
        self._schedule: BackgroundScheduler | None = None
        self._journal: Journal | None = None
        self._fault: str | None = None

    @property
    def fault(self) -> str | None:
        return self._fault or (self._feed and self._feed.fault) or (self._detection and self._detection.fault) or None

    def start(self) -> None:
        self._thread.start()

    def stop(self, seconds: float) -> None:
        self._stopping.set()
        self._thread.join(seconds)
        if self._schedule is not None:
            self._schedule.shutdown(wait=False)
        if self._detection is not None:
            self._detection.stop()
        if self._feed is not None:
            self._feed.stop(seconds)
        if self._journal is not None:
            self._journal.close()

    def _open(self) -> None:
        """Until the journal is open and its side works. Whatever hinders it shows on /healthz: a thread that ends would
        leave it unsaid.
        """
        while not self._stopping.is_set():
            try:
                self._begin(open_journal(self._settings.journal_address, clock_at(self._settings.world_clock)))
            except Exception as error:  # noqa: BLE001 - see above
                self._fault = f"journal: {str(error) or type(error).__name__}"
                _log.warning(
                    "the journal cannot be opened, it will be tried again: %s", str(error) or type(error).__name__
                )
                self._stopping.wait(RETRY_SECONDS)
            else:
                self._fault = None
                return

    def _begin(self, journal: Journal) -> None:
        self._journal = journal
        self._feed = FeedReceiver(
            journal.feed, journal.leases, self._identity, self._commits, SystemClock(), self._settings.commit_seconds
        )
        self._detection = Detection(journal)
        self._schedule = scheduled({"detect": (self._settings.detect_seconds, self._detection.run)})
        self._feed.start()
        self._schedule.start()


def _left(end: float) -> float:
    return max(0.05, end - time.monotonic())


def _writer(settings: Settings, lane: str) -> str:
    """The name under which a lane numbers its batches: its own in a catalogue that several collectors share."""
    shared = settings.lake_catalog_address.startswith("postgres")
    return f"{lane}-{collector_identity(settings)}" if shared else lane


def collector_identity(settings: Settings) -> str:
    """What tells this installation's collector from others, made once and kept beside the spool.

    Without the process id on purpose: the lock on the spool lets one process have it, and a successor takes up its
    leases at once.
    """
    path = settings.home / "spool" / "identity"
    if not path.exists():
        fresh = path.with_suffix(".new")
        fresh.write_text(uuid4().hex[:12])
        with open(fresh, "rb") as written:
            os.fsync(written.fileno())
        fresh.replace(path)
        sync_folder(path.parent)
    return path.read_text().strip()


def _only_collector(settings: Settings) -> int:
    """A lock on the spool, held until the process ends. Raises Misconfigured when another collector has it."""
    folder = settings.home / "spool"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    handle = os.open(folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        os.close(handle)
        raise Misconfigured(
            f"another collector works in {folder}: end it, or give this one another TIEOUT_HOME"
        ) from error
    return handle
