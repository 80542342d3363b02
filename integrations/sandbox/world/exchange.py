"""The exchange rates of the world: each company's books hold one a month for each other currency."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal

from integrations.sandbox.world.firm import ENTITIES

SINCE_MONTHS = 14
"""How many months before the scenario begins the books hold rates for."""

_MOVES = [Decimal(move) for move in ("0", "0.004", "-0.003", "0.009", "0.006", "-0.008", "-0.002", "0.011", "-0.005")]
_FRANC = Decimal("1.0638")
"""Swiss francs are known to the British books alone, in pounds; nobody sells in them."""


def rates(month: date) -> Iterator[tuple[str, str, Decimal]]:
    """What one unit of a currency is worth in another from the first of a month: (base, quote, base per quote)."""
    worth = {entity.currency: _worth(entity.rate, place, month) for place, entity in enumerate(ENTITIES)}
    for base in worth:
        for quote in worth:
            if base != quote:
                yield base, quote, (worth[quote] / worth[base]).quantize(Decimal("0.0001"))
    yield "GBP", "CHF", (_FRANC / worth["GBP"]).quantize(Decimal("0.0001"))


def months(first: date, last: date) -> Iterator[date]:
    """The first day of each month from that of `first` to that of `last`."""
    month = first.replace(day=1)
    while month <= last:
        yield month
        month = (month + timedelta(days=32)).replace(day=1)


def _worth(usual: Decimal, place: int, month: date) -> Decimal:
    """EUR for one unit: the usual, a little moved each month."""
    return usual * (1 + place * _MOVES[(month.year * 12 + month.month) % len(_MOVES)])
