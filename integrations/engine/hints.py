"""Hints: what webhooks named is read from its system, and admitted like a polled page (C3, E11)."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import sqlalchemy as sa

from integrations.contracts.connector import Connector, Named, Page
from integrations.engine.gate import HeldBack
from integrations.engine.gates import Gates
from integrations.engine.landscape import Landscape
from integrations.engine.polling import Polling
from integrations.engine.routing import Routing
from integrations.engine.telemetry import LOG
from models.action_log import action
from models.canonical.hint import HINT, payload_of
from models.domain.clock import Clock
from models.domain.errors import RateLimited, Rejected, Unmappable
from models.journal.inbox import INBOX, Item
from models.journal.inbox_queue import Waiting
from models.journal.ports.engine import EnginePort
from models.journal.runs.run import Arrival

_REST = timedelta(seconds=5)
"""How long a system rests that could not be read, where it does not say so itself."""
Gone = Callable[[sa.Connection], object]


class Hints:
    """Reads what hints name. Ten hints of one record cost one reading; a system that cannot be read now rests with its
    hints, and holds up no other.
    """

    def __init__(
        self,
        journal: EnginePort,
        landscape: Landscape,
        routing: Routing,
        polling: Polling,
        gates: Gates,
        clock: Clock,
    ) -> None:
        self._journal, self._landscape, self._routing, self._polling = journal, landscape, routing, polling
        self._gates, self._clock = gates, clock
        self._until: dict[str, datetime] = {}

    def resting(self) -> list[str]:
        """The systems that are not asked now."""
        now = self._clock.now()
        return sorted(system for system, until in self._until.items() if until > now)

    def admit(self, system: str, waiting: Sequence[Waiting], gone: Gone) -> int:
        """Read what one system's hints name and admit it, `gone` in the same transaction; how many runs were started or
        woken. Where the system cannot be read, the hints stay.
        """
        named, arrivals = self._told(system, [one.item for one in waiting])
        try:
            pages = self._read(system, named)
        except Exception as error:  # noqa: BLE001  whatever hinders one system is told, and its hints wait
            self._rest(system, error)
            return 0
        for stream, page in pages.items():
            arrivals += self._of(system, stream, page)
        return self._polling.admitted(system, INBOX, arrivals, partial(self._done, system, pages, gone))

    def _told(self, system: str, items: Sequence[Item]) -> tuple[dict[str, dict[str, None]], list[Arrival]]:
        """What the hints name, by stream, each once in order; and their own arrivals, dead letters among them."""
        named: dict[str, dict[str, None]] = {}
        arrivals: list[Arrival] = []
        for item in items:
            try:
                found = self._named(system, payload_of(item.body))
            except Exception as error:  # noqa: BLE001  what a payload holds is a fault of this delivery alone
                arrivals.append(self._routing.rejected(system, INBOX, item.item_id, item.body, error, item.received_at))
                continue
            arrivals.append(_arrival(system, item, found))
            for one in found:
                named.setdefault(one.stream, {})[one.id] = None
        return named, arrivals

    def _named(self, system: str, payload: Any) -> Sequence[Named]:
        connector = self._landscape.connectors.get(system)
        if connector is None or not hasattr(connector, "named"):
            why = f"the connector of {system} declares no webhooks: take [system.webhook] out, or install one that does"
            raise Unmappable(why, "", code="no-webhook")
        found: Sequence[Named] = connector.named(payload)
        for one in found:
            self._owned(connector, one)
        return found

    def _owned(self, connector: Connector, one: Named) -> None:
        """Raise Rejected for a record that is none of the system's."""
        role, roles = connector.config.role, {each.config.role for each in self._landscape.connectors.values()}
        if one.stream in connector.streams and self._landscape.ownership.holds(one.entity, role, roles):
            return
        why = f"{connector.config.name} ({role}) owns nothing of a {one.entity}: its webhooks can name none"
        raise Rejected(why, code="not-owner", field=one.entity)

    def _read(self, system: str, named: Mapping[str, Mapping[str, None]]) -> dict[str, Page]:
        connector: Any = self._landscape.connectors.get(system)
        pages: dict[str, Page] = {}
        for stream, ids in named.items():
            with self._gates.asked(connector).reading():
                pages[stream] = connector.read(stream, list(ids))
        return pages

    def _of(self, system: str, stream: str, page: Page) -> list[Arrival]:
        now = self._clock.now()
        refused = [self._routing.rejected(system, stream, name, row, error, now) for name, row, error in page.rejected]
        return [*(self._routing.arrival(event) for event in page.events), *refused]

    def _done(self, system: str, pages: Mapping[str, Page], gone: Gone, connection: sa.Connection) -> None:
        for stream, page in pages.items():
            shown = {*page.seen, *(name for name, _, _ in page.rejected)}
            self._journal.runs.shown(connection, system, stream, shown, False)
        gone(connection)

    def _rest(self, system: str, error: Exception) -> None:
        until = error.until if isinstance(error, RateLimited) else self._clock.now() + _REST
        self._until[system] = max(until, self._clock.now() + timedelta(seconds=1))
        if not isinstance(error, HeldBack):  # that the gate is closed says nothing new
            action(LOG, logging.WARNING, "hints.not_read", system=system, why=error)


def _arrival(system: str, item: Item, named: Sequence[Named]) -> Arrival:
    """The delivery on record: what it named, not what else it held, for that is nobody's word."""
    told = [{"stream": one.stream, "id": one.id, "event": one.event, "version": one.version} for one in named]
    body = {
        "id": item.item_id,
        "source": f"{system}/webhook",
        "type": HINT,
        "subject": f"webhook:{system}:{item.item_id}",
        "time": item.received_at.astimezone(UTC).isoformat(),
        "data": {"named": told},
    }
    return Arrival(f"{system}/webhook", item.item_id, body)
