"""Ask: a request is the only way to move a run from outside the engine."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from models.domain.plan import plan_of
from models.journal.cases.tables import case_, case_event, request
from models.journal.requests.ending import RequestStore, request_record
from models.journal.writing import writing

KINDS = ("preview", "replay", "cancel", "pause_flow", "resume_flow")


class Asking(RequestStore):
    """What is asked is kept with its audit record, and carried out by the engine alone."""

    def append(self, kind: str, body: Mapping[str, Any], actor: str, reason: str | None = None) -> str:
        """Keep a request for the engine, its audit record and, where it comes from a case, an entry in the case's
        history.

        Raises ValueError for an unknown kind, an empty selection, or a plan hash that is not the hash of what is asked:
        the set that runs is the set that was seen.
        """
        plan_hash = _checked(kind, body)
        now, request_id = self._clock.now(), self._identity()
        case_id = body.get("case_id")
        with writing(self._engine) as connection:
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
                [
                    request_record(
                        request_id, kind, body, "requested", actor, now, {"reason": reason, "plan_hash": plan_hash}
                    )
                ],
            )
        return request_id

    def cancel(self, request_id: str, actor: str, reason: str) -> bool:
        """Stop a request that is pending or running; its taker notices at its next progress."""
        return self._end(request_id, "cancelled", None, actor, reason)

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
