"""Which control totals a list shows. Imports nothing heavy: a command is made from it."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class TotalsQuestion:
    """Print control totals: what each system has, and in which of five places all of it stands."""

    period: str = field(default="", metadata={"help": "a month, e.g. 2026-10; all months without it"})
    flow: tuple[str, ...] = field(default=(), metadata={"help": "name of a flow"})
    entity: tuple[str, ...] = field(default=(), metadata={"help": "time_entry, expense, contract, budget …"})
    legal_entity: tuple[str, ...] = field(default=(), metadata={"help": "company of the firm"})

    @property
    def none(self) -> str:
        """What it means that there is none."""
        return f"nothing of {self.period} has been compared" if self.period else "no two systems have been compared yet"
