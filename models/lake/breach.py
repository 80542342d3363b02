"""What verification finds: one sentence per place where the lake is not what was sealed, and one per thing altered."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

NAMED = 10
"""Batches that a sentence lists before it counts the others."""


@dataclass(frozen=True, slots=True)
class Breach:
    """`batch_id` is the batch concerned (the first of several, None where it is not about one), `table` the lake's
    table; `file` and `last_batch` where it is a data file that broke, and the last batch that lies in it.
    """

    batch_id: int | None
    table: str
    what: str
    file: str | None = None
    last_batch: int | None = None

    def holds(self, other: Breach) -> bool:
        """Whether `other` is about a batch in this file, or about what it hides, so that the file explains it."""
        if self.file is None or other.file is not None:
            return False
        if other.batch_id is None:  # a table that cannot be read, by its own file or by that of the seals it is held to
            return self.table in (other.table, "seals") and "cannot be read" in other.what
        chained = self.table == "seals" and "chain of writer" in other.what
        if self.batch_id is None or not (chained or self.table == other.table):
            return False
        return self.batch_id <= other.batch_id <= (self.last_batch or self.batch_id)


@dataclass
class Report:
    """The outcome of a verification: what broke, how much was looked at, and what stands beside the verdict:
    `witness` and `journal` say what they can attest.
    """

    breaches: list[Breach] = field(default_factory=list)
    batches: int = 0
    rows: int = 0
    checkpoints: int = 0
    files: int = 0
    witness: str = ""
    journal: str = ""

    @property
    def sound(self) -> bool:
        """Whether nothing was altered, removed, added or reordered."""
        return not self.breaches

    def add(
        self, batch_id: int | None, table: str, what: str, file: str | None = None, last_batch: int | None = None
    ) -> None:
        """Note a breach once."""
        breach = Breach(batch_id, table, what, file, last_batch)
        if breach not in self.breaches:
            self.breaches.append(breach)

    def things(self) -> list[Breach]:
        """Each altered thing once, with all that shows it: a file with its batches that do not hold, else like faults
        of several batches of a table together.
        """
        files = _by_file(self.breaches)
        rest = [one for one in self.breaches if one.file is None]
        found = [_with_batches(file, [one for one in rest if file.holds(one)]) for file in files]
        return found + _together([one for one in rest if not any(file.holds(one) for file in files)])


def _by_file(breaches: Sequence[Breach]) -> list[Breach]:
    files: dict[str, Breach] = {}
    for one in breaches:
        if one.file is not None:
            before = files.get(one.file)
            said = one.what if before is None else f"{before.what}; {one.what.removeprefix(f'file {one.file}: ')}"
            files[one.file] = replace(before or one, what=said)
    return list(files.values())


def _with_batches(file: Breach, inside: Sequence[Breach]) -> Breach:
    if not any(one.batch_id is not None for one in inside):
        return file
    return replace(file, what=f"{file.what}; its rows of {_listed(inside)} do not hold")


def _together(breaches: Sequence[Breach]) -> list[Breach]:
    alike: dict[tuple[str, str], list[Breach]] = {}
    for one in breaches:
        alike.setdefault((one.table, re.sub(r"\d+", "#", one.what)), []).append(one)
    return [
        each[0] if len(each) == 1 else replace(each[0], what=f"{each[0].what} (so {_listed(each)})")
        for each in alike.values()
    ]


def _listed(breaches: Sequence[Breach]) -> str:
    numbers = sorted({one.batch_id for one in breaches if one.batch_id is not None})
    more = f" and {len(numbers) - NAMED} more" if len(numbers) > NAMED else ""
    named = ", ".join(map(str, numbers[:NAMED]))
    return f"batch{'es' if len(numbers) != 1 else ''} {named}{more}" if numbers else f"{len(breaches)} times"
