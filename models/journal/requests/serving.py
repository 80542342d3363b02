"""Serve: the engine takes requests and ends them, one engine at a time."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import asdict
from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from models.action_log import action
from models.journal.cases.tables import request
from models.journal.database import reading
from models.journal.requests.expiring import Expiring
from models.journal.requests.permitting import fault_of, overdue
from models.journal.requests.reading import COLUMNS, ENDED, Request

_LOG = logging.getLogger("tieout.journal")
LEASE = timedelta(seconds=60)


class Serving(Expiring):
    """A request is in one engine's hands at a time; one that is lost leaves it to the next."""

    def take(self, owner: str, kinds: Sequence[str], limit: int = 1, lease: timedelta = LEASE) -> list[Request]:
        """Up to `limit` requests that nothing keeps waiting, the oldest first, leased to `owner`; also those whose
        taker's lease has run out.

        No request is held by two owners at a time; `progress` renews the lease. Where there is none no writer waits.
        One that is not what a second person approved, or takes one by now, fails here; one that nobody decided in time
        expires.
        """
        self._expire()
        return [one for one in self._taken(owner, kinds, limit, lease) if self._holds(one)]

    def _taken(self, owner: str, kinds: Sequence[str], limit: int, lease: timedelta) -> list[Request]:
        with reading(self._engine) as connection:
            if connection.execute(self._free(connection, kinds, 1)).first() is None:
                return []
        with self._engine.begin() as connection:
            wall = self._now_on(connection)
            ids = list(connection.scalars(self._free(connection, kinds, limit).with_for_update(skip_locked=True)))
            if not ids:
                return []
            connection.execute(
                sa.update(request)
                .where(request.c.request_id.in_(ids))
                .values(
                    state="running",
                    lease_owner=owner,
                    lease_until_wall=wall + lease,
                    takes=request.c.takes + 1,
                    updated_at=self._clock.now(),
                )
            )
            rows = connection.execute(
                sa.select(*COLUMNS).where(request.c.request_id.in_(ids)).order_by(request.c.created_at)
            ).mappings()
            taken = [Request(**row) for row in rows]
        for one in taken:
            action(_LOG, logging.INFO, "request.taken", request_id=one.request_id, kind=one.kind, owner=owner)
        return taken

    def _holds(self, taken: Request) -> bool:
        row, now = asdict(taken), self._clock.now()
        with reading(self._engine) as connection:
            fault = fault_of(connection, row, self._thresholds, now)
            if fault is None and taken.takes == 1:
                fault = overdue(connection, row, self._thresholds, now)
        if fault:
            self._end(taken.request_id, "failed", {"error": fault}, None, fault)
        return fault is None

    def _free(self, connection: sa.Connection, kinds: Sequence[str], limit: int) -> sa.Select[tuple[str]]:
        """Ids of requests that nobody holds now, the oldest first."""
        lost = sa.and_(request.c.state == "running", request.c.lease_until_wall < self._now_on(connection))
        waiting = request.c.state.in_(("pending", "approved"))
        free = sa.and_(sa.or_(waiting, lost), request.c.kind.in_(list(kinds)))
        oldest = (request.c.created_at, request.c.request_id)
        return sa.select(request.c.request_id).where(free).order_by(*oldest).limit(limit)

    def progress(self, request_id: str, result: Any, owner: str | None = None, lease: timedelta = LEASE) -> bool:
        """Keep how far it is and renew the lease. False when it is no longer running (cancelled) or now another
        owner's: stop then.
        """
        held = [request.c.request_id == request_id, request.c.state == "running"]
        if owner is not None:
            held.append(request.c.lease_owner == owner)
        with self._engine.begin() as connection:
            values = {
                "result": result,
                "updated_at": self._clock.now(),
                "lease_until_wall": self._now_on(connection) + lease,
            }
            return connection.execute(sa.update(request).where(*held).values(**values)).rowcount == 1

    def settle(self, request_id: str, state: str, result: Any = None) -> bool:
        """End a request as done, failed or cancelled with its result, once: a second end changes nothing and answers
        False.

        Raises ValueError for another state.
        """
        if state not in ENDED:
            raise ValueError(f"a request ends as {', '.join(ENDED)}, not as {state!r}")
        return self._end(request_id, state, result, None, None)
