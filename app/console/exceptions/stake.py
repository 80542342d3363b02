"""In a sentence, why the money of previewed runs is not the money of their cases (X8, E4); knows no Streamlit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from app.console.widgets import formats
from app.readings.cases.rows import Case
from app.readings.replays.stake import Stake, Sums

_UNTIL = {
    "project-missing": "the project is there again",
    "project-unsold": "the sale is found",
    "billing-hold": "the hold is lifted",
    "sow-expired": "the statement of work is extended",
    "paused": "the missing data has arrived",
    "unmapped-value": "the word has its row",
}
_PLURALS = {"time_entry": "time entries"}


def beside(stake: Stake, runs: int, cases: Sequence[Case]) -> str | None:
    """How the money of `runs` runs and that of `cases` fit together; nothing where they are the same."""
    if stake.is_whole:
        return None
    one = len(cases) == 1
    known = f"{_listed(stake.worth)} in {'this run' if runs == 1 else f'these {formats.count(runs)} runs'}"
    if stake.revalued:
        counts = "case counts" if one else "cases count"
        known += f", for whose records the {counts} {_listed(stake.counted)}, their value in the systems now"
    records = sum(stake.left_out.values()) + sum(stake.runless.values())
    if not records:
        return f"{known}."
    whose, verb = "case’s" if one else "cases’", "is" if records == 1 else "are"
    return f"{known}; the {whose} other {_listed(stake.rest)} {verb} {_named(stake, cases)}."


def _listed(sums: Sums) -> str:
    return _and([formats.money(amount, currency) for currency, amount in sums.items()]) or "no money"


def _and(parts: Sequence[str]) -> str:
    return " and ".join(filter(None, [", ".join(parts[:-1]), *parts[-1:]]))


def _named(stake: Stake, cases: Sequence[Case]) -> str:
    """`1 time entry outside this selection and 2 milestones without a run of their own, which become billable …`"""
    parts = [f"{_nouns(stake.left_out)} outside this selection"] if stake.left_out else []
    if stake.runless:
        single = sum(stake.runless.values()) == 1
        owned = f"without a run of {'its' if single else 'their'} own"
        parts.append(f"{_nouns(stake.runless)} {owned}, which {_follows(single, cases)}")
    return " and ".join(parts)


def _nouns(counts: Mapping[str, int]) -> str:
    return _and([_noun(entity, number) for entity, number in counts.items()])


def _noun(entity: str, number: int) -> str:
    return formats.plural(number, entity.replace("_", " "), _PLURALS.get(entity))


def _follows(single: bool, cases: Sequence[Case]) -> str:
    causes, ending = {case.cause for case in cases}, "s" if single else ""
    until = _UNTIL.get(next(iter(causes))) if len(causes) == 1 else None
    kinds = {case.money_kind for case in cases if case.amount_reporting}
    billable = f"become{ending} billable" if kinds == {"billing_blocked"} else f"follow{ending}"
    return f"{billable} once {until or ('the cause is mended' if len(causes) == 1 else 'their causes are mended')}"
