"""Expire: what nobody decided in time is over, and says so."""

from __future__ import annotations

import sqlalchemy as sa

from models.journal.cases.tables import request
from models.journal.database import reading
from models.journal.requests.approvals import approval_of
from models.journal.requests.ending import RequestStore
from models.journal.requests.tables import approval
from models.journal.writing import writing

CLOCK_ACTOR = "tieout"
"""Who ends what nobody decided."""


class Expiring(RequestStore):
    """Asked again and again; each request expires once."""

    def _expire(self) -> None:
        """End what nobody decided in time; where there is nothing no writer waits."""
        waits = (approval.c.decision.is_(None), approval.c.expires_at <= self._clock.now())
        with reading(self._engine) as connection:
            found = list(connection.scalars(sa.select(approval.c.request_id).where(*waits)))
        for request_id in found:
            self._expired(request_id)

    def _expired(self, request_id: str) -> None:
        now = self._clock.now()
        still = (approval.c.request_id == request_id, approval.c.decision.is_(None))
        with writing(self._engine) as connection:
            asked = approval_of(connection, request_id)
            values = {"decision": "expired", "decided_at": now}
            if asked is None or connection.execute(sa.update(approval).where(*still).values(**values)).rowcount != 1:
                return
            waits = (request.c.request_id == request_id, request.c.state == "asked")
            ended = {"state": "expired", "settled_at": now, "updated_at": now}
            connection.execute(sa.update(request).where(*waits).values(**ended))
            said = {"content_hash": asked.hash, "asked_by": asked.asked_by, "reason": asked.reason}
            self._tell(connection, request_id, asked.kind, "expired", CLOCK_ACTOR, now, said, asked.case_id)
