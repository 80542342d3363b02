"""What an approved request makes of the books: a write-off, or the end of one, in the approval's own transaction."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from models.domain.approval import NotApproved, subject_of
from models.journal.requests.approvals import Approval
from models.journal.tables import write_off

WRITE_OFF, REVERSAL = "write_off", "write_off_reversal"


def standing(connection: sa.Connection, record: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The write-off of a record that two people agreed to and nobody took back."""
    same = [write_off.c[name] == record[name] for name in ("flow", "entity", "item_key")]
    query = sa.select(write_off).where(*same, write_off.c.approved_at.is_not(None), write_off.c.reversed_at.is_(None))
    row = connection.execute(query).mappings().first()
    return None if row is None else dict(row)


def carried_out(connection: sa.Connection, asked: Approval, actor: str, subject: str | None, now: datetime) -> None:
    """Do what was approved.

    Raises NotApproved where another write-off of the record stands by now, or the one to take back no longer does.
    """
    if asked.kind == REVERSAL:
        _taken_back(connection, asked, now)
        return
    if standing(connection, asked.content):
        raise NotApproved("it is written off already")
    named = ("flow", "entity", "item_key", "amount", "currency")
    values = {name: asked.content[name] for name in named}
    connection.execute(
        sa.insert(write_off).values(
            **values,
            write_off_id=asked.request_id,
            request_id=asked.request_id,
            reason=asked.reason,
            asked_by=asked.asked_by,
            asked_at=asked.asked_at,
            approved_by=_told_apart(actor, subject, asked.asked_by),
            approved_at=now,
        )
    )


def _taken_back(connection: sa.Connection, asked: Approval, now: datetime) -> None:
    still = (write_off.c.write_off_id == asked.content["write_off_id"], write_off.c.reversed_at.is_(None))
    values = {"reversal_id": asked.request_id, "reversed_at": now}
    if connection.execute(sa.update(write_off).where(*still).values(**values)).rowcount != 1:
        raise NotApproved("the write-off was taken back already")


def _told_apart(actor: str, subject: str | None, other: str) -> str:
    """Two people of one name are two people: the books say so."""
    return actor if actor != other else f"{actor} ({subject_of(actor, subject)})"
