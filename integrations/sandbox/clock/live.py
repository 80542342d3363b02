"""The world after its history: people keep working, every few seconds while somebody looks and every minute while
nobody does, and the clock keeps pace with the wall.

Each beat is drawn from the seed and its number, so that it can be drawn again; what it did is on file.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from random import Random

from integrations.sandbox.faults.conditions import Condition
from integrations.sandbox.simulation import Simulation
from integrations.sandbox.world.plan import HEADLINE
from integrations.sandbox.world.portfolio import Deal
from integrations.sandbox.world.timesheets import NOTES, Entry, Sheet

SHORT, LONG = 8.0, 18.0
"""Wall seconds between two beats."""
REST, LOOK = 5.0, 1.0
"""How much longer it is between two beats while nobody looks, and how often is asked whether somebody does."""
NEW_SALE, FALTERING, CORRECTION = 19, 11, 7
"""Every how many beats a sale is won, a vendor falters, an entry is corrected (primes: they rarely coincide)."""


class Liveliness:
    """Beats until it is cancelled, more slowly while not `watched`."""

    def __init__(self, simulation: Simulation, watched: Callable[[], bool] = lambda: True) -> None:
        self._simulation, self._watched = simulation, watched
        self._beats = simulation.ledger.table("world.beats")
        self._later: list[tuple[datetime, str, tuple[str, ...]]] = []
        for beat in self._beats.rows.values():
            if beat.get("sale"):
                self._sell(int(beat["sale"]))

    async def run(self) -> None:
        while True:
            number = len(self._beats) + 1
            self.beat(number)
            await self._rest(Random(f"{self._simulation.seed}/{number}/pause").uniform(SHORT, LONG))

    async def _rest(self, seconds: float) -> None:
        """Wait until the next beat; who comes meanwhile does not wait longer than when somebody had been there."""
        waited = 0.0
        while waited < seconds * (1.0 if self._watched() else REST):
            await asyncio.sleep(LOOK)
            waited += LOOK

    def beat(self, number: int) -> None:
        """One moment of life: what was due, then something new."""
        now, chance = self._simulation.clock.now(), Random(f"{self._simulation.seed}/{number}")
        self._simulation.life.live_until(now)
        self._simulation.vendors.psa.feed.forget_old(now)
        self._follow_up(now)
        noted: dict[str, object] = {"at": now.isoformat()}
        self._work(number, chance, now)
        if number % NEW_SALE == 0:
            noted["sale"] = number
            self._win(number, now)
        if number % FALTERING == 0:
            self._falter(chance)
        if number % CORRECTION == 0:
            self._correct(chance, now)
        self._beats.put(str(number), noted)
        self._simulation.ledger.flush()

    def _follow_up(self, now: datetime) -> None:
        due = [one for one in self._later if one[0] <= now]
        self._later = [one for one in self._later if one[0] > now]
        for _, kind, args in due:
            self._simulation.life.operations[kind](now, *args)

    def _work(self, number: int, chance: Random, now: datetime) -> None:
        """Three to eight people write down what they just did; their managers approve it within half a minute."""
        delivery, psa = self._simulation.life.delivery, self._simulation.vendors.psa
        for place, sheet in enumerate(chance.sample(self._open_sheets(now), chance.randint(3, 8))):
            workspace = delivery.open_workspace(sheet.deal.code)
            code = chance.choice(sheet.deal.tasks)[0]
            story = psa.story(workspace, code) if workspace else None
            if workspace is None or story is None:
                continue
            key = f"live/{number}/{place}"
            delivery.log_entry(
                replace(sheet, key=key, fault=None),
                Entry(key, now.date(), chance.choice((30, 60, 90, 120, 180)), code, code, chance.choice(NOTES)),
                workspace,
                story,
                now,
            )
            self._later.append((now + timedelta(seconds=chance.randint(4, 30)), "approve", (key,)))

    def _open_sheets(self, now: datetime) -> list[Sheet]:
        """Timesheets of the present week (or the last planned one) on projects that no fault has touched."""
        faults = self._simulation.plan.faults
        touched = {HEADLINE, *(fault.subject[:8] for fault in faults if fault.lawful or not fault.heals)}
        sheets = self._simulation.plan.sheets.values()
        week = min((now - self._simulation.plan.start).days // 7, max(sheet.week for sheet in sheets))
        return [sheet for sheet in sheets if sheet.week == week and sheet.deal.code not in touched and not sheet.fault]

    def _sell(self, number: int) -> Deal:
        """The sale of a beat, made from one of the scenario's deals."""
        deals = [deal for deal in self._simulation.plan.deals.values() if deal.code.startswith("PRJ-10")]
        like, code = deals[number * 7 % len(deals)], f"PRJ-{2000 + number // NEW_SALE}"
        tasks = tuple((task.replace(like.code, code), name, billable) for task, name, billable in like.tasks)
        deal = replace(
            like,
            code=code,
            name=like.name.replace(" for ", ", phase two, for ", 1),
            tasks=tasks,
            lacks={},
            sow_expires=None,
        )
        self._simulation.plan.deals[code] = deal
        return deal

    def _win(self, number: int, now: datetime) -> None:
        """A sale is closed; every third lacks its cost centre for a minute or two."""
        deal = self._sell(number)
        if number // NEW_SALE % 3 == 0:
            later = now + timedelta(seconds=90)
            self._simulation.plan.deals[deal.code] = replace(deal, lacks={"Cost_Centre__c": later})
            self._later.append((later, "fill", (deal.code, "Cost_Centre__c")))
        self._simulation.life.operations["win"](now, deal.code)

    def _falter(self, chance: Random) -> None:
        vendor, kind = chance.choice(
            (
                ("netsuite", "throttled"),
                ("netsuite", "dropped"),
                ("kantata", "unavailable"),
                ("kantata", "throttled"),
                ("workday", "fault"),
                ("salesforce", "throttled"),
            )
        )
        methods = ("POST", "PUT", "PATCH") if kind == "dropped" else ()
        self._simulation.conditions.arm(Condition(vendor, kind, chance.randint(1, 3), methods=methods))

    def _correct(self, chance: Random, now: datetime) -> None:
        """Somebody halves an entry that was approved minutes ago, or takes it back."""
        rows = self._simulation.life.delivery.entries.rows
        recent = [
            row for row in list(rows.values())[-60:] if row["state"] == "approved" and row["key"].startswith("live/")
        ]
        if recent:
            row = chance.choice(recent)
            kind, args = (
                ("correct", (row["sheet"], row["key"], str(max(15, row["minutes"] // 2))))
                if chance.random() < 0.8
                else ("withdraw", (row["sheet"], row["key"]))
            )
            self._simulation.life.operations[kind](now, *args)
