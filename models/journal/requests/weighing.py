"""Weighs a replay plan: exactly what it is about now, and why it takes a second person (E4)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

import sqlalchemy as sa

from models.canonical.classification import sensitive_names
from models.canonical.schemas import SCHEMAS
from models.domain.approval import Thresholds, content_hash
from models.domain.plan import Plan
from models.domain.states import RunState
from models.journal.cases.marks import rates_of
from models.journal.runs.reading import runs_by_ids
from models.journal.runs.run import Run

_DAYS = ("work_date", "spent_on", "occurred_on", "issued_on")
"""Where a canonical record says of which day it is."""


@dataclass(frozen=True, slots=True)
class Weight:
    """`content` is the plan with what its runs are about at this moment; `because` why it takes two, in sentences."""

    content: Mapping[str, Any]
    because: tuple[str, ...]

    @property
    def hash(self) -> str:
        return content_hash(self.content)


def weighed(connection: sa.Connection, plan: Plan, thresholds: Thresholds, now: datetime) -> Weight:
    """What this plan would replay as the journal stands now."""
    runs = {run.run_id: run for run in runs_by_ids(connection, plan.everything)}
    at_stake = [run for run in runs.values() if not _moves_nothing(run, plan)]
    because = (
        *_of_money(at_stake, rates_of(connection), thresholds),
        *_of_days(at_stake, thresholds, now),
        *_of_fields(plan.correction or {}, thresholds),
    )
    return Weight(_content(plan, runs, at_stake), because)


def _moves_nothing(run: Run, plan: Plan) -> bool:
    """What another run has taken over is left alone, and a root that has settled is found again by its targets."""
    return run.state is RunState.SUPERSEDED or (run.run_id in plan.roots and run.state is RunState.SETTLED)


def _content(plan: Plan, runs: Mapping[str, Run], at_stake: Sequence[Run]) -> dict[str, Any]:
    known = [runs[run_id] for run_id in plan.everything if run_id in runs]
    return {
        "kind": "replay",
        "plan_hash": plan.hash,
        "from": plan.start,
        "correction": dict(plan.correction) if plan.correction else None,
        "runs": len(plan.everything),
        "roots": len(plan.roots),
        "totals": {currency: str(amount) for currency, amount in sorted(_totals(at_stake).items())},
        "flows": dict(sorted(Counter(run.flow for run in known).items())),
        "legal_entities": sorted({run.legal_entity or "" for run in known}),
        "periods": sorted({f"{day:%Y-%m}" for run in known if (day := _day(run))}),
        "state": content_hash({run.run_id: _standing(run) for run in known}),
    }


def _standing(run: Run) -> list[Any]:
    """What of a run makes it another one to approve."""
    return [run.state.value, run.step, run.amount, run.currency, run.legal_entity, content_hash(run.payload)]


def _totals(runs: Iterable[Run]) -> dict[str, Decimal]:
    totals: dict[str, Decimal] = {}
    for run in runs:
        if amount := _amount(run):
            totals[run.currency or ""] = totals.get(run.currency or "", Decimal(0)) + amount
    return totals


def _amount(run: Run) -> Decimal:
    """What a run is worth, never less than nothing: what it takes back moves as much money as what it brings."""
    try:
        return abs(Decimal(run.amount)) if run.amount is not None else Decimal(0)
    except InvalidOperation:
        return Decimal(0)


def _of_money(runs: Sequence[Run], rates: Mapping[str, Decimal], thresholds: Thresholds) -> Iterator[str]:
    """In the reporting currency; what has no rate cannot be called little."""
    totals, known = _totals(runs), {thresholds.currency: Decimal(1)} | dict(rates)
    if foreign := sorted(set(totals) - set(known)):
        yield f"its amounts in {', '.join(name or 'no currency' for name in foreign)} have no exchange rate"
    worth = sum((amount * known[name] for name, amount in totals.items() if name in known), Decimal(0))
    if worth > thresholds.amount:
        yield f"it is worth more than {thresholds.amount:,.2f} {thresholds.currency}"


def _of_days(runs: Sequence[Run], thresholds: Thresholds, now: datetime) -> Iterator[str]:
    if closed := sum(run.error_code == "closed-period" for run in runs):
        yield f"{closed} of its runs were refused for a closed period"
    oldest = min((day for run in runs if (day := _day(run))), default=None)
    if oldest and oldest < (now - timedelta(days=thresholds.days)).date():
        yield f"it reaches back to {oldest:%Y-%m-%d}, more than {thresholds.days} days"


def _day(run: Run) -> date | None:
    for name in _DAYS:
        try:
            return date.fromisoformat(str(run.payload[name])[:10])
        except (KeyError, ValueError):
            continue
    return None


def _of_fields(correction: Mapping[str, Any], thresholds: Thresholds) -> Iterator[str]:
    classes = sensitive_names(list(SCHEMAS.values()))
    for path, value in correction.items():
        named = next((classes[name] for name in path.split(".") if name in classes), None)
        kinds = {named} if named else {classes[name] for name in _names(value) if name in classes}
        for kind in sorted(kinds & thresholds.classes):
            yield f"the correction changes {path}: {kind.replace('_', ' ')}"


def _names(value: Any) -> Iterator[str]:
    """The fields that a corrected value brings with it."""
    if isinstance(value, Mapping):
        for name, part in value.items():
            yield from (str(name), *_names(part))
    elif isinstance(value, list):
        for part in value:
            yield from _names(part)
