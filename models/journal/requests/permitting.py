"""Whether runs may be replayed now: by a request that holds, or because so little takes nobody's word (E4)."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from models.domain.approval import NotApproved, Thresholds
from models.domain.plan import Plan, plan_of
from models.journal.cases.tables import request
from models.journal.requests.approvals import fault_of
from models.journal.requests.weighing import weighed


def permitted(connection: sa.Connection, plan: Plan, request_id: str | None, now: datetime) -> None:
    """Let a replay of these runs pass where it is of a request that takes one person or was approved; one that no
    request asked for, where it is below the packaged thresholds.

    Raises NotApproved otherwise, also for runs that the request did not name.
    """
    body = connection.scalar(sa.select(request.c.body).where(request.c.request_id == request_id))
    if body is None:
        if because := weighed(connection, plan, Thresholds(), now).because:
            raise NotApproved(f"it takes a second person, since {because[0]}: ask for it by a request")
        return
    if fault := fault_of(connection, str(request_id), body):
        raise NotApproved(fault)
    if others := set(plan.run_ids) - set(plan_of(body).everything):
        raise NotApproved(f"request {request_id} names no run {min(others)}: ask for it too")
