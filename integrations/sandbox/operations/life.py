"""Life in the world: happenings carried out at the vendors, each once; what cannot happen yet is tried again."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from random import Random
from zlib import crc32

from integrations.sandbox.faults.conditions import Condition, Conditions
from integrations.sandbox.operations.absences import Absences
from integrations.sandbox.operations.accounts import Accounts
from integrations.sandbox.operations.adjusting import Adjusting
from integrations.sandbox.operations.billing import Billing
from integrations.sandbox.operations.copies import Copies
from integrations.sandbox.operations.delivery import Delivery
from integrations.sandbox.operations.forecasting import Forecasting
from integrations.sandbox.operations.office import Office
from integrations.sandbox.operations.sales import Sales
from integrations.sandbox.operations.workspaces import Workspaces
from integrations.sandbox.vendors.vendors import Vendors
from integrations.sandbox.world.ledger import Ledger
from integrations.sandbox.world.plan import Happening, Plan

Operation = Callable[..., bool]
FORGOTTEN = timedelta(days=21)
"""A happening that could not happen for so long never will."""


class Life:
    """Carries the plan out. What was done is on file, so that a restart goes on where it stopped."""

    def __init__(self, vendors: Vendors, plan: Plan, ledger: Ledger, conditions: Conditions) -> None:
        self._plan, self._conditions, self._vendors = plan, conditions, vendors
        self._done = ledger.table("world.done")
        self._meta = ledger.table("world.meta")
        self.sales = Sales(vendors.crm, vendors.hcm, plan)
        accounts = Accounts(vendors.erp)
        self.office, self.billing = Office(accounts, vendors.ppm, plan), Billing(accounts)
        self.delivery = Delivery(vendors.psa, ledger, plan)
        self.workspaces = Workspaces(vendors.psa, self.delivery, plan)
        self.operations: dict[str, Operation] = {
            **_named(self.sales, "win fill extend duplicate merge rate hire"),
            **_named(self.sales, "cap hand_over recode sell_on sell_again part rename_account"),
            **_named(self.office, "employ renumber delete_job switch reparent close reopen drop_ppm rates"),
            **_named(self.billing, "milestone refuse accept bill"),
            **_named(
                Adjusting(accounts, self.billing, self.delivery.owed),
                "credit release credit_part allow discount prepay draw bill_part bill_twice readdress address "
                "order_number settle settle_all",
            ),
            **_named(Copies(vendors.psa, accounts), "cancel_copy send_again type_invoice cancel_typed"),
            **_named(Forecasting(vendors.ppm, plan), "target forecast"),
            **_named(Absences(vendors.hcm, plan), "holidays absence"),
            **_named(self.delivery, "log submit decide resubmit resubmit_all decide_all correct approve withdraw"),
            **_named(self.delivery, "correct_late take_back night"),
            **_named(self.workspaces, "story rename orphan archive unarchive"),
            "vendor_fault": self._falter,
            "outage": self._outage,
        }
        done = {_renamed(key) for key in self._done.rows}
        self._waiting = [happening for happening in plan.happenings if happening.key not in done]

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
        done = self.operations[happening.kind](max(happening.at, lately), *happening.args)
        if done:
            self._done.put(happening.key, {})
        return done

    def _falter(self, at: datetime, vendor: str, kind: str, count: str, path: str) -> bool:
        methods = ("POST", "PUT", "PATCH") if kind == "dropped" else ()
        self._conditions.arm(Condition(vendor, kind, int(count), methods=methods, path=path))
        return True

    def _outage(self, at: datetime, vendor: str, hours: str) -> bool:
        self._conditions.arm(Condition(vendor, "unavailable", until=at + timedelta(hours=int(hours))))
        return True


def _named(people: object, names: str) -> dict[str, Operation]:
    return {name: getattr(people, name) for name in names.split()}


def _renamed(key: str) -> str:
    """A happening's key as it is called now: releases before 0.2 called a vendor's fault its weather."""
    return key.replace("weather:", "vendor_fault:", 1) if key.startswith("weather:") else key
