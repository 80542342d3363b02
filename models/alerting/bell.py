"""What rings and sends for one installation, turn by turn, while its owner holds the outbox's lease."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Protocol

from models.ailing import ailing
from models.alerting.ringing import Ringing
from models.alerting.sending import Sending
from models.alerting.wording import Wording
from models.catalogue import Catalogue
from models.journal.alerts import Alerts
from models.journal.heartbeats import HeartbeatReading
from models.settings import Settings

LEASE_SECONDS = 45.0
"""Longer than a receiver may take; so soon another process goes on after one that died."""
TIDY_SECONDS = 3600.0


class Outbox(Protocol):
    """What is needed of the journal; each port of a process has it."""

    @property
    def alerts(self) -> Alerts: ...
    @property
    def heartbeats(self) -> HeartbeatReading: ...


class Bell:
    """`may` says whether to go on; it is asked before each alert that is sent."""

    def __init__(
        self,
        settings: Settings,
        catalogue: Catalogue,
        outbox: Outbox,
        owner: str,
        may: Callable[[], bool],
        environment: Mapping[str, str],
    ) -> None:
        wording = Wording(catalogue.reporting_currency, settings.console_address, catalogue.teams)
        shared = not settings.journal_address.startswith("sqlite")
        self._alerts, self._owner, self._may, self._roads = outbox.alerts, owner, may, catalogue.roads
        self._ringing = Ringing(
            outbox.alerts,
            catalogue.audiences,
            wording,
            lambda: ailing(settings.run_folder, shared, outbox.heartbeats.all()),
        )
        self._sending = Sending(outbox.alerts, catalogue.roads, environment)
        self._tidied = float("-inf")

    def turn(self) -> str | None:
        """Ring and send, unless another process does; what hinders delivery, if this one knows."""
        self._ringing.watch()
        if not self._mine():
            return None
        self._ringing.ring(self._owner)
        self._sending.send(self._mine)
        if time.monotonic() - self._tidied > TIDY_SECONDS:
            self._alerts.tidy()
            self._tidied = time.monotonic()
        failing = self._alerts.failing()
        return "; ".join(f"road {road}: {why}" for road, why in failing.items() if road in self._roads) or None

    def rest(self) -> None:
        """Let another process go on at once."""
        self._alerts.release(self._owner)

    def _mine(self) -> bool:
        return self._may() and self._alerts.hold(self._owner, LEASE_SECONDS)
