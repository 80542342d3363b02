"""The simulation: a firm that works in five vendors' systems over one ledger, with a plan, its faults and the truth."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from integrations.sandbox.faults.conditions import Conditions
from integrations.sandbox.faults.kinds import planted
from integrations.sandbox.operations.life import Life
from integrations.sandbox.operations.truth import Truth
from integrations.sandbox.vendors.vendors import Vendors
from integrations.sandbox.world.ledger import Ledger
from integrations.sandbox.world.plan import Happening, Plan
from integrations.sandbox.world.scenario import drawn
from models.domain.clock import Clock


class Simulation:
    """A firm and its vendors' data, without a wire: `life` carries operations out, `truth` knows what is right.

    `folder` keeps the data over a restart (None: memory only). `anchor` is the day the plan's history ends (default:
    the clock's present at the first start). Without `faults` everybody does everything right and no vendor falters.
    """

    def __init__(
        self, seed: int, clock: Clock, folder: Path | None, secret: str, anchor: datetime | None, faults: bool
    ) -> None:
        self.clock, self.seed, self.secret = clock, seed, secret
        self.ledger = Ledger(folder / "vendors.jsonl" if folder else None)
        self.meta = self.ledger.table("world.meta")
        self.plan = self._plan(anchor, faults)
        self.vendors = Vendors(self.ledger, clock, secret)
        self.conditions = Conditions()
        self.life = Life(self.vendors, self.plan, self.ledger, self.conditions)
        self.mended = self.ledger.table("world.mended")
        self.truth = Truth(self.plan, self.vendors, self.life, self.mended)
        self.life.begin()
        if faults:
            self.life.unsettle(seed)
        self.ledger.flush()

    def _plan(self, anchor: datetime | None, faults: bool) -> Plan:
        """The same scenario after a restart: its seed and end are on file, under the name they have had since 0.1.0."""
        held = self.meta.get("story")
        if held is None:
            end = (anchor or self.clock.now()).astimezone(UTC).isoformat()
            held = self.meta.put("story", {"seed": self.seed, "anchor": end, "faults": faults})
        plant = planted if held["faults"] else None
        return drawn(int(held["seed"]), datetime.fromisoformat(held["anchor"]), plant)

    def do(self, kind: str, *args: str, at: datetime | None = None) -> bool:
        """One operation now (`Life.operations` names them): whether it could be done."""
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
        done = all([self.life.operations[kind](now, *args) for kind, args in fault.remedy])
        if done:
            self.mended.put(fault_id, {"at": now.isoformat()})
        self.ledger.flush()
        return done

    def close(self) -> None:
        self.ledger.close()
