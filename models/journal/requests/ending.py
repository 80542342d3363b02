"""What the desk and the engine share of requests: an end comes once, and is on record."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import sqlalchemy as sa

from models.domain.clock import Clock
from models.domain.record import Record, RecordKind
from models.journal.cases.report import FeedWriter
from models.journal.cases.tables import request
from models.journal.database import wall_now
from models.journal.requests.reading import COLUMNS
from models.journal.writing import writing

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class RequestStore:
    """Leases run on the database's wall time (unless `wall` is handed in), everything else on the clock: neither a
    worker's clock nor the world's decides who holds a request.
    """

    def __init__(
        self,
        engine: sa.Engine,
        clock: Clock,
        feed: FeedWriter,
        identity: Callable[[], str] = lambda: uuid4().hex,
        wall: Callable[[], datetime] | None = None,
    ) -> None:
        self._engine, self._clock, self._feed, self._identity, self._wall = engine, clock, feed, identity, wall

    def _end(self, request_id: str, state: str, result: Any, actor: str | None, reason: str | None) -> bool:
        now = self._clock.now()
        ending = sa.update(request).where(
            request.c.request_id == request_id, request.c.state.in_(("pending", "running"))
        )
        values: dict[str, Any] = {
            "state": state,
            "settled_at": now,
            "updated_at": now,
            "lease_owner": None,
            "lease_until_wall": None,
        }
        if result is not None:
            values["result"] = result
        with writing(self._engine) as connection:
            if connection.execute(ending.values(**values)).rowcount != 1:
                return False
            row = connection.execute(sa.select(*COLUMNS).where(request.c.request_id == request_id)).mappings().one()
            said = {"reason": reason, "result": _summary(row["result"])}
            self._feed.append(
                connection,
                [request_record(request_id, row["kind"], row["body"], state, actor or row["actor"], now, said)],
            )
        return True

    def _now_on(self, connection: sa.Connection) -> datetime:
        return self._wall() if self._wall else _EPOCH + timedelta(microseconds=wall_now(connection))


def request_record(
    request_id: str, kind: str, body: Mapping[str, Any], status: str, actor: str, at: datetime, said: Mapping[str, Any]
) -> Record:
    """What the audit lake keeps of a request: who asked for what, and how it ended."""
    kept = {key: value for key, value in said.items() if value is not None}
    return Record(
        RecordKind.OPERATOR_ACTION,
        at,
        flow=body.get("flow"),
        entity="request",
        business_key=f"request:{request_id}",
        status=status,
        actor=actor,
        body={
            "action": kind,
            "request_id": request_id,
            **{key: value for key, value in body.items() if key != "plan_hash"},
            **kept,
        },
    )


def _summary(result: Any) -> Any:
    """Counts and flags of a result; the fields of a preview may be sensitive and stay in the journal."""
    if not isinstance(result, Mapping):
        return None
    return {key: value for key, value in result.items() if isinstance(value, int | str | bool)}
