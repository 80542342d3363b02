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

    as_of: str = field(
        default="", metadata={"help": "as they were sealed at the end of this day, e.g. 2026-11-30; now without it"}
    )

    @property
    def none(self) -> str:
        """What it means that there is none."""
        if self.as_of:
            return f"no control totals of {self.as_of} or before were sealed"
        return f"nothing of {self.period} has been compared" if self.period else "no two systems have been compared yet"
