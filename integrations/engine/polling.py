"""Polling: what changed at the sources is admitted together with the cursor's move, all or nothing."""

from __future__ import annotations

from functools import partial

from integrations.contracts.connector import Connector, Page
from integrations.engine.landscape import Landscape
from integrations.engine.routing import Routing
from models.domain.clock import Clock
from models.domain.errors import Misconfigured, OutcomeUnknown, RateLimited, Retriable
from models.journal.cursors import CursorMoved
from models.journal.journal import Journal


class Polling:
    """Reads streams to their end. Safe to repeat: events that came before are recognised."""

    def __init__(self, journal: Journal, landscape: Landscape, routing: Routing, clock: Clock, limit: int = 500) -> None:
        self._journal, self._landscape, self._routing, self._clock, self._limit = journal, landscape, routing, clock, limit
        journal.cursors.register(self.streams())

    def streams(self) -> list[tuple[str, str]]:
        """Every (system, stream) there is to poll."""
        return [(name, stream) for name, connector in self._landscape.connectors.items() for stream in connector.streams]

    def poll(self, system: str, stream: str) -> int:
        """Read one stream to its end and admit what is new; how many runs were started or woken.

        A source that cannot be read now is left for the next poll, with the reason beside its cursor and, for a
        circuit's count, in the throttle.
        """
        began, changed = self._clock.now(), 0
        cursor = self._journal.cursors.get(system, stream)
        connector = self._landscape.connectors[system]
        while True:
            page = self._page(connector, stream, cursor)
            if page is None:
                return changed
            arrivals = [self._routing.arrival(event) for event in page.events]
            arrivals += [self._routing.rejected(system, stream, name, row, error, began) for name, row, error in page.rejected]
            moved = partial(
                self._journal.cursors.move, system=system, stream=stream, since=cursor, cursor=page.cursor, polled_at=None if page.more else began
            )
            try:
                admitted = self._journal.runs.admit(arrivals, moved)
            except CursorMoved:
                cursor = self._journal.cursors.get(system, stream)
                continue
            cursor = page.cursor
            changed += len(admitted.started) + len(admitted.woken)
            if not page.more:
                return changed

    def _page(self, connector: Connector, stream: str, cursor: str | None) -> Page | None:
        name = connector.config.name
        circuit = self._journal.throttle.circuits().get(name)
        if circuit and circuit.held_until and circuit.held_until > self._clock.now():
            return None
        try:
            return connector.poll(stream, cursor, self._limit)
        except RateLimited as error:
            self._journal.throttle.hold(name, error.until)
            self._journal.cursors.fail(name, stream, str(error))
        except (Retriable, OutcomeUnknown, Misconfigured) as error:
            self._journal.cursors.fail(name, stream, str(error))
        except Exception as error:  # noqa: BLE001  one source's fault must not end the polls of the others
            self._journal.cursors.fail(name, stream, f"{type(error).__name__}: {error}")
        return None
