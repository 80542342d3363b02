"""Life in the world: happenings carried out at the vendors, each once, those that cannot happen yet tried again later."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from random import Random
from zlib import crc32

from integrations.sandbox.crm_deeds import Sales
from integrations.sandbox.erp_deeds import Office
from integrations.sandbox.ledger import Ledger
from integrations.sandbox.plan import Happening, Plan
from integrations.sandbox.psa_deeds import Delivery
from integrations.sandbox.vendors import Vendors
from integrations.sandbox.weather import Disturbance, Weather

Deed = Callable[..., bool]
FORGOTTEN = timedelta(days=21)
"""A happening that could not happen for so long never will."""


class Life:
    """Carries the plan out. What was done is on file, so that a restart goes on where it stopped."""

    def __init__(self, vendors: Vendors, plan: Plan, ledger: Ledger, weather: Weather) -> None:
        self._plan, self._weather, self._vendors = plan, weather, vendors
        self._done = ledger.table("world.done")
        self._meta = ledger.table("world.meta")
        self.sales = Sales(vendors.crm, vendors.hcm, plan)
        self.office = Office(vendors.erp, vendors.ppm, plan)
        self.delivery = Delivery(vendors.psa, ledger, plan)
        self.deeds: dict[str, Deed] = {
            **{name: getattr(self.sales, name) for name in ("win", "fill", "extend", "duplicate", "merge", "rate")},
            **{
                name: getattr(self.office, name)
                for name in ("delete_job", "switch", "reparent", "close", "reopen", "drop_ppm", "milestone", "bill")
            },
            **{
                name: getattr(self.delivery, name)
                for name in (
                    "log",
                    "submit",
                    "decide",
                    "resubmit",
                    "resubmit_all",
                    "decide_all",
                    "correct",
                    "approve",
                    "withdraw",
                    "story",
                    "rename",
                    "orphan",
                    "archive",
                    "unarchive",
                )
            },
            "weather": self._disturb,
            "outage": self._outage,
        }
        self._waiting = [happening for happening in plan.happenings if happening.key not in self._done.rows]

    def begin(self) -> None:
        """Found the firm in its systems, once."""
        if "founded" not in self._meta.rows:
            at = self._plan.start + timedelta(hours=7)
            self.sales.found(at)
            self.office.found(at)
            self.delivery.found(at)
            self._meta.put("founded", {"at": at.isoformat()})

    def unsettle(self, seed: int) -> None:
        """Let the PSA's feed run late and double now and then."""
        chance = Random(seed)
        feed = self._vendors.psa.feed
        feed.lateness = lambda: chance.randint(1, 20) if chance.random() < 0.04 else 0
        feed.doubled = lambda: chance.random() < 0.03

    def live_until(self, now: datetime) -> int:
        """Carry out all that is due; how much was done. What comes late happens now, as it would."""
        done, left = 0, []
        for place, happening in enumerate(self._waiting):
            if happening.at > now:
                left.extend(self._waiting[place:])
                break
            if self.carry_out(happening, now):
                done += 1
            elif happening.at > now - FORGOTTEN:
                left.append(happening)
        self._waiting = left
        return done

    def carry_out(self, happening: Happening, now: datetime) -> bool:
        """Do one thing at its moment, or a minute or three ago, so that a delay of ours is never a lag of theirs."""
        lately = now - timedelta(seconds=23 + crc32(happening.key.encode()) % 170)
        done = self.deeds[happening.kind](max(happening.at, lately), *happening.args)
        if done:
            self._done.put(happening.key, {})
        return done

    @property
    def next_at(self) -> datetime | None:
        return self._waiting[0].at if self._waiting else None

    def _disturb(self, at: datetime, vendor: str, kind: str, count: str, path: str) -> bool:
        methods = ("POST", "PUT", "PATCH") if kind == "dropped" else ()
        self._weather.arm(Disturbance(vendor, kind, int(count), methods=methods, path=path))
        return True

    def _outage(self, at: datetime, vendor: str, hours: str) -> bool:
        self._weather.arm(Disturbance(vendor, "unavailable", until=at + timedelta(hours=int(hours))))
        return True
