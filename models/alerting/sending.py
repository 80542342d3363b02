"""Sends what waits in the outbox. Each alert is marked after it was sent: one that was sent and not marked goes out
again, by the same id.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping

from models.action_log import action
from models.alerting import chat, webhook
from models.alerting.road import Undelivered
from models.domain.alert import DEAD_AFTER, Delivery, pause
from models.domain.audience import Road
from models.journal.alerts import Alerts

_log = logging.getLogger(__name__)
ROADS: Mapping[str, Callable[[Road, Delivery, Mapping[str, str]], None]] = {
    "webhook": webhook.send,
    "apprise": chat.send,
}


class Sending:
    """The outbox's way out over these roads."""

    def __init__(self, alerts: Alerts, roads: Mapping[str, Road], environment: Mapping[str, str]) -> None:
        self._alerts, self._roads, self._environment = alerts, roads, environment

    def send(self, may: Callable[[], bool]) -> int:
        """Try what is due, as long as one `may`; how much was tried. A road that fails rests: what else waits for it
        holds up no other road.
        """
        resting, tried = set[str](), 0
        for delivery in self._alerts.due():
            if delivery.road in resting:
                continue
            if not may():
                break
            tried += 1
            if not self._sent(delivery):
                resting.add(delivery.road)
        return tried

    def _sent(self, delivery: Delivery) -> bool:
        try:
            self._go(delivery)
        except Undelivered as fault:
            self._not_sent(delivery, fault)
            return False
        self._alerts.delivered(delivery.alert_id)
        self._tell(logging.INFO, "alert.delivered", delivery)
        return True

    def _go(self, delivery: Delivery) -> None:
        road = self._roads.get(delivery.road)
        if road is None:
            raise Undelivered(f"roads.toml names no road {delivery.road}")
        ROADS[road.kind](road, delivery, self._environment)

    def _not_sent(self, delivery: Delivery, fault: Undelivered) -> None:
        why, wait = str(fault), max(filter(None, (pause(delivery.attempts + 1), fault.again_in)))
        if self._alerts.now() - delivery.made_at + wait > DEAD_AFTER:
            self._alerts.gave_up(delivery.alert_id, why)
            self._tell(logging.WARNING, "alert.dead", delivery, why)
            return
        self._alerts.failed(delivery.alert_id, why, wait)
        self._alerts.postpone(delivery.road, pause(1))
        self._tell(logging.WARNING if delivery.attempts == 0 else logging.INFO, "alert.not_delivered", delivery, why)

    def _tell(self, level: int, what: str, delivery: Delivery, why: str | None = None) -> None:
        about = {"alert": delivery.alert_id, "audience": delivery.audience, "road": delivery.road}
        action(_log, level, what, **about, kind=delivery.alert.kind, why=why)
