"""The sandbox as one thing: five vendors over one ledger, the world that lives in them, its weather and its control."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from integrations.sandbox.control import Control
from integrations.sandbox.door import Door, Vendor
from integrations.sandbox.ledger import Ledger
from integrations.sandbox.life import Life
from integrations.sandbox.plan import Happening, Plan
from integrations.sandbox.serving import served
from integrations.sandbox.story import drawn
from integrations.sandbox.truth import Truth
from integrations.sandbox.vendors import Vendors
from integrations.sandbox.weather import Weather
from models.domain.clock import Clock

SEED = 2026
SECRET = "loopback-only"
"""A throw-away value for tests; the demonstration draws its own and hands it over by the environment."""


class Sandbox:
    """A firm and its vendors. `app` is the ASGI application, `life` does deeds, `truth` knows what is right.

    `folder` keeps the vendors' data over a restart (None: memory only). `anchor` is the day the story ends (default:
    the clock's present at the first start); `fault_plan=None` makes a world where everybody does everything right and
    no vendor ever falters. `latency` is seconds that pass before each vendor's answer.
    """

    def __init__(
        self,
        seed: int,
        clock: Clock,
        *,
        folder: Path | None = None,
        secret: str = SECRET,
        anchor: datetime | None = None,
        fault_plan: str | None = "standard",
        latency: float = 0.0,
    ) -> None:
        if fault_plan not in (None, "standard"):
            raise ValueError(f"unknown fault plan {fault_plan!r}: use 'standard', or None for a quiet world")
        self.clock, self.seed, self.secret = clock, seed, secret
        self.ledger = Ledger(folder / "vendors.jsonl" if folder else None)
        self.meta = self.ledger.table("world.meta")
        self.plan = self._plan(anchor, fault_plan is not None)
        self.vendors = Vendors(self.ledger, clock, secret)
        self.weather = Weather()
        self.life = Life(self.vendors, self.plan, self.ledger, self.weather)
        self.mended = self.ledger.table("world.mended")
        self.truth = Truth(self.plan, self.vendors, self.life, self.mended)
        self.life.begin()
        if fault_plan is not None:
            self.life.unsettle(seed)
        self.ledger.flush()
        self.control = Control(self)
        prefixes: dict[str, Vendor] = {**self.vendors.by_prefix(), "_world": self.control}
        self.app = Door(prefixes, self.ledger, self.weather, clock, latency)

    def _plan(self, anchor: datetime | None, faults: bool) -> Plan:
        """The same story after a restart: its seed and end are on file."""
        held = self.meta.get("story")
        if held is None:
            held = self.meta.put(
                "story",
                {
                    "seed": self.seed,
                    "anchor": (anchor or self.clock.now()).astimezone(UTC).isoformat(),
                    "faults": faults,
                },
            )
        return drawn(int(held["seed"]), datetime.fromisoformat(held["anchor"]), bool(held["faults"]))

    def do(self, kind: str, *args: str, at: datetime | None = None) -> bool:
        """One deed of the world now (`Life.deeds` names them): whether it could be done."""
        moment = at or self.clock.now()
        done = self.life.carry_out(Happening(moment, kind, args), moment)
        self.ledger.flush()
        return done

    def mend(self, fault_id: str) -> bool:
        """Do at the vendors what a person would do about a planted fault. Raises KeyError for an unknown id."""
        fault = next((fault for fault in self.plan.faults if fault.id == fault_id), None)
        if fault is None:
            raise KeyError(fault_id)
        now = self.clock.now()
        done = all([self.life.deeds[kind](now, *args) for kind, args in fault.heal])
        if done:
            self.mended.put(fault_id, {"at": now.isoformat()})
        self.ledger.flush()
        return done

    @contextmanager
    def serve(self) -> Iterator[str]:
        """The address of the sandbox on a free port of loopback, until the block ends."""
        with served(self.app) as address:
            yield address

    def close(self) -> None:
        self.ledger.close()
