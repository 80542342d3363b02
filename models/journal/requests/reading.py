"""Requests as readers see them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from models.domain.clock import Clock
from models.journal.cases.tables import request
from models.journal.database import reading

ENDED = ("done", "failed", "cancelled")
UNDONE = ("refused", "withdrawn", "expired")
"""How a request ends that a second person had to agree to and that was never begun."""


@dataclass(frozen=True, slots=True)
class Request:
    """A request and how far it is: pending, running, done, failed or cancelled; one that takes two people is asked
    first, then approved, or refused, withdrawn or expired.
    """

    request_id: str
    kind: str
    body: Mapping[str, Any]
    state: str
    result: Any
    actor: str
    reason: str | None
    case_id: str | None
    plan_hash: str | None
    created_at: datetime
    settled_at: datetime | None
    updated_at: datetime
    takes: int

    @property
    def ended(self) -> bool:
        return self.state in (*ENDED, *UNDONE)


COLUMNS = [request.c[name] for name in Request.__slots__]


class RequestReading:
    """Nothing here moves a request."""

    def __init__(self, engine: sa.Engine, clock: Clock) -> None:
        self._engine, self._clock = engine, clock

    def get(self, request_id: str) -> Request | None:
        """One request, or None."""
        with reading(self._engine) as connection:
            row = connection.execute(sa.select(*COLUMNS).where(request.c.request_id == request_id)).mappings().first()
        return None if row is None else Request(**row)

    def recent(self, limit: int = 50, case_id: str | None = None) -> list[Request]:
        """The newest requests first, of one case where it is given."""
        query = sa.select(*COLUMNS).order_by(request.c.created_at.desc(), request.c.request_id).limit(limit)
        if case_id:
            query = query.where(request.c.case_id == case_id)
        with reading(self._engine) as connection:
            return [Request(**row) for row in connection.execute(query).mappings()]

    def preview_of(self, plan_hash: str) -> Request | None:
        """The newest preview of this very plan, whoever asked for it."""
        same = (request.c.kind == "preview", request.c.plan_hash == plan_hash)
        query = sa.select(*COLUMNS).where(*same).order_by(request.c.created_at.desc()).limit(1)
        with reading(self._engine) as connection:
            row = connection.execute(query).mappings().first()
        return None if row is None else Request(**row)
