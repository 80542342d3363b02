"""The inbox's port: a receiver keeps what it was sent, before it acknowledges it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from models.domain.clock import Clock
from models.journal.inbox import Appended, Inbox, Item
from models.journal.ports.opening import Port, opened

__all__ = ["Appended", "InboxPort", "Item", "open_inbox"]


@dataclass(frozen=True)
class InboxPort(Port):
    """What a receiver may do."""

    engine: sa.Engine
    _inbox: Inbox

    def append(self, items: Sequence[Item]) -> Appended:
        """Keep these items; once this returns, they are on disk and may be acknowledged. Safe to repeat."""
        return self._inbox.append(items)


def open_inbox(url: str, clock: Clock) -> InboxPort:
    """The inbox of the journal at a SQLAlchemy URL (`models.journal.ports.opening` says what it raises)."""
    engine = opened(url)
    return InboxPort(engine, Inbox(engine, clock))
