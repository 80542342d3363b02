"""What one planted fault is."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal


@dataclass
class Fault:
    """One planted fault. `heal` are the deeds (kind, args) that mend it at the vendors; `heals` says the world mends it
    by itself.

    `cause` is the code that a watcher should name, `money` what hangs on it by currency at the anchor, `entries` how
    many approved (or, for late approvals and rejections, undecided) entries it holds back.
    """

    id: str
    kind: str
    subject: str
    cause: str
    how_to_fix: str
    money: dict[str, Decimal] = field(default_factory=dict)
    entries: int = 0
    heal: list[tuple[str, tuple[str, ...]]] = field(default_factory=list)
    heals: bool = False
