"""What waits for a second person, and what one decided, as readers see it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from models.domain.approval import subject_of
from models.journal.cases.tables import request
from models.journal.database import reading
from models.journal.requests.lists import LISTS, within
from models.journal.requests.reading import RequestReading
from models.journal.requests.tables import approval
from models.journal.tables import write_off


@dataclass(frozen=True, slots=True)
class Approval:
    """What somebody asked for that takes two, and what became of it. `because` says why it does, `hash` is of exactly
    this content; `decision` is approved, refused, withdrawn or expired, and none while it waits. `state` is the
    request's.
    """

    request_id: str
    kind: str
    state: str
    content: Mapping[str, Any]
    hash: str
    because: tuple[str, ...]
    reason: str
    case_id: str | None
    asked_by: str
    asked_as: str
    asked_at: datetime
    expires_at: datetime
    decision: str | None
    decided_by: str | None
    decided_at: datetime | None
    words: str | None

    @property
    def waits(self) -> bool:
        return self.decision is None

    def is_of(self, actor: str, subject: str | None = None) -> bool:
        """Whether this person asked for it, by whatever road."""
        return subject_of(actor, subject) == self.asked_as


_COLUMNS = (
    *(request.c[name] for name in ("request_id", "kind", "state", "reason", "case_id")),
    *(approval.c[name] for name in ("content", "content_hash", "because", "asked_by", "asked_as", "asked_at")),
    *(approval.c[name] for name in ("expires_at", "decision", "decided_by", "decided_at", "words")),
)
_JOINED = request.join(approval, approval.c.request_id == request.c.request_id)
_OF = sa.select(*_COLUMNS).select_from(_JOINED)


class ApprovalReading(RequestReading):
    """Requests, and those of them that take two people."""

    def approval(self, request_id: str) -> Approval | None:
        """What this request asks a second person; None where it takes one alone."""
        with reading(self._engine) as connection:
            return approval_of(connection, request_id)

    def listed(self, which: str, entities: Sequence[str] = (), limit: int = 100, offset: int = 0) -> list[Approval]:
        """A page of a list of `LISTS`, of these legal entities alone where some are given. Raises KeyError for another
        list.
        """
        wanted, order = LISTS[which]
        mine = within(entities, self._engine.dialect.name)
        return self._approvals(_OF.where(wanted, mine).order_by(*order).limit(limit).offset(offset))

    def count(
        self, which: str, entities: Sequence[str] = (), kinds: Sequence[str] | None = None, not_of: str | None = None
    ) -> int:
        """How long that list is; of these kinds alone, and without what the person of this subject asked for."""
        only = [LISTS[which][0], within(entities, self._engine.dialect.name)]
        only += [request.c.kind.in_(list(kinds))] if kinds is not None else []
        only += [approval.c.asked_as != not_of] if not_of is not None else []
        query = sa.select(sa.func.count()).select_from(_JOINED).where(*only)
        with reading(self._engine) as connection:
            return int(connection.scalar(query) or 0)

    def stands(self, write_off_id: str) -> bool:
        """Whether a write-off was made and not taken back."""
        query = sa.select(write_off.c.write_off_id).where(
            write_off.c.write_off_id == write_off_id,
            write_off.c.approved_at.is_not(None),
            write_off.c.reversed_at.is_(None),
        )
        with reading(self._engine) as connection:
            return connection.scalar(query) is not None

    def written_off(self, item_key: str) -> list[str]:
        """The ids of the write-offs of a thing that stand."""
        query = sa.select(write_off.c.write_off_id).where(
            write_off.c.item_key == item_key, write_off.c.approved_at.is_not(None), write_off.c.reversed_at.is_(None)
        )
        with reading(self._engine) as connection:
            return list(connection.scalars(query))

    def _approvals(self, query: sa.Select[Any]) -> list[Approval]:
        with reading(self._engine) as connection:
            return [_approval(dict(row)) for row in connection.execute(query).mappings()]


def approval_of(connection: sa.Connection, request_id: str) -> Approval | None:
    """The same within a transaction."""
    row = connection.execute(_OF.where(request.c.request_id == request_id)).mappings().first()
    return None if row is None else _approval(dict(row))


def _approval(row: Mapping[str, Any]) -> Approval:
    said: Sequence[str] = row["because"]
    values = {name: value for name, value in row.items() if name not in ("because", "content_hash")}
    return Approval(**values, hash=row["content_hash"], because=tuple(said))
