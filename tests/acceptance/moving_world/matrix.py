"""Which changes were made at which moment of a record's life, as a table that a person reads."""

from __future__ import annotations

from collections import Counter

from tests.acceptance.moving_world.oracle import Fact
from tests.acceptance.moving_world.people import MOVES, Kind

MOMENTS = ("before posting", "posted", "invoiced", "in a closed month")


def moment_of(fact: Fact | None, closed: bool) -> str:
    """When in the life of its work a change was made."""
    if closed:
        return "in a closed month"
    if fact is not None and fact.lines:
        return "invoiced"
    return "posted" if fact is not None and fact.posted_hours else "before posting"


class Matrix:
    """Counts of record type × verb × moment."""

    def __init__(self) -> None:
        self._made: Counter[tuple[Kind, str]] = Counter()

    def note(self, kind: Kind, moment: str) -> None:
        self._made[kind, moment] += 1

    @property
    def total(self) -> int:
        return self._made.total()

    def never(self) -> list[Kind]:
        """Kinds of change that were not made at all."""
        return [kind for kind in MOVES if not any(self._made[kind, moment] for moment in MOMENTS)]

    def __str__(self) -> str:
        head = f"{'':34}" + "".join(f"{moment:>19}" for moment in MOMENTS)
        rows = [
            f"{kind.record + ': ' + kind.verb:34}" + "".join(f"{self._made[kind, moment]:>19}" for moment in MOMENTS)
            for kind in MOVES
        ]
        return "\n".join([head, *rows, f"{self.total} changes"])
