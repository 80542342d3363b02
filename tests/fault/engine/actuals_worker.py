"""An engine that states actuals to the portfolio's emulator until it is killed, in a process of its own."""

from __future__ import annotations

import os
import signal
from collections.abc import Sequence

from integrations.connectors.ppm import CONNECTOR
from integrations.contracts.connector import Answer, Change, Policy, Role, SystemConfig
from integrations.engine import Engine
from integrations.flows import portfolio_actuals
from models.domain.clock import SystemClock
from models.journal import open_journal

SECRET = "s3cr3t-of-the-sandbox"
LEASE = 0.5


class Mortal(CONNECTOR):
    """The portfolio's connector, which ends its process at its first write: `before` it is sent, or `after` the
    portfolio took it and before anybody hears of it.
    """

    def __init__(self, config: SystemConfig, moment: str | None) -> None:
        super().__init__(config, SystemClock())
        self._moment = moment

    def deliver(self, changes: Sequence[Change]) -> Sequence[Answer]:
        if self._moment == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        answers = super().deliver(changes)
        if self._moment == "after":
            os.kill(os.getpid(), signal.SIGKILL)
        return answers


def stating(url: str, address: str, moment: str | None = None) -> Engine:
    """An engine on a journal with the one flow and the one system."""
    policy = Policy(rate=10_000, burst=10_000, concurrency=1, backoff_base=0.0)
    config = SystemConfig("planview", "ppm", Role.PPM, f"{address}/ppm", (), {"token": SECRET}, policy=policy)
    clock = SystemClock()
    target = Mortal(config, moment)
    return Engine(open_journal(url, clock), [portfolio_actuals.FLOW], [target], clock, lease_seconds=LEASE)


def until_killed(url: str, address: str, moment: str) -> None:
    """Work, and die."""
    engine = stating(url, address, moment)
    while True:
        engine.work()
