"""Whether runs may be replayed now: by a request that holds, or because so little takes nobody's word (E4)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from models.domain.approval import NotApproved, Thresholds, content_hash
from models.domain.plan import Plan, plan_of
from models.journal.cases.tables import request
from models.journal.requests.tables import approval
from models.journal.requests.weighing import weighed

UNDER_WAY = "running"
"""The state of a request that an engine has taken: before, nobody carries it out; after its end, nobody again."""
CHANGED = "it is not what was approved: ask for it again"

Row = Mapping[str, Any]


def permitted(
    connection: sa.Connection, wave: Plan, because: Mapping[str, Any], thresholds: Thresholds, now: datetime
) -> None:
    """Let a replay pass that is a part of a request under way, which one person may make or another has approved; one
    that no request asked for, where it takes nobody's word. `because` names the request and the hash of its plan.

    Raises NotApproved otherwise, also for runs, a start or a correction that the request does not name.
    """
    request_id = because.get("request_id")
    if request_id is None:
        if said := weighed(connection, wave, thresholds, now).because:
            raise NotApproved(f"it takes a second person, since {said[0]}: ask for it by a request")
        return
    row = _row(connection, request, request_id)
    if row is None or row["kind"] != "replay":
        raise NotApproved(f"there is no request {request_id} to replay anything: ask for it")
    if fault := fault_of(connection, row, thresholds, now):
        raise NotApproved(fault)
    if row["state"] != UNDER_WAY:
        raise NotApproved(f"request {request_id} is {row['state']}, not under way: ask for it again")
    plan = plan_of(row["body"])
    if because.get("plan_hash", plan.hash) != plan.hash:
        raise NotApproved(f"request {request_id} is of another plan: ask for it again")
    if astray := _astray(wave, plan):
        raise NotApproved(f"request {request_id} names {astray}: ask for it too")


def fault_of(connection: sa.Connection, row: Row, thresholds: Thresholds, now: datetime) -> str | None:
    """Why the request of this row must not be carried out, whatever its state says; None where it may."""
    if row["kind"] != "replay":
        return None
    plan = plan_of(row["body"])
    found = _row(connection, approval, row["request_id"])
    if row["plan_hash"] not in (None, plan.hash):
        return CHANGED
    if found is None:
        because = weighed(connection, plan, thresholds, now).because
        return f"it takes a second person by now, since {because[0]}: ask for it again" if because else None
    return _unapproved(found, plan)


def overdue(connection: sa.Connection, row: Row, thresholds: Thresholds, now: datetime) -> str | None:
    """Why an approved request must not begin any more: nobody began it in time, or what it is about is another thing by
    now. None where it may.
    """
    found = _row(connection, approval, row["request_id"])
    if found is None:
        return None
    if now >= found["decided_at"] + (found["expires_at"] - found["asked_at"]):
        return "it was approved too long ago: ask for it again"
    if weighed(connection, plan_of(row["body"]), thresholds, now).hash != found["content_hash"]:
        return "what it is about has changed since it was approved: ask for it again"
    return None


def _row(connection: sa.Connection, table: sa.Table, request_id: str) -> Row | None:
    """What this table says of a request."""
    found = connection.execute(sa.select(table).where(table.c.request_id == request_id)).mappings().first()
    return None if found is None else dict(found)


def _unapproved(found: Row, plan: Plan) -> str | None:
    if found["decision"] != "approved" or found["decided_as"] in (None, found["asked_as"]):
        return "it waits for a second person, and none has approved it"
    if found["decided_at"] >= found["expires_at"]:
        return "it was approved after it had expired: ask for it again"
    exact = content_hash(found["content"]) == found["content_hash"] and found["content"].get("plan_hash") == plan.hash
    return None if exact else CHANGED


def _astray(wave: Plan, plan: Plan) -> str | None:
    """What of these runs the plan does not say: roots are replayed from their start and as they were."""
    runs = set(wave.run_ids)
    if others := runs - set(plan.everything):
        return f"no run {min(others)}"
    as_asked = (wave.start, wave.correction or None) == (plan.start, plan.correction or None)
    as_roots = runs <= set(plan.roots) and (wave.start, wave.correction or None) == ("start", None)
    if as_roots or (as_asked and runs <= set(plan.run_ids)):
        return None
    return f"another start or correction for {min(runs)}"
