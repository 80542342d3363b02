"""Why the money of previewed runs is not the money of their cases: what else hangs on the cause (X8, E4). Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from app.console.widgets import formats
from app.readings.clear import PUBLIC
from app.readings.rights import amount_class
from models.canonical.classification import MASK, DataClass

Row = Mapping[str, Any]
_UNTIL = {
    "project-missing": "the project is there again",
    "project-unsold": "the sale is found",
    "billing-hold": "the hold is lifted",
    "sow-expired": "the statement of work is extended",
    "paused": "the missing data has arrived",
}
_PLURALS = {"time_entry": "time entries"}


def hidden(rows: Sequence[Row], carried: Sequence[Row], clear: frozenset[DataClass]) -> frozenset[str]:
    """Currencies in which a sum that the preview shows would tell the amount of one thing that is masked (G2).

    `rows` are as `beside` takes them, `carried` what the runs themselves carry by `entity` and `currency`; both name
    the `first_subject` and the `last_subject` that have an amount. What a case counts is open to all: of a case of
    which only a part is chosen, either part follows from the other.
    """
    cases: dict[Any, list[Row]] = defaultdict(list)
    for row in rows:
        if row["amount"]:
            cases[row["case_id"]].append(row)
    split = [parts for case in cases.values() if all(parts := _parts(case))]
    sums = [carried, *_parts(rows), *(part for parts in split for part in parts)]
    return frozenset().union(*(_lone(each, clear) for each in sums))


def _parts(rows: Sequence[Row]) -> tuple[list[Row], list[Row]]:
    return [row for row in rows if row["chosen"]], [row for row in rows if not row["chosen"]]


def _lone(rows: Sequence[Row], clear: frozenset[DataClass]) -> set[str]:
    """Currencies of which only one masked thing has an amount; what is clear beside it can be taken off."""
    subjects: dict[str, set[tuple[Any, Any]]] = defaultdict(set)
    for row in rows:
        if row["amount"] and amount_class(row["entity"]) not in clear | PUBLIC:
            subjects[row["currency"]] |= {(row["entity"], row["first_subject"]), (row["entity"], row["last_subject"])}
    return {currency for currency, named in subjects.items() if len(named) == 1}


def shown(amount: Any, currency: str, masked: frozenset[str]) -> str:
    """A sum, or the mask where its currency is among `masked`."""
    return MASK if currency in masked else formats.money(amount, currency)


def beside(
    totals: Mapping[str, Any], rows: Sequence[Row], runs: int, cases: Sequence[Row], masked: frozenset[str]
) -> str | None:
    """How the runs' `totals` by currency and the money of `cases` fit together, in a sentence; nothing where they are
    the same.

    `rows` are the cases' records by `entity` and `currency`: whether a previewed run carries them (`chosen`), whether
    any run does (`has_run`), how many `records` and their `amount`. Sums in the `masked` currencies are not told.
    """
    worth = {currency: formats.decimal(amount) for currency, amount in totals.items() if formats.decimal(amount)}
    counted, others = (
        _sums([row for row in rows if row["chosen"]]),
        [row for row in rows if not row["chosen"] and row["amount"]],
    )
    if not others and worth == counted:
        return None
    one, known = (
        len(cases) == 1,
        f"{_listed(worth, masked)} in {'this run' if runs == 1 else f'these {formats.count(runs)} runs'}",
    )
    if worth != counted:
        known += f", for whose records the {'case counts' if one else 'cases count'} {_listed(counted, masked)}, their value in the systems now"
    if not others:
        return f"{known}."
    verb = "is" if _records(others) == 1 else "are"
    return f"{known}; the {'case’s' if one else 'cases’'} other {_listed(_sums(others), masked)} {verb} {_named(others, cases)}."


def _sums(rows: Sequence[Row]) -> dict[Any, Decimal]:
    sums: dict[Any, Decimal] = defaultdict(Decimal)
    for row in rows:
        if row["amount"]:
            sums[row["currency"]] += formats.decimal(row["amount"])
    return dict(sums)


def _listed(sums: Mapping[Any, Decimal], masked: frozenset[str]) -> str:
    return _and([shown(amount, currency, masked) for currency, amount in sorted(sums.items())]) or "no money"


def _and(parts: Sequence[str]) -> str:
    return " and ".join(filter(None, [", ".join(parts[:-1]), *parts[-1:]]))


def _records(rows: Sequence[Row]) -> int:
    return sum(int(row["records"]) for row in rows)


def _named(others: Sequence[Row], cases: Sequence[Row]) -> str:
    """`1 time entry outside this selection and 2 milestones without a run of their own, which become billable once …`"""
    runless, left_out = [row for row in others if not row["has_run"]], [row for row in others if row["has_run"]]
    parts = [f"{_nouns(left_out)} outside this selection"] if left_out else []
    if runless:
        parts.append(
            f"{_nouns(runless)} without a run of {'its' if _records(runless) == 1 else 'their'} own, which {_follows(runless, cases)}"
        )
    return " and ".join(parts)


def _nouns(rows: Sequence[Row]) -> str:
    counts: dict[str, int] = defaultdict(int)
    for row in rows:
        counts[row["entity"]] += row["records"]
    return _and([_noun(entity, number) for entity, number in sorted(counts.items())])


def _noun(entity: str, number: int) -> str:
    return formats.plural(number, entity.replace("_", " "), _PLURALS.get(entity))


def _follows(rows: Sequence[Row], cases: Sequence[Row]) -> str:
    causes, ending = {case["cause"] for case in cases}, "s" if _records(rows) == 1 else ""
    until = _UNTIL.get(next(iter(causes))) if len(causes) == 1 else None
    kinds = {case["money_kind"] for case in cases if case["amount_reporting"]}
    billable = f"become{ending} billable" if kinds == {"billing_blocked"} else f"follow{ending}"
    return f"{billable} once {until or ('the cause is mended' if len(causes) == 1 else 'their causes are mended')}"
