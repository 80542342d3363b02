"""What one planted fault is."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal


@dataclass
class Fault:
    """One planted fault: `remedy` are the operations (kind, args) that mend it, `heals` says it passes by itself.

    `cause` is the code a detector should name, `money` what it holds back by currency at the anchor, `entries` how many
    entries it holds back, of which `undecided` wait for their approval and so have met no ERP yet (late approvals and
    rejections hold back nothing else, and do not say so again). What the systems alone can tell, such as what an
    invoice bills by then, is no part of `money`: the truth measures it. A `lawful` one is messy and not wrong: it must
    lead to no case.
    """

    id: str
    kind: str
    subject: str
    cause: str
    how_to_fix: str
    money: dict[str, Decimal] = field(default_factory=dict)
    entries: int = 0
    undecided: int = 0
    remedy: list[tuple[str, tuple[str, ...]]] = field(default_factory=list)
    heals: bool = False
    lawful: bool = False
