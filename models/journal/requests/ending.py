"""What the desk and the engine share of requests: an end comes once, and is on record."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import sqlalchemy as sa

from models.domain.approval import Thresholds
from models.domain.clock import Clock
from models.domain.record import Record, RecordKind
from models.journal.cases.report import FeedWriter
from models.journal.cases.tables import case_event, request
from models.journal.database import wall_now
from models.journal.requests.reading import COLUMNS
from models.journal.writing import writing

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
OPEN = ("pending", "approved", "running")
"""States of a request that will be carried out, or is; one that is `asked` waits for a second person first."""


class RequestStore:
    """Leases run on the database's wall time (unless `wall` is handed in), everything else on the clock: neither a
    worker's clock nor the world's decides who holds a request. `thresholds` say what takes a second person.
    """

    def __init__(
        self,
        engine: sa.Engine,
        clock: Clock,
        feed: FeedWriter,
        identity: Callable[[], str] = lambda: uuid4().hex,
        wall: Callable[[], datetime] | None = None,
        thresholds: Thresholds = Thresholds(),
    ) -> None:
        self._engine, self._clock, self._feed, self._identity, self._wall = engine, clock, feed, identity, wall
        self._thresholds = thresholds

    def _end(
        self,
        request_id: str,
        state: str,
        result: Any,
        actor: str | None,
        reason: str | None,
        held: Sequence[str] = OPEN,
    ) -> bool:
        now = self._clock.now()
        ending = sa.update(request).where(request.c.request_id == request_id, request.c.state.in_(held))
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

    def _tell(
        self,
        connection: sa.Connection,
        request_id: str,
        kind: str,
        what: str,
        actor: str,
        now: datetime,
        said: Mapping[str, Any],
        case_id: str | None,
    ) -> None:
        """Tell the audit lake what became of a request, and the history of its case where it comes from one."""
        kept = {"request_id": request_id, **{name: value for name, value in said.items() if value is not None}}
        self._feed.append(connection, [request_record(request_id, kind, {"case_id": case_id}, what, actor, now, said)])
        if case_id:
            event = {"case_id": case_id, "at": now, "actor": actor, "action": f"{kind}_{what}", "body": kept}
            connection.execute(sa.insert(case_event).values(**event))

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
