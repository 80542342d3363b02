"""Which part of a long list is read."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Page:
    """At most `size` rows, after the pages before it; the first is number 1."""

    size: int = 100
    number: int = 1

    @property
    def offset(self) -> int:
        return (self.number - 1) * self.size
