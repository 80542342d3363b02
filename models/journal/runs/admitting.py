"""Admit: events become runs."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence

import sqlalchemy as sa

from models.journal.runs import rereads
from models.journal.runs.admission import Admitted, admit
from models.journal.runs.run import Arrival
from models.journal.runs.store import RunStore


class Admitting(RunStore):
    """Each business fact becomes one run, however often and by whatever road its event comes."""

    def admit(self, arrivals: Sequence[Arrival], within: Callable[[sa.Connection], object] | None = None) -> Admitted:
        """Admit what is new, with its records; `within` joins the transaction (a cursor's move). Safe to repeat."""

        def work(connection: sa.Connection) -> Admitted:
            admitted = admit(connection, arrivals, self._clock.now())
            if within is not None:
                within(connection)
            self._feed.append(connection, admitted.records)
            return admitted

        return self._transaction(work)

    def shown(self, connection: sa.Connection, system: str, stream: str, rows: Collection[str], ended: bool) -> None:
        """Close the dead letters whose rows a page showed again (`rows`: source ids), in the transaction that admits
        the page; once the stream's end is reached (`ended`), those whose rows did not come say so.
        """
        self._feed.append(connection, rereads.shown(connection, system, stream, rows, ended, self._clock.now()))

    def read_on(self, system: str, stream: str) -> None:
        """Let a stream that was begun again go on from where it stood before, if it could not be read for long since,
        and say so on the dead letters whose rows were asked for. Safe to repeat.
        """

        def work(connection: sa.Connection) -> None:
            self._feed.append(connection, rereads.read_on(connection, system, stream, self._clock.now()))

        self._transaction(work)
