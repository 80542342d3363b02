"""Why the money of previewed runs is not the money of their cases: what else hangs on the cause (X8, E4). Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from app.widgets import formats

Row = Mapping[str, Any]
_UNTIL = {
    "project-missing": "the project is there again", "project-unsold": "the sale is found", "billing-hold": "the hold is lifted",
    "sow-expired": "the statement of work is extended", "paused": "the missing data has arrived",
}  # fmt: skip
_PLURALS = {"time_entry": "time entries"}


def beside(totals: Mapping[str, Any], rows: Sequence[Row], runs: int, cases: Sequence[Row]) -> str | None:
    """How the runs' `totals` by currency and the money of `cases` fit together, in a sentence; nothing where they are the same.

    `rows` are the cases' records by `entity` and `currency`: whether a previewed run carries them (`chosen`), whether any run
    does (`has_run`), how many `records` and their `amount`.
    """
    worth = {currency: formats.decimal(amount) for currency, amount in totals.items() if formats.decimal(amount)}
    counted, others = _sums([row for row in rows if row["chosen"]]), [row for row in rows if not row["chosen"] and row["amount"]]
    if not others and worth == counted:
        return None
    one, known = len(cases) == 1, f"{_listed(worth)} in {'this run' if runs == 1 else f'these {formats.count(runs)} runs'}"
    if worth != counted:
        known += f", for whose records the {'case counts' if one else 'cases count'} {_listed(counted)}, their value in the systems now"
    if not others:
        return f"{known}."
    verb = "is" if _records(others) == 1 else "are"
    return f"{known}; the {'case’s' if one else 'cases’'} other {_listed(_sums(others))} {verb} {_named(others, cases)}."


def _sums(rows: Sequence[Row]) -> dict[Any, Decimal]:
    sums: dict[Any, Decimal] = defaultdict(Decimal)
    for row in rows:
        if row["amount"]:
            sums[row["currency"]] += formats.decimal(row["amount"])
    return dict(sums)


def _listed(sums: Mapping[Any, Decimal]) -> str:
    return _and([formats.money(amount, currency) for currency, amount in sorted(sums.items())]) or "no money"


def _and(parts: Sequence[str]) -> str:
    return " and ".join(filter(None, [", ".join(parts[:-1]), *parts[-1:]]))


def _records(rows: Sequence[Row]) -> int:
    return sum(int(row["records"]) for row in rows)


def _named(others: Sequence[Row], cases: Sequence[Row]) -> str:
    """`1 time entry outside this selection and 2 milestones without a run of their own, which become billable once …`"""
    runless, left_out = [row for row in others if not row["has_run"]], [row for row in others if row["has_run"]]
    parts = [f"{_nouns(left_out)} outside this selection"] if left_out else []
    if runless:
        parts.append(f"{_nouns(runless)} without a run of {'its' if _records(runless) == 1 else 'their'} own, which {_follows(runless, cases)}")
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
