"""Which tables must be derived again: those that read what moved, and those that grow with the clock alone."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from models.derivation.inputs import NAMES
from models.marts.table import Table
from models.sql_statements import asked_names

_DAY = "CAST({now} AS DATE)"


@dataclass(frozen=True, slots=True)
class Due:
    """What moved since the last derivation. `names` are tables of `derived.state` and the public names of inputs; `day`
    says that the world's date is another, `idle` that ages have grown long enough to be told again.
    """

    names: frozenset[str]
    day: bool
    idle: bool

    def concerns(self, table: Table) -> bool:
        """Whether `table` would be another now."""
        return bool(
            self.moved(table)
            or self.ages(table)
            or ((self.day or self.idle) and "{now}" in _text(table).replace(_DAY, ""))
        )

    def moved(self, table: Table) -> frozenset[str]:
        """What it reads that is another than before."""
        return self.names & (table.reads | _asked(table))

    def ages(self, table: Table) -> bool:
        """Whether another day makes all of it another."""
        return self.day and _DAY in _text(table)


def _asked(table: Table) -> frozenset[str]:
    """The inputs that its SQL asks by their public names."""
    return NAMES & asked_names(_text(table))


@cache
def _text(table: Table) -> str:
    return " ".join(table.statements.values())
