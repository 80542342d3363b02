"""The sandbox as one thing: the simulation, and the gateway that serves its vendors and its control."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from integrations.sandbox.control import Control
from integrations.sandbox.gateway import Gateway
from integrations.sandbox.serving import served
from integrations.sandbox.simulation import Simulation
from models.domain.clock import Clock

SEED = 2026
SECRET = "loopback-only"
"""A throw-away value for tests; the demonstration draws its own and hands it over by the environment."""


class Sandbox(Simulation):
    """A simulation on the wire. `app` is the ASGI application; `latency` is seconds before each vendor's answer.

    `fault_plan=None` makes a world where everybody does everything right. Raises ValueError for an unknown fault plan.
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
        super().__init__(seed, clock, folder, secret, anchor, fault_plan is not None)
        self.app = Gateway(self.vendors.by_prefix(), self.ledger, self.conditions, clock, latency)
        self.control = Control(self, self.app.requests)
        self.app.mount("_world", self.control)

    @contextmanager
    def serve(self) -> Iterator[str]:
        """The address of the sandbox on a free port of loopback, until the block ends."""
        with served(self.app) as address:
            yield address
