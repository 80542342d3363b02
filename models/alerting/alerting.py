"""A thread that rings and sends, in each process of an installation; the lease of the outbox keeps it to one of them at
a time, and passes on from one that is dead.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Mapping
from typing import TypeAlias

from models.action_log import action
from models.alerting.bell import Bell, Outbox
from models.catalogue import Catalogue
from models.domain.beats import Beat, Beats
from models.settings import Settings
from models.turns import Turns

TURN_SECONDS = 5.0
ALLOWED = 120.0
"""Seconds without a good turn after which alerts count as stuck; one is not good while a road fails."""
PART = "alerts"
Opening: TypeAlias = Callable[[], tuple[Catalogue, Outbox]]
"""Gives the catalogue and a port of the journal; it may fail, and is asked again."""
_log = logging.getLogger(__name__)


class Alerting:
    """Rings for an installation that has an audience; for another the thread ends at once."""

    def __init__(
        self, settings: Settings, opening: Opening, owner: str, environment: Mapping[str, str] = os.environ
    ) -> None:
        self._settings, self._opening, self._owner, self._environment = settings, opening, owner, environment
        self._beats = Beats({}, otherwise=ALLOWED)
        self._turns = Turns("alerting", self._once, self._rest)
        self._bell: Bell | None = None
        self.fault: str | None = None

    def beats(self) -> list[Beat]:
        """How this process stands with alerts; nothing where nobody is to be told."""
        return self._beats.all()

    def parts(self) -> Mapping[str, str | None]:
        """The same as a fault, a turn that does not end among it."""
        return {
            beat.part: self.fault or (f"alerts: no turn ended for {beat.age or 0:.0f} s" if beat.late else None)
            for beat in self.beats()
        }

    def start(self) -> None:
        self._turns.start()

    def stop(self, seconds: float) -> None:
        """Ring no more; what is on its way has so many seconds to be marked."""
        self._turns.stop(seconds)

    def _once(self) -> float | None:
        try:
            return TURN_SECONDS if self._turn() else None
        except Exception as error:  # noqa: BLE001  the journal may answer the next time
            self._ails(f"{type(error).__name__}: {error}")
            return TURN_SECONDS

    def _turn(self) -> bool:
        """One turn; whether there is anybody to be told."""
        if self._bell is None:
            catalogue, outbox = self._opening()
            if not catalogue.audiences:
                return False
            going_on = self._turns.going_on
            self._bell = Bell(self._settings, catalogue, outbox, self._owner, going_on, self._environment)
        if fault := self._bell.turn():
            self._ails(fault)
        else:
            self.fault = None
            self._beats.well(PART)
        return True

    def _ails(self, fault: str) -> None:
        self.fault = f"alerts: {fault}"
        self._beats.ails(PART, self.fault)

    def _rest(self) -> None:
        try:
            if self._bell is not None:
                self._bell.rest()
        except Exception as error:  # noqa: BLE001  then the lease ends by itself
            action(_log, logging.WARNING, "lease.not_released", lease=PART, why=error)
