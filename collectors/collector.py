"""The collector put together: its receivers, the pipeline into the lake, detection, and what runs by the clock."""

from __future__ import annotations

import asyncio
import logging
import os
import time
from collections.abc import Callable
from typing import Any

import orjson

from collectors.abreast import Abreast
from collectors.credentials import Credentials
from collectors.day_end import DayEnd
from collectors.detection import JOB, LEASE_RENEWED, LEASE_SECONDS, Detection
from collectors.detector_process import DetectorProcess
from collectors.doorkeeper import Doorkeeper
from collectors.exposure import exposure, telemetry_door, webhook_door
from collectors.gateway import Gateway
from collectors.grpc_port import GrpcPort
from collectors.journal_link import JournalLink
from collectors.memory import give_back
from collectors.metrics import pipeline_measures
from collectors.pipeline.commits import Commits
from collectors.pipeline.hooks import Hooks, hooks_of
from collectors.pipeline.identity import collector_identity, only_collector
from collectors.pipeline.pipeline import Pipeline
from collectors.pipeline.provenance import Provenance
from collectors.pulse import Pulse
from collectors.receivers import receivers
from collectors.receivers.contract import Counted, Host, Work
from collectors.receivers.reply import Reply
from collectors.schedule import (
    CHECKPOINT_SECONDS,
    MEMORY_SECONDS,
    PULSE_SECONDS,
    SENDERS_SECONDS,
    scheduled,
)
from models.action_log import action
from models.alerting.alerting import Alerting
from models.catalogue import load_catalogue
from models.domain.beats import Beat
from models.domain.clock import SystemClock, clock_at
from models.door import opened
from models.installation_key import installation_key
from models.journal.ports.reporter import ReporterPort, open_reporter
from models.keys.keyring import Keyring
from models.lake.writer import open_writer
from models.leased import Leased
from models.measures import MEDIA, Measure, exposition, process_measures
from models.presence import COLLECTOR
from models.senders import SenderBook
from models.settings import Settings
from models.telling import Telling

_log = logging.getLogger(__name__)
INTAKE_SECONDS, COMMIT_SECONDS, FAULT_SECONDS = 5.0, 12.0, 55.0  # a fault shows within 15 s and 60 s, a beat included
_STOP_SECONDS = 4.0  # a process has to end within 5 s


class Collector:
    """Everything that writes to one audit lake. `application` answers HTTP on the event loop that made it,
    `webhooks` at a port of its own where some system sends any.
    """

    def __init__(self, settings: Settings, loop: asyncio.AbstractEventLoop) -> None:
        clock = SystemClock()
        self._settings, self._receivers = settings, receivers()
        self._catalogue = load_catalogue(settings)
        self._lock = only_collector(settings)
        self._commits = Commits(lambda: open_writer(settings, clock))
        self._pipeline = Pipeline(settings, self._commits, loop)
        self._journal = JournalLink(self._open_journal, self._journal_works)
        identity = collector_identity(settings)
        provenance = Provenance({one.name for one in self._catalogue.systems}, clock_at(settings.world_clock))
        key = installation_key(settings)
        self._hooks = hooks = hooks_of(self._catalogue.systems, os.environ)
        self._host = Host(
            settings, clock, identity, self._pipeline, self._commits, self._journal, provenance, key, hooks
        )
        self._pulse = Pulse(self._parts)
        self._detection: Detection | None = None
        begun = [receiver.work(self._host) for receiver in self._receivers if receiver.work]
        self._works = [work for work in begun if work is not None]
        open_to = exposure(settings)
        self._credentials = Credentials(SenderBook(settings), key, clock, open_to.tokens, settings.sender_rate)
        doorkeeper = Doorkeeper(telemetry_door(settings), open_to, self._credentials)
        self.application = gateway = Gateway(self._receivers, self._host, self._shown(), doorkeeper)
        self.webhooks = self._webhooks(hooks, key, clock)
        self._grpc = GrpcPort(settings, open_to.tls, gateway.posted, loop) if settings.grpc else None
        self._schedule = scheduled(
            {
                "checkpoint": (CHECKPOINT_SECONDS, self._checkpoint),
                "pulse": (PULSE_SECONDS, self._pulse.beat),
                "senders": (SENDERS_SECONDS, self._credentials.keep_seen),
                "memory": (MEMORY_SECONDS, give_back),
                "maintain": (settings.maintain_seconds, self._maintain),
            }
        )

    def _webhooks(self, hooks: Hooks, key: bytes, clock: SystemClock) -> Gateway | None:
        """The port of webhooks, where some system sends any."""
        if not hooks:
            return None
        door, settings = webhook_door(self._settings), self._settings
        credentials = Credentials(SenderBook(settings), key, clock, True)
        doorkeeper = Doorkeeper(door, opened(door), credentials)
        return Gateway(self._receivers, self._host, {}, doorkeeper, "webhooks", settings.webhook_body_kib << 10)

    def start(self) -> None:
        for part in (self._pipeline, *self._works, self._journal, self._schedule):
            part.start()
        if self._grpc is not None:
            self._grpc.start()

    def stop(self) -> None:
        """Answer and commit what is in hand, then let go; what could not land in time stays in the spool."""
        left = _until(time.monotonic() + _STOP_SECONDS)
        self._schedule.shutdown(wait=False)
        if self._grpc is not None:
            self._grpc.stop(left() / 4)
        for work in self._works:
            work.stop(left())
        self._pipeline.close_intakes(left)
        self._journal.stop(left())
        self._commits.stop()
        self._pipeline.close_lanes(left)
        self._checkpoint()
        self._commits.close(left())
        os.close(self._lock)

    def health(self) -> dict[str, Any]:
        """Whether requests are taken, what waits, and what is wrong at the moment."""
        stuck = [fault for fault in (*self._pipeline.faults, self._commits.stuck) if fault]
        faults = [self._commits.fault, *(work.fault for work in self._works), *self._journal.faults]
        return {
            "ready": self._pipeline.ready and not stuck,
            "waiting_bytes": self._pipeline.waiting_bytes,
            "faults": [*stuck, *(fault for fault in faults if fault)],
            **({"webhooks": self._hooks.shown()} if self._hooks else {}),
            **({"brokers": brokers} if (brokers := self._brokers()) else {}),
        }

    def _brokers(self) -> dict[str, Any]:
        """How the roads to each message broker stand."""
        found: dict[str, Any] = {}
        for one in self._counted():
            for broker, roads in one.shown().items():
                found.setdefault(broker, {}).update(roads)
        return found

    def _counted(self) -> list[Counted]:
        return [work for work in (*self._works, *self._journal.works) if isinstance(work, Counted)]

    def readiness(self) -> dict[str, Any]:
        """The same, and ready only while nothing has been wrong for longer than it may."""
        state, overdue = self.health(), self._pulse.overdue()
        return {**state, "ready": state["ready"] and not overdue, "overdue": overdue}

    def metrics(self) -> bytes:
        """What Prometheus reads."""
        state = self.health()
        own = [
            Measure("tieout_up", "Whether requests are taken", [({}, float(state["ready"]))]),
            Measure("tieout_faults", "What is wrong at the moment", [({}, len(state["faults"]))]),
            Measure("tieout_part_age_seconds", "Since a part was well", self._ages()),
            Measure("tieout_webhooks_total", "Deliveries of webhooks, by what they came to", self._hooks.counts()),
            Measure("tieout_broker_messages_total", "Messages of brokers, by what they came to", self._messages()),
        ]
        return exposition([*own, *pipeline_measures(self._pipeline), *process_measures()])

    def _messages(self) -> list[tuple[dict[str, str], float]]:
        return [value for one in self._counted() for value in one.counts()]

    def _ages(self) -> list[tuple[dict[str, str], float]]:
        return [({"part": beat.part}, beat.age) for beat in self._beats() if beat.age is not None]

    def _beats(self) -> list[Beat]:
        """How each part stands, marts and detectors among them once the journal is open."""
        return [*self._pulse.beats(), *(self._detection.beats() if self._detection else ())]

    def _shown(self) -> dict[str, Callable[[], Reply]]:
        return {
            "/healthz": lambda: _state(self.health()),
            "/readyz": lambda: _state(self.readiness()),
            "/metrics": lambda: Reply(200, self.metrics(), MEDIA),
        }

    def _parts(self) -> dict[str, tuple[str | None, float]]:
        parts: dict[str, str | None] = dict(self._journal.parts())
        for work in self._works:
            parts |= work.parts()
        slow = {name: (fault, FAULT_SECONDS) for name, fault in parts.items()}
        intake = "; ".join(self._pipeline.faults) or None
        commit = self._commits.stuck or self._commits.fault
        return {"intake": (intake, INTAKE_SECONDS), "commit": (commit, COMMIT_SECONDS), **slow}

    def _checkpoint(self) -> None:
        self._commits.once("a checkpoint", lambda lake: lake.checkpoint())

    def _maintain(self) -> None:
        action(_log, logging.INFO, "maintenance.begun")
        self._commits.once("maintenance", lambda lake: lake.maintain())

    def _open_journal(self) -> ReporterPort:
        return open_reporter(
            self._settings.journal_address, clock_at(self._settings.world_clock), Keyring(self._settings)
        )

    def _journal_works(self, journal: ReporterPort) -> list[Work]:
        begun = [one.journal_work(self._host, journal) for one in self._receivers if one.journal_work]
        copying = [work for work in begun if work is not None]
        process = DetectorProcess(self._settings.detect_limit_seconds)
        reading = {f"read {system}": seconds for system, seconds in self._catalogue.reading_levels.items()}
        resting = {f"rests {flow}": 0.0 for flow in self._catalogue.resting}
        levels = {**self._catalogue.service_levels, **reading, **resting}
        zones = {name: company.zone for name, company in self._catalogue.legal_entities.items()}
        day_end = DayEnd(journal.sealed_totals, journal.sealed_figures, journal.clock, zones)
        leased = Leased(journal.leases, JOB, self._host.identity, LEASE_SECONDS, LEASE_RENEWED)
        abreast = Abreast(journal.feed, lambda: self._pipeline.lag_seconds.values())
        self._detection = detection = Detection(
            journal, process, levels, self._settings.detect_seconds, day_end, leased, abreast
        )
        telling = Telling(journal.heartbeats.tell, self._host.identity, COLLECTOR, self._beats)
        alerting = Alerting(self._settings, lambda: (self._catalogue, journal), self._host.identity)
        return [*copying, detection, telling, alerting]


def _state(state: dict[str, Any]) -> Reply:
    return Reply(200 if state["ready"] else 503, orjson.dumps(state))


def _until(end: float) -> Callable[[], float]:
    return lambda: max(0.05, end - time.monotonic())
