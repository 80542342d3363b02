"""Weighs a replay plan: exactly what it is about, what it would make of it, and why it takes a second person (E4)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from models.domain.approval import Thresholds, content_hash
from models.domain.plan import Plan
from models.domain.states import RunState
from models.journal.cases.marks import rates_of
from models.journal.requests.moved import Moved, classes_of, moved
from models.journal.runs.elsewhere import replayable
from models.journal.runs.run import Run


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
    found = {run.run_id: run for run in replayable(connection, plan.everything)}
    known = [moved(found[run_id], plan) for run_id in plan.everything if run_id in found]
    at_stake = [one for one in known if not _moves_nothing(one.run, plan)]
    because = (
        *_of_money(at_stake, rates_of(connection), thresholds),
        *_of_days(at_stake, thresholds, now),
        *_of_fields(plan.correction or {}, thresholds),
    )
    return Weight(_content(plan, known, at_stake), because)


def _moves_nothing(run: Run, plan: Plan) -> bool:
    """What another run has taken over is left alone, and a root that has settled is found again by its targets."""
    return run.state is RunState.SUPERSEDED or (run.run_id in plan.roots and run.state is RunState.SETTLED)


def _content(plan: Plan, known: Sequence[Moved], at_stake: Sequence[Moved]) -> dict[str, Any]:
    return {
        "kind": "replay",
        "plan_hash": plan.hash,
        "from": plan.start,
        "correction": dict(plan.correction) if plan.correction else None,
        "runs": len(plan.everything),
        "roots": len(plan.roots),
        "totals": {currency: str(amount) for currency, amount in sorted(_totals(at_stake).items())},
        "flows": dict(sorted(Counter(one.run.flow for one in known).items())),
        "legal_entities": sorted(frozenset().union(*(one.companies for one in known))),
        "periods": sorted({f"{day:%Y-%m}" for one in known for day in one.days}),
        "state": content_hash({one.run.run_id: _standing(one.run) for one in known}),
    }


def _standing(run: Run) -> list[Any]:
    """What of a run makes it another one to approve."""
    return [run.state.value, run.step, run.amount, run.currency, run.legal_entity, content_hash(run.payload)]


def _totals(at_stake: Iterable[Moved]) -> dict[str, Decimal]:
    totals: dict[str, Decimal] = {}
    for one in at_stake:
        for currency, amount in one.money.items():
            totals[currency] = totals.get(currency, Decimal(0)) + amount
    return totals


def _of_money(at_stake: Sequence[Moved], rates: Mapping[str, Decimal], thresholds: Thresholds) -> Iterator[str]:
    """In the reporting currency; what has no rate, or no amount that anybody can tell, cannot be called little."""
    totals, known = _totals(at_stake), {thresholds.currency: Decimal(1)} | dict(rates)
    if untold := sum(not one.is_told for one in at_stake):
        yield f"nobody can tell yet what the correction makes of the money of {untold} of its runs"
    if foreign := sorted(set(totals) - set(known)):
        yield f"its amounts in {', '.join(name or 'no currency' for name in foreign)} have no exchange rate"
    worth = sum((amount * known[name] for name, amount in totals.items() if name in known), Decimal(0))
    if worth > thresholds.amount:
        yield f"it is worth more than {thresholds.amount:,.2f} {thresholds.currency}"


def _of_days(at_stake: Sequence[Moved], thresholds: Thresholds, now: datetime) -> Iterator[str]:
    if closed := sum(one.run.error_code == "closed-period" for one in at_stake):
        yield f"{closed} of its runs were refused for a closed period"
    oldest = min((day for one in at_stake for day in one.days), default=None)
    if oldest and oldest < (now - timedelta(days=thresholds.days)).date():
        yield f"it reaches back to {oldest:%Y-%m-%d}, more than {thresholds.days} days"


def _of_fields(correction: Mapping[str, Any], thresholds: Thresholds) -> Iterator[str]:
    for path, value in correction.items():
        for kind in sorted(classes_of(path, value) & thresholds.classes):
            yield f"the correction changes {path}: {kind.replace('_', ' ')}"
