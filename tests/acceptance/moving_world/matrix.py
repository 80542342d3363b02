"""Which changes were made at which moment of a record's life, as a table that a person reads."""

from __future__ import annotations

from collections import Counter

from tests.acceptance.moving_world.oracle import Fact
from tests.acceptance.moving_world.people import MOVES, Kind

MOMENTS = ("before posting", "posted", "invoiced", "in a closed month")


def moment_of(facts: list[Fact], closed: bool) -> str:
    """When in the life of its work a change was made: the latest moment that any of it had reached."""
    if closed:
        return "in a closed month"
    if any(fact.lines for fact in facts):
        return "invoiced"
    return "posted" if any(fact.postings for fact in facts) else "before posting"


class Matrix:
    """Counts of record type × verb × moment."""

    def __init__(self) -> None:
        self._made: Counter[tuple[Kind, str]] = Counter()

    def note(self, kind: Kind, moment: str) -> None:
        self._made[kind, moment] += 1

    def made(self, kind: Kind) -> int:
        return sum(self._made[kind, moment] for moment in MOMENTS)

    @property
    def total(self) -> int:
        return self._made.total()

    def empty(self) -> list[tuple[Kind, str]]:
        """Cells that nothing was done in."""
        return [(kind, moment) for kind in MOVES for moment in MOMENTS if not self._made[kind, moment]]

    def __str__(self) -> str:
        head = f"{'':44}" + "".join(f"{moment:>19}" for moment in MOMENTS)
        rows = [
            f"{kind.record + ': ' + kind.verb:44}" + "".join(f"{self._made[kind, moment]:>19}" for moment in MOMENTS)
            for kind in sorted(MOVES, key=lambda kind: (kind.record, kind.verb))
        ]
        return "\n".join([head, *rows, f"{self.total} changes, {len(self.empty())} empty cells"])
