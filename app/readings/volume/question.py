"""Which flows are held against what is to be expected of them. Imports nothing heavy: a command is made from it."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class VolumeQuestion:
    """What came of each flow beside what its own last twelve weeks let expect, those that are silent first."""

    flow: tuple[str, ...] = field(default=(), metadata={"help": "name of a flow"})

    @property
    def none(self) -> str:
        """What it means that there is none."""
        return "no such flow has taken anything in" if self.flow else "no flow has taken anything in yet"
