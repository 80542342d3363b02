"""Why the money of previewed runs is not the money of their cases: what else hangs on the cause (X8, E4, G2)."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from app.readings.clear import is_clear
from app.readings.masking import MASKED, Amount
from app.readings.rights import amount_class
from models.canonical.classification import DataClass
from models.journal.runs.run import Run

Sums = Mapping[str, Amount]


@dataclass(frozen=True, slots=True)
class Hanging:
    """Records of one kind that hang on a case, in one currency: whether a previewed run carries them (`chosen`), and
    whether any run does. `first_subject` and `last_subject` are those that have an amount, by key.
    """

    case_id: str
    entity: str
    currency: str | None
    chosen: bool
    has_run: bool
    records: int
    amount: Decimal
    first_subject: str | None
    last_subject: str | None


@dataclass(frozen=True, slots=True)
class Carried:
    """What one run itself carries that is worth something."""

    entity: str
    subject: str
    currency: str
    amount: Decimal

    @property
    def first_subject(self) -> str:
        return self.subject

    @property
    def last_subject(self) -> str:
        return self.subject


def carried(runs: Iterable[Run]) -> list[Carried]:
    """What each of the runs carries that is worth something."""
    return [
        Carried(entity, key, run.currency, Decimal(run.amount))
        for run in runs
        if run.amount and run.currency
        for entity, _, key in [run.business_key.partition(":")]
    ]


@dataclass(frozen=True, slots=True)
class Stake:
    """How the money of previewed runs and of their cases fit together; sums by currency, masked where one would tell
    the amount of one masked thing.

    `worth` is what the runs carry and `counted` what the cases count for the same records, `revalued` whether these
    differ. `rest` hangs on the cases beside: `left_out` counts its records that other runs carry, `runless` those that
    no run does, by entity.
    """

    worth: Sums
    counted: Sums
    revalued: bool
    rest: Sums
    left_out: Mapping[str, int]
    runless: Mapping[str, int]

    @property
    def is_whole(self) -> bool:
        """Whether the runs carry all the money of their cases, so that there is nothing to say."""
        return not (self.revalued or self.left_out or self.runless)


def stake_of(totals: Mapping[str, Any], hanging: Sequence[Hanging], masked: frozenset[str]) -> Stake:
    """The stake of runs that carry `totals` by currency; sums in the `masked` currencies are hidden."""
    carried = {currency: Decimal(str(amount or 0)) for currency, amount in totals.items()}
    worth = {currency: amount for currency, amount in carried.items() if amount}
    counted = _sums(row for row in hanging if row.chosen)
    others = [row for row in hanging if not row.chosen and row.amount]
    return Stake(
        _hidden(worth, masked),
        _hidden(counted, masked),
        worth != counted,
        _hidden(_sums(others), masked),
        _records(row for row in others if row.has_run),
        _records(row for row in others if not row.has_run),
    )


def _sums(rows: Iterable[Hanging]) -> dict[str, Decimal]:
    sums: dict[str, Decimal] = defaultdict(Decimal)
    for row in rows:
        if row.amount:
            sums[row.currency or ""] += row.amount
    return dict(sums)


def _records(rows: Iterable[Hanging]) -> Mapping[str, int]:
    counts = Counter[str]()
    for row in rows:
        counts[row.entity] += row.records
    return dict(sorted(counts.items()))


def _hidden(sums: Mapping[str, Decimal], masked: frozenset[str]) -> Sums:
    return {currency: MASKED if currency in masked else amount for currency, amount in sorted(sums.items())}


def hidden(rows: Sequence[Hanging], carried: Sequence[Carried], clear: frozenset[DataClass]) -> frozenset[str]:
    """Currencies in which a sum that the preview shows would tell the amount of one thing that is masked (G2).

    What a case counts is open to all: of a case of which only a part is chosen, either part follows from the other.
    """
    cases: dict[str, list[Hanging]] = defaultdict(list)
    for row in rows:
        if row.amount:
            cases[row.case_id].append(row)
    split = [parts for case in cases.values() if all(parts := _parts(case))]
    sums: list[Sequence[Hanging] | Sequence[Carried]] = [
        carried,
        *_parts(rows),
        *(part for parts in split for part in parts),
    ]
    return frozenset().union(*(_lone(each, clear) for each in sums))


def _parts(rows: Sequence[Hanging]) -> tuple[list[Hanging], list[Hanging]]:
    return [row for row in rows if row.chosen], [row for row in rows if not row.chosen]


def _lone(rows: Sequence[Hanging] | Sequence[Carried], clear: frozenset[DataClass]) -> set[str]:
    """Currencies of which only one masked thing has an amount; what is clear beside it can be taken off."""
    subjects: dict[str, set[tuple[str, str | None]]] = defaultdict(set)
    for row in rows:
        if row.amount and not is_clear(amount_class(row.entity), clear):
            named = {(row.entity, row.first_subject), (row.entity, row.last_subject)}
            subjects[row.currency or ""] |= named
    return {currency for currency, named in subjects.items() if len(named) == 1}
