"""What operators ask of the engine: preview, replay, cancel, pause and resume. A request is the only way to write from
outside.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import sqlalchemy as sa

from models.domain.clock import Clock
from models.domain.plan import plan_of
from models.domain.record import Record, RecordKind
from models.journal.case_report import FeedWriter
from models.journal.case_tables import case_, case_event, request
from models.journal.database import reading, wall_now

KINDS = ("preview", "replay", "cancel", "pause_flow", "resume_flow")
ENDED = ("done", "failed", "cancelled")
LEASE = timedelta(seconds=60)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Request:
    """A request and how far it is: pending, running, done, failed or cancelled."""

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
        return self.state in ENDED


_COLUMNS = [request.c[name] for name in Request.__slots__]


class Requests:
    """Each method is one transaction. Leases run on the database's wall time (unless `wall` is handed in), everything
    else on the clock: neither a worker's clock nor the world's decides who holds a request.
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

    def append(self, kind: str, body: Mapping[str, Any], actor: str, reason: str | None = None) -> str:
        """Keep a request for the engine, its audit record and, where it comes from a case, an entry in the case's
        history.

        Raises ValueError for an unknown kind, an empty selection, or a plan hash that is not the hash of what is asked:
        the set that runs is the set that was seen.
        """
        plan_hash = _checked(kind, body)
        now, request_id = self._clock.now(), self._identity()
        case_id = body.get("case_id")
        with self._engine.begin() as connection:
            connection.execute(
                sa.insert(request).values(
                    request_id=request_id,
                    kind=kind,
                    body=dict(body),
                    state="pending",
                    actor=actor,
                    reason=reason,
                    case_id=case_id,
                    plan_hash=plan_hash,
                    created_at=now,
                    updated_at=now,
                    takes=0,
                )
            )
            if case_id and kind == "replay":
                self._note_on_case(
                    connection,
                    case_id,
                    actor,
                    now,
                    {"request_id": request_id, "plan_hash": plan_hash, "reason": reason},
                )
            self._feed.append(
                connection,
                [_record(request_id, kind, body, "requested", actor, now, {"reason": reason, "plan_hash": plan_hash})],
            )
        return request_id

    def get(self, request_id: str) -> Request | None:
        """One request, or None."""
        with reading(self._engine) as connection:
            row = connection.execute(sa.select(*_COLUMNS).where(request.c.request_id == request_id)).mappings().first()
        return None if row is None else Request(**row)

    def recent(self, limit: int = 50, case_id: str | None = None) -> list[Request]:
        """The newest requests first, of one case where it is given."""
        query = sa.select(*_COLUMNS).order_by(request.c.created_at.desc(), request.c.request_id).limit(limit)
        if case_id:
            query = query.where(request.c.case_id == case_id)
        with reading(self._engine) as connection:
            return [Request(**row) for row in connection.execute(query).mappings()]

    def take(self, owner: str, kinds: Sequence[str], limit: int = 1, lease: timedelta = LEASE) -> list[Request]:
        """Up to `limit` pending requests, the oldest first, leased to `owner`; also those whose taker's lease has run
        out.

        No request is held by two owners at a time; `progress` renews the lease.
        """
        with self._engine.begin() as connection:
            wall = self._now_on(connection)
            free = sa.or_(
                request.c.state == "pending", sa.and_(request.c.state == "running", request.c.lease_until_wall < wall)
            )
            query = sa.select(request.c.request_id).where(free, request.c.kind.in_(list(kinds)))
            query = (
                query.order_by(request.c.created_at, request.c.request_id)
                .limit(limit)
                .with_for_update(skip_locked=True)
            )
            ids = list(connection.scalars(query))
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
                sa.select(*_COLUMNS).where(request.c.request_id.in_(ids)).order_by(request.c.created_at)
            ).mappings()
            return [Request(**row) for row in rows]

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

    def cancel(self, request_id: str, actor: str, reason: str) -> bool:
        """Stop a request that is pending or running; its taker notices at its next progress."""
        return self._end(request_id, "cancelled", None, actor, reason)

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
        with self._engine.begin() as connection:
            if connection.execute(ending.values(**values)).rowcount != 1:
                return False
            row = connection.execute(sa.select(*_COLUMNS).where(request.c.request_id == request_id)).mappings().one()
            said = {"reason": reason, "result": _summary(row["result"])}
            self._feed.append(
                connection, [_record(request_id, row["kind"], row["body"], state, actor or row["actor"], now, said)]
            )
        return True

    def _now_on(self, connection: sa.Connection) -> datetime:
        return self._wall() if self._wall else _EPOCH + timedelta(microseconds=wall_now(connection))

    def _note_on_case(
        self, connection: sa.Connection, case_id: str, actor: str, now: datetime, body: Mapping[str, Any]
    ) -> None:
        known = connection.scalar(sa.select(case_.c.case_id).where(case_.c.case_id == case_id))
        if known is None:
            raise ValueError(f"there is no case {case_id!r}: leave case_id out or give one that exists")
        said = {key: value for key, value in body.items() if value is not None}
        connection.execute(
            sa.insert(case_event).values(case_id=case_id, at=now, actor=actor, action="replay_requested", body=said)
        )


def _checked(kind: str, body: Mapping[str, Any]) -> str | None:
    if kind not in KINDS:
        raise ValueError(f"unknown request {kind!r}: ask for one of {', '.join(KINDS)}")
    if kind in ("pause_flow", "resume_flow") and not body.get("flow"):
        raise ValueError(f"{kind} needs the flow's name")
    if kind == "cancel" and not body.get("run_ids"):
        raise ValueError("cancel needs run_ids: select at least one run")
    if kind not in ("preview", "replay"):
        return None
    plan = plan_of(body)
    if body.get("plan_hash") not in (None, plan.hash):
        raise ValueError(
            "the selection or correction has changed since the preview: preview again and confirm the new plan"
        )
    return plan.hash


def _record(
    request_id: str, kind: str, body: Mapping[str, Any], status: str, actor: str, at: datetime, said: Mapping[str, Any]
) -> Record:
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
