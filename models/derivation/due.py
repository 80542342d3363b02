"""Which tables must be derived again: those that read what moved, and those that grow with the clock alone."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from models.derivation.inputs import NAMES
from models.marts.table import Table
from models.sql_statements import asked_names


@dataclass(frozen=True, slots=True)
class Due:
    """What moved since the last derivation: `names` are tables of `derived.state` and public names of inputs; `idle`,
    that ages have grown long enough to be told again.
    """

    names: frozenset[str]
    idle: bool

    def concerns(self, table: Table) -> bool:
        """Whether `table` would be another now."""
        return bool(self.moved(table) or (self.idle and "{now}" in _text(table)))

    def moved(self, table: Table) -> frozenset[str]:
        """What it reads that is another than before."""
        return self.names & (table.reads | _asked(table))


def _asked(table: Table) -> frozenset[str]:
    """The inputs that its SQL asks by their public names."""
    return NAMES & asked_names(_text(table))


@cache
def _text(table: Table) -> str:
    return " ".join(table.statements.values())
