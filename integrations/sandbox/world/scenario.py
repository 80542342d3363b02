"""The scenario, drawn from a seed: the firm, what it sells, who works when. The caller plants the faults."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from random import Random

from integrations.sandbox.world.firm import ENTITY, ROLES
from integrations.sandbox.world.people import hired
from integrations.sandbox.world.plan import BEYOND, HEADLINE, TEAM, Plan, enlivened
from integrations.sandbox.world.portfolio import WEEKS, Deal, clients, deals
from integrations.sandbox.world.timesheets import staffed

Planter = Callable[[Plan, Random], None]


def drawn(seed: int, anchor: datetime, plant: Planter | None = None) -> Plan:
    """The plan of a seed and an anchor; without a planter of faults everybody does everything right."""
    chance = Random(seed)
    monday = (anchor - timedelta(days=anchor.weekday())).replace(hour=0, minute=0, second=0, microsecond=0)
    start = monday - timedelta(weeks=WEEKS)
    people, buyers = hired(chance, start.date()), clients(chance)
    sold = {deal.code: deal for deal in deals(chance, start, buyers)}
    sold[HEADLINE] = _headline(sold[HEADLINE], start)
    team = {person.number for person in people if person.entity.id == "NOV-DE"}
    teams = {HEADLINE: set(sorted(team)[:TEAM])}
    sheets = {sheet.key: sheet for sheet in staffed(chance, start, people, list(sold.values()), WEEKS + BEYOND, teams)}
    plan = Plan(seed, anchor, start, people, buyers, sold, sheets)
    if plant is not None:
        plant(plan, chance)
    enlivened(plan)
    return plan


def _headline(deal: Deal, start: datetime) -> Deal:
    """The firm's biggest roll-out, running all the time, with a team of its own."""
    entity = ENTITY["NOV-DE"]
    tasks = (("010", "Design"), ("020", "Build"), ("030", "Test and cut-over"), ("040", "Project management"))
    rates = {role: Decimal(price[0]) for role, price in ROLES.items()}
    return replace(
        deal,
        name="ERP roll-out for Halden Grid",
        client=1,
        entity=entity,
        line="Implementation",
        practice="ERP Implementation",
        kind="Time and Materials",
        team=TEAM,
        rates=rates,
        hours=dict.fromkeys(rates, 700),
        first=0,
        last=WEEKS + BEYOND,
        target_margin=34,
        milestones=(),
        lacks={},
        tasks=tuple((f"{deal.code}.{number}", name, True) for number, name in tasks),
        won_at=start + timedelta(hours=7, minutes=55),
    )
