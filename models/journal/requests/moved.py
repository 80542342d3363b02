"""What a replay plan makes of a run: its money, day and company, as they are and as the correction would have them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from models.canonical.classification import DataClass, classes_of_names
from models.canonical.schemas import SCHEMAS
from models.canonical.worth import record_worth
from models.domain.errors import Unmappable
from models.domain.plan import Plan
from models.journal.runs.replays import corrected
from models.journal.runs.run import Run

Sums = Mapping[str, Decimal]
CLASSES = classes_of_names(list(SCHEMAS.values()))
"""Canonical field names that are of a class of their own."""
MONEY = frozenset(DataClass) - {DataClass.PUBLIC, DataClass.INTERNAL, DataClass.PERSONAL}
"""Classes of fields that say how much money there is, or where it goes."""
_DAYS = ("work_date", "spent_on", "occurred_on", "issued_on")
"""Where a canonical record says of which day it is."""


@dataclass(frozen=True, slots=True)
class Moved:
    """A run and its payload as a plan would have it; `after` is the run's own where nothing is corrected, and None
    where the correction does not fit.
    """

    run: Run
    after: Mapping[str, Any] | None
    correction: Mapping[str, Any]

    @property
    def is_told(self) -> bool:
        """Whether what the correction makes of the money can be told."""
        return not self._moves_money or bool(self._amounts_after())

    @property
    def money(self) -> Sums:
        """How much money is moved, by currency: the greatest of what it was, what it becomes and how far these lie
        apart; what is taken back moves as much as what is brought.
        """
        before, after = self._before(), self._amounts_after() if self._moves_money else self._before()
        return {
            currency: max(abs(was), abs(then), abs(then - was))
            for currency in {**before, **after}
            for was, then in [(before.get(currency, Decimal(0)), after.get(currency, Decimal(0)))]
            if was or then
        }

    @property
    def days(self) -> tuple[date, ...]:
        return tuple(day for payload in (self.run.payload, self.after or {}) if (day := _day(payload)))

    @property
    def companies(self) -> frozenset[str]:
        """Legal entities that it is taken from and brought to; the empty name where it says none."""
        return frozenset((self.run.legal_entity or "", _company(self.after or {}) or self.run.legal_entity or ""))

    @property
    def _moves_money(self) -> bool:
        return any(MONEY & CLASSES.get(name, frozenset()) for name in names_of(self.correction))

    def _before(self) -> dict[str, Decimal]:
        amount = _decimal(self.run.amount)
        return {self.run.currency or "": amount} if amount else {}

    def _amounts_after(self) -> dict[str, Decimal]:
        """What it becomes: 0 where it is billed no more, else by its own fields, else in proportion to its hours;
        nothing where none of these tells.
        """
        if self.after is None:
            return {}
        if not self.after.get("billable", True):
            return {self.run.currency or "": Decimal(0)}
        try:
            own = record_worth(self.after)
        except (LookupError, TypeError, ValueError, AttributeError, InvalidOperation):
            return {}
        if own is not None:
            return {own.currency: own.amount}
        hours = [_decimal(payload.get("hours")) for payload in (self.run.payload, self.after)]
        amount = _decimal(self.run.amount)
        if amount is None or hours[0] is None or hours[1] is None or not hours[0]:
            return {}
        return {self.run.currency or "": amount * hours[1] / hours[0]}


def moved(run: Run, plan: Plan) -> Moved:
    """This run of the plan; a root is replayed as it was."""
    correction = {} if run.run_id in plan.roots else plan.correction or {}
    try:
        return Moved(run, corrected(run.payload, correction) if correction else run.payload, correction)
    except Unmappable:
        return Moved(run, None, correction)


def names_of(value: Any) -> Iterable[str]:
    """The fields that a correction names, in its paths and in the values it brings."""
    if isinstance(value, Mapping):
        for path, part in value.items():
            yield from (*str(path).split("."), *names_of(part))
    elif isinstance(value, list):
        for part in value:
            yield from names_of(part)


def classes_of(path: str, value: Any) -> frozenset[DataClass]:
    """The classes of what a correction changes there: those of the path, else of the fields that the value brings."""
    named = [CLASSES[name] for name in path.split(".") if name in CLASSES]
    found = named[:1] or [CLASSES[name] for name in names_of(value) if name in CLASSES]
    return frozenset().union(*found)


def _day(payload: Mapping[str, Any]) -> date | None:
    for name in _DAYS:
        try:
            return date.fromisoformat(str(payload[name])[:10])
        except (KeyError, ValueError):
            continue
    return None


def _company(payload: Mapping[str, Any]) -> str | None:
    dimensions = payload.get("dimensions")
    nested = dimensions.get("legal_entity_id") if isinstance(dimensions, Mapping) else None
    return payload.get("legal_entity_id") or nested


def _decimal(text: Any) -> Decimal | None:
    try:
        found = Decimal(str(text)) if text is not None else None
    except InvalidOperation:
        return None
    return found if found is None or found.is_finite() else None
