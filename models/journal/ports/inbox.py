"""The inbox's port: a receiver keeps what it was sent, before it acknowledges it."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa

from models.domain.clock import Clock
from models.journal.inbox import Inbox
from models.journal.ports.opening import Port, opened


@dataclass(frozen=True)
class InboxPort(Port):
    """What a receiver may do."""

    engine: sa.Engine
    inbox: Inbox


def open_inbox(url: str, clock: Clock) -> InboxPort:
    """The inbox of the journal at a SQLAlchemy URL (`models.journal.ports.opening` says what it raises)."""
    engine = opened(url)
    return InboxPort(engine, Inbox(engine, clock))
