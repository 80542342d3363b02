"""What the console says in euros, and of which period, held against the raw rates and the calendar of the books."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from tests.acceptance.moving_world.books import Books
from tests.acceptance.moving_world.days import HOME, day_of, period_of
from tests.acceptance.moving_world.oracle import NOTHING, Fact

Row = Mapping[str, Any]
Dated = tuple[Decimal, str | None, str]
"""An amount, its currency and its day."""


class Frozen:
    """What amounts of closed months came to when they were looked at last: rates that come later move none of them. One
    of which nothing was known when its month was closed has nothing to keep: it takes the rate of today.
    """

    def __init__(self) -> None:
        self._known: dict[object, Decimal | None] = {}
        self._looks: list[tuple[datetime, frozenset[str]]] = []

    def look(self, now: datetime, currencies: frozenset[str]) -> None:
        """Another look, and of which currencies it finds a rate."""
        self._looks.append((now, currencies))

    def moved(self, key: object, dated: list[Dated], closings: Iterable[str | None], said: Decimal | None) -> bool:
        """Whether another look said something else of the same amount of the same closing."""
        before = self._known.setdefault(key, said)
        return before is not None and self._had_rates(dated, closings) and said != before

    def _had_rates(self, dated: list[Dated], closings: Iterable[str | None]) -> bool:
        """Whether the last look before each of the closings found a rate of each currency."""
        for closing in closings:
            found = [held for at, held in self._looks if at < datetime.fromisoformat(str(closing))]
            if not found or any(currency not in (HOME, *found[-1]) for _, currency, _ in dated):
                return False
        return True


def wrong_worth(books: Books, work: Mapping[str, Row], sales: Mapping[str, Row], frozen: Frozen) -> Iterator[str]:
    """Each piece of work, what is billed of it and each sale at the rate of its own day."""
    for key, fact in books.facts.items():
        row = work.get(key)
        if row is not None and row["billable"] and (dated := _dated(fact, row)):
            yield from _wrong(books, key, dated, row["bill_reporting"], frozen)
    for code, sale in books.sales.items():
        row = sales.get(code)
        if row is not None and len(sale.won) == 1:
            won = sale.won[0]
            day = day_of(str(won["Closed_Won_At__c"]), row["legal_entity"])
            amount = Decimal(str(won["Amount"])), str(won["CurrencyIsoCode"]), day
            yield from _wrong(books, f"the sale of {code}", [amount], row["contract_value_reporting"], frozen)


def _dated(fact: Fact, row: Row) -> list[Dated]:
    """What is billed, line by line; else what the work is worth, where the console has that too."""
    if fact.lines:
        return [(line.amount, line.currency, line.day) for line in fact.lines] if row["state"] == "billed" else []
    if fact.day is None or row["bill_amount"] != fact.work:
        return []
    return [(fact.work, fact.currency, fact.day)]


def _wrong(books: Books, what: str, dated: list[Dated], said: Decimal | None, frozen: Frozen) -> Iterator[str]:
    closings = {books.rates.closing(day) for _, _, day in dated}
    if closings == {None}:
        each = [books.rates.worth(*one) for one in dated]
        expected = None if None in each else sum((one for one in each if one is not None), NOTHING)
        if said != expected and any(amount for amount, _, _ in dated):
            yield f"{what}: {dated} are {expected} EUR by the raw rates, the console says {said}"
    elif None not in closings and frozen.moved((what, tuple(dated), frozenset(closings)), dated, closings, said):
        yield f"{what}: {dated} of a closed month are {said} EUR now"


def wrong_period(books: Books, work: Mapping[str, Row], tied: list[Row]) -> Iterator[str]:
    """Each record in the period of its own day and company."""
    for key, fact in books.facts.items():
        row = work.get(key)
        if row is not None and fact.there and row["period"] != period_of(row["legal_entity"], str(fact.day)):
            yield f"{key}: {fact.day} of {row['legal_entity']} is in {row['period']}"
    days = {posting.external: posting.day for fact in books.facts.values() for posting in fact.postings}
    for row in tied:
        fact = books.facts.get(row["item_key"])
        if fact is None or row["entity"] not in ("time_entry", "expense"):
            continue
        if row["source_key"] and row["period"] != period_of(row["legal_entity"], str(fact.day)):
            yield f"{row['item_key']}: its source of {fact.day} is in {row['period']} of {row['legal_entity']}"
        held = days.get(row["target_key"] or "")
        if held and row["target_period"] != period_of(row["target_legal_entity"], held):
            yield f"{row['target_key']}: is in {row['target_period']} of {row['target_legal_entity']}"


def wrong_reporting(books: Books, found: Mapping[str, list[Row]]) -> Iterator[str]:
    """What a finding about unbilled work of an open month adds to the sum of its case."""
    for key, findings in found.items():
        fact = books.facts.get(key)
        if fact is None or fact.lines or fact.postings or fact.day is None or books.rates.closing(fact.day):
            continue
        for one in findings:
            if not fact.there or one["amount"] is None:
                continue
            expected = books.rates.worth(Decimal(one["amount"]), one["currency"], fact.day)
            said = None if one["reporting_minor"] is None else Decimal(one["reporting_minor"]).scaleb(-2)
            if said != expected:
                yield f"{key}: {one['cause']} of {one['amount']} {one['currency']} adds {said} EUR, not {expected}"
