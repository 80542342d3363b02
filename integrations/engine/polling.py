"""Polling: what changed at the sources is admitted together with the cursor's move, all or nothing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial

import sqlalchemy as sa

from integrations.contracts.connector import Connector, Page
from integrations.engine.gate import HeldBack
from integrations.engine.gates import Gates
from integrations.engine.landscape import Landscape
from integrations.engine.retry import error_of
from integrations.engine.routing import UNSTORABLE, Routing
from models.domain.clock import Clock
from models.journal.cursors import CursorMoved
from models.journal.ports.engine import EnginePort
from models.journal.runs.admission import Admitted
from models.journal.runs.run import Arrival


class Polling:
    """Reads streams to their end. Safe to repeat: events that came before are recognised."""

    def __init__(
        self,
        journal: EnginePort,
        landscape: Landscape,
        routing: Routing,
        clock: Clock,
        gates: Gates,
        limit: int = 500,
    ) -> None:
        self._journal, self._landscape, self._routing, self._clock = journal, landscape, routing, clock
        self._gates, self._limit = gates, limit
        journal.cursors.register(self.streams())

    def streams(self) -> list[tuple[str, str]]:
        """Every (system, stream) there is to poll."""
        return [
            (name, stream) for name, connector in self._landscape.connectors.items() for stream in connector.streams
        ]

    def poll(self, system: str, stream: str) -> int:
        """Read one stream to its end and admit what is new; how many runs were started or woken.

        A page is a call like any other: it takes a token of the system's bucket, waits behind its circuit, and counts
        in it. A source that cannot be read now is left for the next poll, with the reason beside its cursor and in the
        feed.
        """
        began, changed = self._clock.now(), 0
        cursor = self._journal.cursors.get(system, stream) or self._begun(system, stream)
        connector = self._landscape.connectors[system]
        while True:
            page = self._page(connector, stream, cursor)
            if page is None:
                return changed
            arrivals = [self._routing.arrival(event) for event in page.events]
            arrivals += [
                self._routing.rejected(system, stream, name, row, error, began) for name, row, error in page.rejected
            ]
            try:
                changed += self.admitted(
                    system, stream, arrivals, partial(self._moved, system, stream, cursor, page, began)
                )
            except CursorMoved:
                cursor = self._journal.cursors.get(system, stream)
                continue
            cursor = page.cursor
            if not page.more:
                return changed

    def admitted(
        self, system: str, stream: str, arrivals: Sequence[Arrival], moved: Callable[[sa.Connection], object]
    ) -> int:
        """Admit a page with what `moved` does in its transaction; how many runs were started or woken. An arrival that
        no database keeps, whatever it holds, costs no neighbour: where a page cannot be kept, each of its arrivals is
        admitted alone.
        """
        admit = self._journal.runs.admit
        try:
            return _changed(admit(arrivals, moved))
        except UNSTORABLE:
            alone = sum(self._alone(system, stream, one) for one in arrivals)
            return alone + _changed(admit([], moved))

    def _alone(self, system: str, stream: str, arrival: Arrival) -> int:
        try:
            return _changed(self._journal.runs.admit([arrival]))
        except UNSTORABLE as error:
            refused = self._routing.unstorable(system, stream, arrival, error, self._clock.now())
            return _changed(self._journal.runs.admit([refused]))

    def _begun(self, system: str, stream: str) -> str | None:
        """The cursor of a stream that has none: where it stood before it was begun again, if nobody could read it for
        long since.
        """
        self._journal.runs.read_on(system, stream)
        return self._journal.cursors.get(system, stream)

    def _moved(
        self, system: str, stream: str, since: str | None, page: Page, began: datetime, connection: sa.Connection
    ) -> None:
        """What joins a page's admission: the cursor's move, the end of the dead letters whose rows it showed again."""
        self._journal.cursors.move(connection, system, stream, since, page.cursor, None if page.more else began)
        self._journal.runs.shown(
            connection, system, stream, {*page.seen, *(name for name, _, _ in page.rejected)}, not page.more
        )

    def _page(self, connector: Connector, stream: str, cursor: str | None) -> Page | None:
        try:
            with self._gates.asked(connector).reading():
                return connector.poll(stream, cursor, self._limit)
        except HeldBack:
            return None
        except Exception as error:  # noqa: BLE001  one source's fault must not end the polls of the others
            code, message, _ = error_of(error)
            self._journal.cursors.fail(connector.config.name, stream, code, message)
            return None


def _changed(admitted: Admitted) -> int:
    return len(admitted.started) + len(admitted.woken)
