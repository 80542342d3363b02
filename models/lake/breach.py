"""What verification finds: one sentence per place where the lake is not what was sealed."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Breach:
    """`batch_id` is the batch concerned (the first of several, None where it is not about one), `table` the lake's
    table.
    """

    batch_id: int | None
    table: str
    what: str


@dataclass
class Report:
    """The outcome of a verification: what broke, and how much was looked at."""

    breaches: list[Breach] = field(default_factory=list)
    batches: int = 0
    rows: int = 0
    checkpoints: int = 0
    files: int = 0

    @property
    def sound(self) -> bool:
        """Whether nothing was altered, removed, added or reordered."""
        return not self.breaches

    def add(self, batch_id: int | None, table: str, what: str) -> None:
        """Note a breach once."""
        breach = Breach(batch_id, table, what)
        if breach not in self.breaches:
            self.breaches.append(breach)
