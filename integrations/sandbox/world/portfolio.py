"""What the firm sold: client groups and the deals that became, or will become, projects."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from random import Random

from integrations.sandbox.world.firm import CENTRES, ENTITIES, GROUPS, PRACTICES, ROLES, SUBJECTS, SUFFIX, TASKS, Entity

CENT = Decimal("0.01")
WEEKS = 12
CLOSINGS = (
    {"days": 0, "hours": 10, "minutes": 57},
    {"days": 1, "hours": 14, "minutes": 57},
    {"days": 2, "hours": 10, "minutes": 27},
)
EARLY, RUNNING = 38, 52
"""Deals won as the scenario begins, and in the weeks of it."""


@dataclass(frozen=True)
class Client:
    """A customer company; `group` is the index of the client above it."""

    number: str
    name: str
    group: int | None
    entity: Entity
    tax_id: str


@dataclass(frozen=True)
class Milestone:
    name: str
    amount: Decimal
    due: date


@dataclass(frozen=True)
class Deal:
    """A sale and the project it means. Weeks count from the start of the scenario; `last` is the last week of work.

    `rates` gives the sold bill rate by role, `lacks` the CRM fields nobody filled, each with the day somebody will
    (None: not yet).
    """

    code: str
    name: str
    client: int
    entity: Entity
    line: str
    practice: str
    kind: str
    team: int
    rates: dict[str, Decimal]
    hours: dict[str, int]
    tasks: tuple[tuple[str, str, bool], ...]
    first: int
    last: int
    won_at: datetime
    target_margin: int
    milestones: tuple[Milestone, ...] = ()
    lacks: dict[str, datetime | None] = field(default_factory=dict)
    sow_expires: date | None = None

    @property
    def currency(self) -> str:
        return self.entity.currency

    @property
    def centre(self) -> str:
        return f"{self.entity.id[4:]}-{CENTRES[self.line]}"

    @property
    def billable_time(self) -> bool:
        return self.kind != "Fixed Price"

    @property
    def value(self) -> Decimal:
        time = sum((Decimal(self.hours[role]) * self.rates[role] for role in self.rates), Decimal(0))
        fixed = sum((milestone.amount for milestone in self.milestones), Decimal(0))
        return (fixed if self.kind == "Fixed Price" else time + fixed).quantize(CENT)


def clients(chance: Random) -> list[Client]:
    """32 companies in twelve groups; each group sits in one country, some subsidiaries in another."""
    made: list[Client] = []
    for place, (group, parts) in enumerate(GROUPS):
        home = ENTITIES[place % 3]
        top = len(made)
        made.append(_client(chance, len(made), f"{group} Group", None, home))
        for part in parts:
            entity = home if chance.random() < 0.7 else chance.choice(ENTITIES)
            made.append(_client(chance, len(made), f"{part} {SUFFIX[entity.id]}", top, entity))
    return _numbered(made)


def _numbered(made: list[Client]) -> list[Client]:
    """The same, but that the first two neighbours of two countries from the ninth on differ by that country alone:
    `DE-10012` and `GB-10012`.
    """
    place = next(one for one in range(8, len(made)) if made[one].entity.country != made[one + 1].entity.country)
    shared = {one: f"{made[one].entity.country}-{made[place].number}" for one in (place, place + 1)}
    return [replace(client, number=shared.get(one, client.number)) for one, client in enumerate(made)]


def _client(chance: Random, place: int, name: str, group: int | None, entity: Entity) -> Client:
    return Client(
        f"{10001 + place}", name, group, entity, f"{entity.country}{chance.randint(100_000_000, 999_999_999)}"
    )


def deals(chance: Random, start: datetime, buyers: list[Client]) -> list[Deal]:
    """90 sales, PRJ-1001 on, in the order they are won; every legal entity keeps enough work for its people."""
    moments = sorted(
        [(0, start + timedelta(hours=7, minutes=54, seconds=chance.randint(0, 330))) for _ in range(EARLY)]
    )
    later = [(1 + place * (WEEKS - 1) // RUNNING, place) for place in range(RUNNING)]
    moments += sorted(
        (week, start + timedelta(weeks=week, **chance.choice(CLOSINGS), seconds=chance.randint(0, 159)))
        for week, _ in later
    )
    return [_deal(chance, 1001 + place, week, won, start, buyers) for place, (week, won) in enumerate(moments)]


def _deal(chance: Random, number: int, week: int, won: datetime, start: datetime, buyers: list[Client]) -> Deal:
    entity = ENTITIES[(0, 1, 2, 0, 1, 0, 2, 0, 1)[number % 9]]
    places = [place for place, buyer in enumerate(buyers) if buyer.entity is entity] or list(range(len(buyers)))
    client = chance.choice(places)
    line = tuple(PRACTICES)[number % 4]
    kind = (
        "Retainer" if line == "Managed Services" else "Fixed Price" if chance.random() < 0.32 else "Time and Materials"
    )
    first, length = (0 if week == 0 else week + 1), chance.randint(5, 13)
    team = chance.choice((2, 3, 3, 4, 4, 5, 6))
    price = Decimal(chance.randint(90, 106)) / 100 if chance.random() > 0.12 else Decimal(chance.randint(58, 70)) / 100
    rates = {role: (ROLES[role][0] * entity.level * price).quantize(Decimal("0.5")) for role in ROLES}
    share = Decimal(team * length * 34) / len(rates)
    deal = Deal(
        f"PRJ-{number}",
        f"{chance.choice(SUBJECTS[line])} for {_short(buyers[client].name)}",
        client,
        entity,
        line,
        chance.choice(PRACTICES[line]),
        kind,
        team,
        rates,
        {role: int(share) for role in rates},
        tuple(
            (f"PRJ-{number}.{10 * (place + 1):03d}", task, kind != "Fixed Price")
            for place, task in enumerate(TASKS[line])
        ),
        first,
        first + length,
        won,
        32 if price > Decimal("0.8") else 18,
    )
    return replace(deal, milestones=_milestones(chance, deal, start)) if kind == "Fixed Price" else deal


def _milestones(chance: Random, deal: Deal, start: datetime) -> tuple[Milestone, ...]:
    worth = sum((Decimal(deal.hours[role]) * deal.rates[role] for role in deal.rates), Decimal(0))
    shares = (
        (Decimal("0.3"), "Design signed off"),
        (Decimal("0.4"), "Build accepted"),
        (Decimal("0.3"), "Go-live accepted"),
    )
    length = deal.last - deal.first
    return tuple(
        Milestone(
            name,
            (worth * share).quantize(Decimal("100")).quantize(CENT),
            (start + timedelta(weeks=deal.first + length * (place + 1) // 3, days=3)).date(),
        )
        for place, (share, name) in enumerate(shares)
    )


def _short(name: str) -> str:
    return name.rsplit(" ", 1)[0] if name.endswith((" Group", " GmbH", " Ltd", " Inc.")) else name
