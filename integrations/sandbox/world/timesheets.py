"""Who works on what: weekly timesheets of everybody, planned ahead, with the people's habits and slips."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from random import Random

from integrations.sandbox.world.people import Worker
from integrations.sandbox.world.portfolio import Deal

CATEGORIES = ("Rail travel", "Flights", "Hotel", "Client dinner", "Taxi", "Software licence")
NOTES = (
    "workshop with client",
    "interface build",
    "review and fixes",
    "steering preparation",
    "test support",
    "documentation",
    "data migration",
    "planning",
)


@dataclass(frozen=True)
class Entry:
    """Hours on one day; `code` is the right charge code, `shown` what the person picked."""

    key: str
    day: date
    minutes: int
    code: str
    shown: str
    notes: str


@dataclass(frozen=True)
class Cost:
    """An expense in the currency of the project, in cents."""

    key: str
    day: date
    category: str
    cents: int


@dataclass
class Sheet:
    """One person's week on one project. `decide_at` None: nobody decides; `verdict` approved or rejected."""

    key: str
    worker: Worker
    deal: Deal
    week: int
    entries: list[Entry]
    expenses: list[Cost]
    submit_at: datetime
    decide_at: datetime | None
    verdict: str = "approved"
    fault: str | None = None
    unpriced: bool = False
    """Whether the PSA has no cost rate for this person."""
    beyond: dict[str, str] = field(default_factory=dict)
    """Fields that the vendor sends for these entries and nobody knows yet."""
    days: list[date] = field(default_factory=list)


def staffed(
    chance: Random, start: datetime, people: list[Worker], sold: list[Deal], weeks: int, teams: dict[str, set[str]]
) -> Iterator[Sheet]:
    """Every timesheet of the scenario, week by week; `teams` reserves people (by number) for a deal's code."""
    on: dict[str, Deal] = {}
    reserved = {number: code for code, numbers in teams.items() for number in numbers}
    by_code = {deal.code: deal for deal in sold}
    for week in range(weeks):
        open_deals = [deal for deal in sold if deal.first <= week <= deal.last and deal.code not in teams]
        for person in people:
            deal = (
                by_code[reserved[person.number]]
                if person.number in reserved
                else _placed(chance, person, week, on, open_deals)
            )
            if deal is None or not deal.first <= week <= deal.last:
                continue
            yield _sheet(chance, start, person, deal, week, full=person.number in reserved)


def _placed(chance: Random, person: Worker, week: int, on: dict[str, Deal], open_deals: list[Deal]) -> Deal | None:
    """The deal the person stays on, else the one of the same company that lacks most hands."""
    now = on.get(person.number)
    if now is not None and week <= now.last and chance.random() > 0.05:
        return now
    here = [deal for deal in open_deals if deal.entity is person.entity]
    if not here:
        return None
    hands = {deal.code: sum(1 for other in on.values() if other is deal) for deal in here}
    on[person.number] = max(here, key=lambda deal: (deal.team - hands[deal.code], deal.code))
    return on[person.number]


def _sheet(chance: Random, start: datetime, person: Worker, deal: Deal, week: int, full: bool) -> Sheet:
    monday = start + timedelta(weeks=week)
    key = f"{deal.code}/{person.number}/{week:02d}"
    days = [monday.date() + timedelta(days=day) for day in range(5) if full or chance.random() > 0.09]
    entries = [entry for place, day in enumerate(days) for entry in _day(chance, f"{key}/{place}", deal, day, full)]
    submit = monday + timedelta(days=4, hours=17, minutes=chance.randint(30, 37), seconds=chance.randint(0, 59))
    early = chance.random() < 0.64
    decide = monday + timedelta(
        days=7 if early else 8, hours=10 if early else 14, minutes=chance.randint(57, 59), seconds=chance.randint(0, 37)
    )
    return Sheet(key, person, deal, week, entries, _costs(chance, key, deal, days), submit, decide, days=days)


def _day(chance: Random, key: str, deal: Deal, day: date, full: bool) -> list[Entry]:
    tasks = [code for code, _, _ in deal.tasks]
    if full:
        first, second = chance.sample(tasks, 2)
        return [_entry(chance, f"{key}a", day, 240, first), _entry(chance, f"{key}b", day, 240, second)]
    if chance.random() < 0.36:
        first, second = chance.sample(tasks, 2)
        minutes = chance.choice((120, 180, 240))
        return [_entry(chance, f"{key}a", day, 480 - minutes, first), _entry(chance, f"{key}b", day, minutes, second)]
    return [_entry(chance, f"{key}a", day, chance.choice((420, 450, 480, 480, 480, 510)), chance.choice(tasks))]


def _entry(chance: Random, key: str, day: date, minutes: int, code: str) -> Entry:
    return Entry(key, day, minutes, code, code, chance.choice(NOTES))


def _costs(chance: Random, key: str, deal: Deal, days: list[date]) -> list[Cost]:
    if not days or chance.random() > 0.42:
        return []
    cents = int(chance.randint(1800, 64000) * deal.entity.level)
    return [Cost(f"{key}/x", chance.choice(days), chance.choice(CATEGORIES), cents)]
