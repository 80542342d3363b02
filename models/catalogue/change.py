"""What differs between two catalogues, entry by entry."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class EntryChange:
    """One entry that came, went or says something else. What it says is not repeated."""

    file: str
    entry: str
    what: Literal["added", "removed", "changed"]


def changes_of(before: Mapping[str, str], after: Mapping[str, str]) -> list[EntryChange]:
    """The changes from one catalogue's `entries` to another's, by file and entry."""
    return [
        EntryChange(file, entry, _what(name, before, after))
        for name in sorted({*before, *after})
        if before.get(name) != after.get(name)
        for file, entry in [name.split(" ", 1)]
    ]


def _what(name: str, before: Mapping[str, str], after: Mapping[str, str]) -> Literal["added", "removed", "changed"]:
    if name not in before:
        return "added"
    return "changed" if name in after else "removed"
