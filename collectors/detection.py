"""Findings by the clock: a turn of marts and detectors beside, and what it found reported to the journal's cases."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from dataclasses import fields, replace
from types import MappingProxyType
from typing import Any, Protocol

from collectors.abreast import LOOKED_SECONDS, Abreast
from collectors.day_end import DayEnd
from collectors.detector_process import DetectionFailed, DetectorProcess
from collectors.detectors.turn import CircuitState, Found, Turn
from collectors.pulse import under_way
from collectors.schedule import scheduled
from models.action_log import action
from models.domain.beats import Beat, Beats
from models.leased import Leased

_log = logging.getLogger(__name__)
JOB, LEASE_SECONDS, LEASE_RENEWED = "detection", 45.0, 10.0
_LONG_SECONDS, _ALLOWED = 5.0, 60.0  # a turn that takes longer is news; how old marts and findings may get
COMPARED_SECONDS = 3700.0  # longer than the cases take a comparison for fresh, so that they compare then
_CIRCUIT = tuple(field.name for field in fields(CircuitState))


class Reporter(Protocol):
    """What is needed of the journal: how systems stand, and where findings become cases."""

    @property
    def throttle(self) -> Any: ...
    @property
    def cases(self) -> Any: ...


class Detection:
    """A turn every `seconds`; `service_levels` is what each flow promises, in seconds; where there is a `day_end`, the
    first turn after a company's day seals its totals. Where several collectors
    share a journal, the one that is `leased` has turns. While the lake is not `abreast` of what came, what did not come
    is not asked.
    """

    def __init__(
        self,
        reporter: Reporter,
        process: DetectorProcess,
        service_levels: Mapping[str, float],
        seconds: float,
        day_end: DayEnd | None = None,
        leased: Leased | None = None,
        abreast: Abreast | None = None,
    ) -> None:
        self._day_end, self._leased, self._abreast = day_end, leased, abreast
        self._reporter, self._process, self._service_levels = reporter, process, service_levels
        jobs = {"detect": (seconds, self.run), "lease": (LEASE_RENEWED, self._renewed)}
        self._schedule = scheduled(jobs | ({"abreast": (LOOKED_SECONDS, abreast.look)} if abreast else {}))
        self._reported: dict[str, str] = {}
        self._forgotten = time.monotonic()
        self._stopping = False
        self.fault: str | None = None
        self._since: float | None = None
        self._beats = Beats({"marts": _ALLOWED + seconds}, _ALLOWED + seconds)

    def parts(self) -> Mapping[str, str | None]:
        """What hinders detection: its fault, or a turn that does not end."""
        return {"detection": self.fault or under_way("a turn of the detectors", self._since, _LONG_SECONDS)}

    def beats(self) -> list[Beat]:
        """How old the marts and the findings of each detector are: as of their last good turn."""
        return self._beats.all()

    def start(self) -> None:
        self._schedule.start()

    def stop(self, seconds: float) -> None:
        """End the child; a turn that is under way is given up."""
        self._stopping = True
        self._schedule.shutdown(wait=False)
        self._process.stop()
        if self._leased:
            self._leased.let_go()

    def run(self) -> None:
        """Report what every detector finds now; a fault shows on /healthz, and the next turn tries again."""
        self._since = time.monotonic()
        self._forget_now_and_then()
        try:
            if not self._ours():
                return
            days = self._day_end.due() if self._day_end else {}
            day = self._day_end.over() if self._day_end and days else None
            turn = turn_of(self._reporter, self._service_levels, self._reported)
            abreast = self._abreast is None or self._abreast.now()
            found = self._process.ask(replace(turn, day=day, abreast=abreast))
            self._beats.well("marts")  # all of them, or the turn had failed
            self._reporter.cases.report_all(found.findings, found.rates)
            self._reported |= found.digests
            if self._day_end and days and found.totals is not None:
                self._day_end.seal(days, found.totals, found.figures)
            self.fault = _failed(found)
            self._told(found)
        except Exception as error:  # noqa: BLE001 - whatever hinders a turn, the next one may succeed
            if self._stopping:
                return
            why = str(error) if isinstance(error, DetectionFailed) else f"{type(error).__name__}: {error}"
            why = why.partition("\n")[0]  # a database's error goes on with its statement
            self.fault = f"detectors: {why}"
            action(_log, logging.WARNING, "detection.failed", why=why)
        finally:
            self._since = None

    def _ours(self) -> bool:
        """Whether this collector has a turn. While another has them, what was reported last is the other's to know, and
        how old marts and findings are, too.
        """
        if self._leased is None or self._leased.ours():
            return True
        self._reported, self.fault = {}, None
        for beat in self._beats.all():
            self._beats.well(beat.part)
        return False

    def _renewed(self) -> None:
        """Keep the lease through a turn that outlasts it."""
        if self._leased and self._since is not None:
            self._leased.ours()

    def _told(self, found: Found) -> None:
        for name in found.detectors:
            if why := found.failed.get(name):
                self._beats.ails(f"detector {name}", why)
            else:
                self._beats.well(f"detector {name}")

    def _forget_now_and_then(self) -> None:
        """Have every finding told again once in a while, so that what was changed in the journal by SQL is mended."""
        if time.monotonic() - self._forgotten >= COMPARED_SECONDS:
            self._forgotten = time.monotonic()
            self._reported = {}


def turn_of(
    reporter: Reporter, service_levels: Mapping[str, float], reported: Mapping[str, str] = MappingProxyType({})
) -> Turn:
    """What detectors are given now."""
    circuits = reporter.throttle.circuits().values()
    states = [CircuitState(*(getattr(circuit, name) for name in _CIRCUIT)) for circuit in circuits]
    return Turn(states, dict(service_levels), dict(reported))


def _failed(found: Found) -> str | None:
    if not found.failed:
        return None
    name, why = next(iter(sorted(found.failed.items())))
    more = f" and {len(found.failed) - 1} more" if len(found.failed) > 1 else ""
    return f"detector {name}{more} failed, its findings stay as they are: {why}"
