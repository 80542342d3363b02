"""On-dead notices: what the `on_dead` step of a flow still has to say of a dead run."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import sqlalchemy as sa

from models.domain.record import Record
from models.journal.metadata import micros
from models.journal.runs.run import Run, run_of
from models.journal.runs.store import RunStore
from models.journal.sealing import keys_of
from models.journal.statements import statements

_SQL = Path(__file__).with_name("notices.sql")
_LEASE = timedelta(minutes=5)


class Notices(RunStore):
    """A notice is in one sender's hands at a time, and due again when that one is lost; the run stays dead."""

    def notices(self, limit: int) -> list[Run]:
        """Dead runs whose notice is due, oldest first: the caller's, to be ended by `keep_notices`; should it be lost,
        they are due again after some minutes.
        """
        now = self._clock.now()
        values = {"limit": limit, "now": micros(now), "until": micros(now + _LEASE)}

        def work(connection: sa.Connection) -> list[Run]:
            due = statements(_SQL, connection.dialect.name)["due"]
            found, keys = connection.execute(due, values), keys_of(connection)
            return sorted((run_of(row, keys) for row in found), key=lambda run: run.seq)

        return self._transaction(work)

    def keep_notices(self, runs: Sequence[Run], records: Sequence[Record]) -> None:
        """How the notices of these runs stand now (`notice`, `notice_at`, `notice_tries`), with the records of it."""

        def work(connection: sa.Connection) -> None:
            keep = statements(_SQL, connection.dialect.name)["keep"]
            for run in runs:
                values = {
                    "seq": run.seq,
                    "notice": run.notice,
                    "notice_at": micros(run.notice_at) if run.notice_at else None,
                    "notice_tries": run.notice_tries,
                }
                connection.execute(keep, values)
            self._feed.append(connection, records)

        self._transaction(work)
