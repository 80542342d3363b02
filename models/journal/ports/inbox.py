"""The inbox's port: a receiver keeps what it was sent, before it acknowledges it."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa

from models.journal.inbox import Inbox
from models.journal.ports.opening import Port


@dataclass(frozen=True)
class InboxPort(Port):
    """What a receiver may do."""

    engine: sa.Engine
    inbox: Inbox
