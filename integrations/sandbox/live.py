"""The world after its history: people keep working, every few seconds, while the clock keeps pace with the wall.

Each beat is drawn from the seed and its number, so that it can be told again; what it did is on file with the rest.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta
from random import Random
from typing import TYPE_CHECKING

from integrations.sandbox.plan import HEADLINE
from integrations.sandbox.portfolio import Deal
from integrations.sandbox.timesheets import NOTES, Entry, Sheet
from integrations.sandbox.weather import Disturbance

if TYPE_CHECKING:
    from integrations.sandbox.sandbox import Sandbox

SHORT, LONG = 8.0, 18.0
"""Wall seconds between two beats."""
NEW_SALE, GUST, CORRECTION = 19, 11, 7
"""Every how many beats a sale is won, a vendor falters, an entry is corrected (primes, so that they rarely fall
together).
"""


class Liveliness:
    """Beats until it is cancelled."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox
        self._beats = sandbox.ledger.table("world.beats")
        self._later: list[tuple[datetime, str, tuple[str, ...]]] = []
        for beat in self._beats.rows.values():
            if beat.get("sale"):
                self._sell(int(beat["sale"]))

    async def run(self) -> None:
        while True:
            number = len(self._beats) + 1
            self.beat(number)
            await asyncio.sleep(Random(f"{self._sandbox.seed}/{number}/pause").uniform(SHORT, LONG))

    def beat(self, number: int) -> None:
        """One moment of life: what was due, then something new."""
        now, chance = self._sandbox.clock.now(), Random(f"{self._sandbox.seed}/{number}")
        self._sandbox.life.live_until(now)
        self._sandbox.vendors.psa.feed.forget_old(now)
        self._follow_up(now)
        noted: dict[str, object] = {"at": now.isoformat()}
        self._work(number, chance, now)
        if number % NEW_SALE == 0:
            noted["sale"] = number
            self._win(number, now)
        if number % GUST == 0:
            self._gust(chance)
        if number % CORRECTION == 0:
            self._correct(chance, now)
        self._beats.put(str(number), noted)
        self._sandbox.ledger.flush()

    def _follow_up(self, now: datetime) -> None:
        due = [one for one in self._later if one[0] <= now]
        self._later = [one for one in self._later if one[0] > now]
        for _, kind, args in due:
            self._sandbox.life.deeds[kind](now, *args)

    def _work(self, number: int, chance: Random, now: datetime) -> None:
        """Three to eight people write down what they just did; their managers approve it within half a minute."""
        delivery, psa = self._sandbox.life.delivery, self._sandbox.vendors.psa
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
        touched = {HEADLINE, *(fault.subject[:8] for fault in self._sandbox.plan.faults if not fault.heals)}
        sheets = self._sandbox.plan.sheets.values()
        week = min((now - self._sandbox.plan.start).days // 7, max(sheet.week for sheet in sheets))
        return [sheet for sheet in sheets if sheet.week == week and sheet.deal.code not in touched and not sheet.fault]

    def _sell(self, number: int) -> Deal:
        """The sale of a beat, made from one of the story's deals."""
        deals = [deal for deal in self._sandbox.plan.deals.values() if deal.code.startswith("PRJ-10")]
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
        self._sandbox.plan.deals[code] = deal
        return deal

    def _win(self, number: int, now: datetime) -> None:
        """A sale is closed; every third lacks its cost centre for a minute or two."""
        deal = self._sell(number)
        if number // NEW_SALE % 3 == 0:
            later = now + timedelta(seconds=90)
            self._sandbox.plan.deals[deal.code] = replace(deal, lacks={"Cost_Centre__c": later})
            self._later.append((later, "fill", (deal.code, "Cost_Centre__c")))
        self._sandbox.life.deeds["win"](now, deal.code)

    def _gust(self, chance: Random) -> None:
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
        self._sandbox.weather.arm(Disturbance(vendor, kind, chance.randint(1, 3), methods=methods))

    def _correct(self, chance: Random, now: datetime) -> None:
        """Somebody halves an entry that was approved minutes ago, or takes it back."""
        rows = self._sandbox.life.delivery.entries.rows
        recent = [
            row for row in list(rows.values())[-60:] if row["state"] == "approved" and row["key"].startswith("live/")
        ]
        if recent:
            row = chance.choice(recent)
            deed = (
                ("correct", (row["sheet"], row["key"], str(max(15, row["minutes"] // 2))))
                if chance.random() < 0.8
                else ("withdraw", (row["sheet"], row["key"]))
            )
            self._sandbox.life.deeds[deed[0]](now, *deed[1])
