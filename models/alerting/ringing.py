"""Decides what each audience is told now, and puts it into the outbox."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from datetime import datetime

from models.ailing import Ailing
from models.alerting.choosing import chosen, digest_due
from models.alerting.wording import SHOWN, Wording
from models.domain.audience import Audience
from models.journal.alerts import Alerts

PATIENCE = 60.0
"""Seconds that something must be dead or stuck before it rings: a process that starts anew is back by then."""
LOOK_SECONDS = 60.0
"""A case that nothing happened to may have grown past a threshold, or its time may have come: so often all are looked
at.
"""
DIGEST = "digest"


class Ringing:
    """What rings, by the journal's cases and by `ailing`: what is dead or stuck now."""

    def __init__(
        self,
        alerts: Alerts,
        audiences: Sequence[Audience],
        wording: Wording,
        ailing: Callable[[], Sequence[Ailing]],
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._alerts, self._wording, self._ailing, self._now = alerts, wording, ailing, now
        self._audiences = [one for one in audiences if one.roads]
        self._ailing_now: dict[str, list[Ailing]] = {}
        self._since: dict[str, float] = {}
        self._event, self._looked = -1, float("-inf")

    def ring(self, owner: str) -> None:
        """Put what is to be told into the outbox, first of processes as `watch` saw them; nothing where the owner's
        lease has passed on.
        """
        wall = self._alerts.now()
        dead = self._lasting()
        for audience in self._audiences:
            if audience.pulse and dead:
                self._of_pulse(audience, dead, wall, owner)
        news = self._news()
        for audience in self._audiences:
            if audience.rings and news:
                self._of_cases(audience, wall, owner)
            self._of_day(audience, wall, owner)

    def _news(self) -> bool:
        event, now = self._alerts.newest_event(), self._now()
        if event == self._event and now - self._looked < LOOK_SECONDS:
            return False
        self._event, self._looked = event, now
        return True

    def watch(self) -> None:
        """Note since when what is dead or stuck: also who does not ring now, so that it can at once when it must."""
        found: dict[str, list[Ailing]] = {}
        for one in self._ailing():
            found.setdefault(f"pulse {one.role} {'stuck' if one.part else 'dead'}", []).append(one)
        self._ailing_now = found
        self._since = {topic: self._since.get(topic, self._now()) for topic in found}

    def _lasting(self) -> dict[str, list[Ailing]]:
        """What has been dead or stuck for long enough, by topic: a role, and whether it is all of the process."""
        now = self._now()
        return {topic: ones for topic, ones in self._ailing_now.items() if now - self._since[topic] >= PATIENCE}

    def _of_pulse(self, audience: Audience, dead: dict[str, list[Ailing]], wall: datetime, owner: str) -> None:
        told = self._alerts.told(audience.name, dead)
        new = [topic for topic in dead if topic not in told or told[topic] <= wall - audience.period]
        if new:
            ones = [one for topic in new for one in dead[topic]]
            self._alerts.put(audience, self._wording.of_pulse(audience, ones), dict.fromkeys(new), owner)

    def _of_cases(self, audience: Audience, wall: datetime, owner: str) -> None:
        if audience.rests(wall.astimezone(audience.zone).time()):
            return
        due, since = self._alerts.untold(audience, wall), wall - audience.period
        if not due:
            return
        topics = {f"cause {cause}": cause for cause in {one.cause for one in due}}
        told = {topics[topic] for topic, at in self._alerts.told(audience.name, topics).items() if at > since}
        for opened in chosen(audience, due, told, self._alerts.rings(audience.name, since)):
            known: dict[str, datetime | None] = {one.case_id: one.opened_at for one in opened}
            known |= {f"cause {one.cause}": None for one in opened}
            words = self._wording.of_cases(audience, opened, self._alerts.cases(opened[:SHOWN]))
            self._alerts.put(audience, words, known, owner)

    def _of_day(self, audience: Audience, wall: datetime, owner: str) -> None:
        if audience.digest is None:
            return
        if digest_due(audience, self._alerts.told(audience.name, [DIGEST]).get(DIGEST), wall):
            cases, total, money = self._alerts.standing(audience, SHOWN)
            self._alerts.put(audience, self._wording.of_day(audience, cases, total, money), {DIGEST: None}, owner)
