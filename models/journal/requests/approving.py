"""Make a request wait for a second person."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from models.domain.approval import content_hash, subject_of
from models.journal.cases.tables import request
from models.journal.requests.approvals import approval_of
from models.journal.requests.ending import RequestStore
from models.journal.requests.tables import approval


@dataclass(frozen=True, slots=True)
class Wanted:
    """What somebody asks of a second person: `content` is what is agreed to, `body` the request that it is carried out
    from, `thing` what only one waiting request may be about.
    """

    kind: str
    body: Mapping[str, Any]
    content: Mapping[str, Any]
    because: Sequence[str]
    reason: str
    thing: str | None = None
    case_id: str | None = None
    plan_hash: str | None = None


class Approving(RequestStore):
    """What waits is kept with exactly what it asks for, and its hash."""

    def _wait(self, connection: sa.Connection, wanted: Wanted, actor: str, subject: str | None) -> str:
        """Keep it in the caller's transaction. Raises ValueError where a request about the same thing waits already."""
        other = sa.select(approval.c.asked_by).where(approval.c.thing == wanted.thing, approval.c.decision.is_(None))
        if wanted.thing and (asked_by := connection.scalar(other)):
            raise ValueError(f"{asked_by} has asked for this already: it waits for a second person")
        request_id, now, hash_ = self._identity(), self._clock.now(), content_hash(wanted.content)
        connection.execute(
            sa.insert(request).values(
                request_id=request_id,
                kind=wanted.kind,
                body=dict(wanted.body),
                state="asked",
                actor=actor,
                reason=wanted.reason,
                case_id=wanted.case_id,
                plan_hash=wanted.plan_hash,
                created_at=now,
                updated_at=now,
                takes=0,
            )
        )
        connection.execute(
            sa.insert(approval).values(
                request_id=request_id,
                content=dict(wanted.content),
                content_hash=hash_,
                because=list(wanted.because),
                thing=wanted.thing,
                asked_by=actor,
                asked_as=subject_of(actor, subject),
                asked_at=now,
                expires_at=now + self._thresholds.open_for,
            )
        )
        said = {"reason": wanted.reason, "content": wanted.content, "content_hash": hash_, "because": wanted.because}
        self._tell(connection, request_id, wanted.kind, "asked", actor, now, said, wanted.case_id)
        return request_id

    def _record_of(self, connection: sa.Connection, request_id: str | None) -> Mapping[str, Any]:
        """What an earlier request was about."""
        asked = approval_of(connection, request_id) if request_id else None
        return asked.content if asked else {}


def being_previewed(connection: sa.Connection, plan_hash: str | None) -> str | None:
    """Why a plan must wait whose preview is being made: nobody has seen yet what it would do."""
    found = _of_plan(connection, plan_hash, "preview", ("pending", "running"))
    return "its preview is being made: see first what it would do" if found else None


def not_begun(connection: sa.Connection, plan_hash: str | None) -> str | None:
    """Why a plan is not asked for that an engine is about to take: twice it would be done twice."""
    found = _of_plan(connection, plan_hash, "replay", ("pending", "approved"))
    return (
        f"request {found} asks for exactly this already and waits for an engine: watch it, or stop it"
        if found
        else None
    )


def _of_plan(connection: sa.Connection, plan_hash: str | None, kind: str, states: Sequence[str]) -> str | None:
    """A request of this plan in one of these states."""
    of_plan = sa.select(request.c.request_id).where(
        request.c.plan_hash == plan_hash, request.c.kind == kind, request.c.state.in_(states)
    )
    found: str | None = connection.scalar(of_plan.limit(1))
    return found
