"""Decide: somebody else agrees to exactly what was asked for, or does not; who asked may take it back (E4, X9)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from models.domain.approval import NotApproved, subject_of, worded
from models.domain.plan import plan_of
from models.journal.cases.tables import request
from models.journal.database import reading
from models.journal.requests.approvals import Approval, approval_of
from models.journal.requests.approving import being_previewed
from models.journal.requests.ending import RequestStore
from models.journal.requests.tables import approval
from models.journal.requests.weighing import weighed
from models.journal.requests.written_off import carried_out
from models.journal.writing import writing

AFTER = {"approved": "approved", "refused": "refused", "withdrawn": "withdrawn", "expired": "expired"}
"""The state of a request after each decision; a write-off is carried out in the approval's own transaction."""


class Deciding(RequestStore):
    """A request is decided once. Each method raises NotApproved, with a sentence, where it does not hold: nothing has
    changed then.
    """

    def approve(self, request_id: str, content_hash: str, actor: str, words: str, subject: str | None = None) -> None:
        """Agree to what `content_hash` is the hash of: a replay begins, a write-off is made.

        Raises NotApproved where the actor asked for it, where it was decided, where it is not what the actor saw, and
        where what it is about has changed since; ValueError without words.
        """
        said = worded(words, "say in words what you agree to: it is kept with your name")
        self._unchanged(request_id)
        with writing(self._engine) as connection:
            asked = self._open(connection, request_id)
            if asked.is_of(actor, subject):
                raise NotApproved("you asked for this yourself: somebody else must approve it")
            if asked.hash != content_hash:
                raise NotApproved("this is not what you saw: look at it again and approve what it says now")
            if asked.kind == "replay" and (unseen := being_previewed(connection, asked.content["plan_hash"])):
                raise NotApproved(unseen)
            self._decided(connection, asked, "approved", actor, subject, said)

    def refuse(self, request_id: str, actor: str, words: str, subject: str | None = None) -> None:
        """Say no. Raises NotApproved where the actor asked for it (who withdraws instead); ValueError without words."""
        said = worded(words, "say why you refuse: who asked will read it")
        with writing(self._engine) as connection:
            asked = self._open(connection, request_id)
            if asked.is_of(actor, subject):
                raise NotApproved("you asked for this yourself: withdraw it instead")
            self._decided(connection, asked, "refused", actor, subject, said)

    def withdraw(self, request_id: str, actor: str, words: str | None = None, subject: str | None = None) -> None:
        """Take back what oneself asked for."""
        with writing(self._engine) as connection:
            asked = self._open(connection, request_id)
            if not asked.is_of(actor, subject):
                raise NotApproved(f"{asked.asked_by} asked for this: refuse it instead")
            self._decided(connection, asked, "withdrawn", actor, subject, words)

    def _unchanged(self, request_id: str) -> None:
        """Outside the transaction that writes: a plan of many runs takes a while to weigh."""
        with reading(self._engine) as connection:
            asked = approval_of(connection, request_id)
            if asked is None or not asked.waits or asked.kind != "replay":
                return
            body = connection.scalar(sa.select(request.c.body).where(request.c.request_id == request_id))
            now = weighed(connection, plan_of(body or {}), self._thresholds, self._clock.now())
        if now.hash != asked.hash:
            raise NotApproved("what it is about has changed since it was asked for: it must be asked for again")

    def _open(self, connection: sa.Connection, request_id: str) -> Approval:
        """What still waits. A request that has expired by now is ended so, and raised."""
        asked = approval_of(connection, request_id)
        if asked is None:
            raise NotApproved(f"nothing of request {request_id} waits for a second person")
        if not asked.waits:
            raise NotApproved(f"{asked.decided_by or 'nobody in time'} has decided this before: it is {asked.decision}")
        if asked.expires_at <= self._clock.now():
            raise NotApproved("nobody decided this in time: it has expired and must be asked for again")
        return asked

    def _decided(
        self,
        connection: sa.Connection,
        asked: Approval,
        decision: str,
        actor: str,
        subject: str | None,
        words: str | None,
    ) -> None:
        now = self._clock.now()
        values = {"decision": decision, "decided_by": actor, "decided_as": subject_of(actor, subject)}
        still = (approval.c.request_id == asked.request_id, approval.c.decision.is_(None))
        done = connection.execute(sa.update(approval).where(*still).values(**values, decided_at=now, words=words))
        if done.rowcount != 1:
            raise NotApproved("somebody else has just decided this")
        state = AFTER[decision]
        if decision == "approved" and asked.kind != "replay":
            carried_out(connection, asked, actor, subject, now)
            state = "done"
        self._moved(connection, asked, state, now)
        self._told(connection, asked, decision, actor, words, now)

    def _moved(self, connection: sa.Connection, asked: Approval, state: str, now: datetime) -> None:
        ended = {} if state == "approved" else {"settled_at": now}
        where = (request.c.request_id == asked.request_id, request.c.state == "asked")
        moved = connection.execute(sa.update(request).where(*where).values(state=state, updated_at=now, **ended))
        if moved.rowcount != 1:
            raise NotApproved("the request moved on while you decided: look at it again")

    def _told(
        self,
        connection: sa.Connection,
        asked: Approval,
        decision: str,
        actor: str,
        words: str | None,
        now: datetime,
    ) -> None:
        said: Mapping[str, Any] = {
            "words": words,
            "content_hash": asked.hash,
            "asked_by": asked.asked_by,
            "reason": asked.reason,
        }
        self._tell(connection, asked.request_id, asked.kind, decision, actor, now, said, asked.case_id)
