"""The firm's people: 160 of them, with roles, cost rates in their company's currency and an e-mail address."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_HALF_EVEN, Decimal
from random import Random

from integrations.sandbox.world.firm import CENTRES, ENTITIES, FIRST, LAST, ROLES, Entity

HEADCOUNT = {"NOV-DE": 72, "NOV-UK": 48, "NOV-US": 40}
MIX = {
    "Principal": 1,
    "Architect": 2,
    "Project Manager": 2,
    "Senior Consultant": 4,
    "Senior Engineer": 3,
    "Consultant": 5,
    "Engineer": 4,
    "Analyst": 3,
}


@dataclass(frozen=True)
class Worker:
    """One person; `cost_rate` is an hour's cost in the currency of the legal entity."""

    number: str
    first: str
    last: str
    role: str
    entity: Entity
    cost_centre: str
    cost_rate: Decimal
    weekly_hours: int
    hired: date

    @property
    def name(self) -> str:
        return f"{self.first} {self.last}"

    @property
    def user(self) -> str:
        return f"{self.first[0]}{self.last}{self.number[-3:]}".lower()

    @property
    def email(self) -> str:
        return f"{self.first}.{self.last}.{self.number[-3:]}@novalis.example".lower()


def hired(chance: Random, today: date) -> list[Worker]:
    """Everybody, in the order of their numbers, from E-1001 on; no two with one name."""
    names = [(first, last) for first in FIRST for last in LAST]
    chance.shuffle(names)
    roles = [role for role, share in MIX.items() for _ in range(share)]
    staff: list[Worker] = []
    for entity in ENTITIES:
        for place in range(HEADCOUNT[entity.id]):
            role = roles[place % len(roles)]
            staff.append(_worker(chance, 1001 + len(staff), names[len(staff)], role, entity, today))
    return staff


def _worker(chance: Random, number: int, name: tuple[str, str], role: str, entity: Entity, today: date) -> Worker:
    listed, share = ROLES[role]
    personal = Decimal(chance.randint(93, 109)) / 100
    rate = (listed * entity.level * share * personal).quantize(Decimal("0.01"), ROUND_HALF_EVEN)
    centre = CENTRES[chance.choice(list(CENTRES))]
    return Worker(
        f"E-{number}",
        *name,
        role,
        entity,
        f"{entity.id[4:]}-{centre}",
        rate,
        40,
        today - timedelta(days=chance.randint(200, 3200)),
    )
