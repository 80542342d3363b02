"""Which requests a list shows. Imports nothing heavy: a command is made from it."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class ApprovalQuestion:
    """Print what waits for a second person, what was decided, or which write-offs stand."""

    decided: bool = field(default=False, metadata={"help": "what was decided, the newest first, instead of what waits"})
    standing: bool = field(default=False, metadata={"help": "write-offs that stand, the newest first, instead"})
    limit: int = field(default=100, metadata={"help": "most requests", "min": 1, "max": 10_000})
    page: int = field(default=1, metadata={"help": "which page of so many", "min": 1})

    @property
    def which(self) -> str:
        """The list as the journal names it."""
        return "standing" if self.standing else "decided" if self.decided else "waiting"

    @property
    def none(self) -> str:
        """What it means that there is none."""
        if self.standing:
            return "no write-off stands"
        return "nothing was decided by two people yet" if self.decided else "nothing waits for a second person"
