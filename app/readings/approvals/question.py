"""Which requests a list shows. Imports nothing heavy: a command is made from it."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class ApprovalQuestion:
    """Print what waits for a second person, or what was decided."""

    decided: bool = field(default=False, metadata={"help": "what was decided, the newest first, instead of what waits"})

    @property
    def none(self) -> str:
        """What it means that there is none."""
        return "nothing was decided by two people yet" if self.decided else "nothing waits for a second person"
