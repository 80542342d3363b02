"""Ask: a request is the only way to move a run from outside the engine."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from models.domain.plan import plan_of
from models.journal.cases.tables import case_, case_event, request
from models.journal.database import reading
from models.journal.requests.approving import Approving, Wanted, being_previewed, not_begun
from models.journal.requests.ending import request_record
from models.journal.requests.weighing import Weight, weighed
from models.journal.writing import writing

STEERING = ("cancel", "pause_flow", "resume_flow")
KINDS = ("preview", "replay", *STEERING)


class Asking(Approving):
    """What is asked is kept with its audit record, and carried out by the engine alone, once it may be."""

    def append(
        self,
        kind: str,
        body: Mapping[str, Any],
        actor: str,
        reason: str | None = None,
        subject: str | None = None,
    ) -> str:
        """Keep a request for the engine, its audit record and, where it comes from a case, an entry in the case's
        history. A replay above the thresholds waits for a second person; `subject` is who the actor is.

        Raises ValueError for an unknown kind, an empty selection, a plan hash that is not the hash of what is asked
        (the set that runs is the set that was seen), a replay of many runs or one that takes two without a reason, one
        whose preview is being made and one that is asked for already and that no engine has taken; a cancel, pause or
        resume without a reason.
        """
        plan_hash, case_id = _checked(kind, body, reason), body.get("case_id")
        weight = self.weight(body) if kind == "replay" else None
        with writing(self._engine) as connection:
            if kind == "replay" and (why := being_previewed(connection, plan_hash) or not_begun(connection, plan_hash)):
                raise ValueError(why)
            if kind in ("replay", "cancel"):
                _known(connection, case_id)
            if weight and weight.because:
                why = _reasoned(weight, reason)
                wanted = Wanted(kind, body, weight.content, weight.because, why, None, case_id, plan_hash)
                return self._wait(connection, wanted, actor, subject)
            return self._begin(connection, kind, body, actor, reason, case_id, plan_hash)

    def weight(self, body: Mapping[str, Any]) -> Weight:
        """What a replay would be about as things stand, and why it would take a second person."""
        with reading(self._engine) as connection:
            return weighed(connection, plan_of(body), self._thresholds, self._clock.now())

    def _begin(
        self,
        connection: sa.Connection,
        kind: str,
        body: Mapping[str, Any],
        actor: str,
        reason: str | None,
        case_id: str | None,
        plan_hash: str | None,
    ) -> str:
        request_id, now = self._identity(), self._clock.now()
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
        said = {"reason": reason, "plan_hash": plan_hash}
        if case_id and kind in ("replay", "cancel"):
            _note_on_case(connection, case_id, kind, actor, now, {"request_id": request_id, **said})
        self._feed.append(connection, [request_record(request_id, kind, body, "requested", actor, now, said)])
        return request_id

    def cancel(self, request_id: str, actor: str, reason: str) -> bool:
        """Stop a request that is pending or running; its taker notices at its next progress. False where it had ended.

        Raises ValueError without a reason.
        """
        if not reason.strip():
            raise ValueError("say why: it is kept in the audit lake")
        return self._end(request_id, "cancelled", None, actor, reason)


def _note_on_case(
    connection: sa.Connection, case_id: str, kind: str, actor: str, now: datetime, body: Mapping[str, Any]
) -> None:
    said = {key: value for key, value in body.items() if value is not None}
    noted = {"case_id": case_id, "at": now, "actor": actor, "action": f"{kind}_requested", "body": said}
    connection.execute(sa.insert(case_event).values(**noted))


def _known(connection: sa.Connection, case_id: str | None) -> None:
    known = sa.select(case_.c.case_id).where(case_.c.case_id == case_id)
    if case_id and connection.scalar(known) is None:
        raise ValueError(f"there is no case {case_id!r}: leave case_id out or give one that exists")


def _reasoned(weight: Weight, reason: str | None) -> str:
    if not (reason or "").strip():
        raise ValueError(f"say why: it takes a second person, since {weight.because[0]}")
    return str(reason).strip()


def _checked(kind: str, body: Mapping[str, Any], reason: str | None) -> str | None:
    if kind not in KINDS:
        raise ValueError(f"unknown request {kind!r}: ask for one of {', '.join(KINDS)}")
    if kind in ("pause_flow", "resume_flow") and not body.get("flow"):
        raise ValueError(f"{kind} needs the flow's name")
    if kind in STEERING and not (reason or "").strip():
        raise ValueError("say why: it is kept in the audit lake")
    if kind == "cancel" and not body.get("run_ids"):
        raise ValueError("cancel needs run_ids: select at least one run")
    if kind not in ("preview", "replay"):
        return None
    plan = plan_of(body)
    if body.get("plan_hash") not in (None, plan.hash):
        raise ValueError(
            "the selection or correction has changed since the preview: preview again and confirm the new plan"
        )
    if kind == "replay" and (unreasoned := plan.unreasoned(reason)):
        raise ValueError(unreasoned)
    return plan.hash
