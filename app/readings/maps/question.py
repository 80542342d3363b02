"""Which value maps a list shows. Imports nothing heavy: commands are made from it."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class MapsQuestion:
    """List the value maps: whose words they tell, their version, and the words that wait for a row."""

    name: str = field(default="", metadata={"help": "only this map, with each of its rows"})

    @property
    def none(self) -> str:
        """What it means that there is none."""
        return f"no map is called {self.name}" if self.name else "no value maps: every word goes as it comes"
