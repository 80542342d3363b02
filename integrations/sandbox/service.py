"""The sandbox as a process: vendors over HTTP on one port, and the conductor that moves the world's clock.

Reads its settings from the environment; TIEOUT_SANDBOX_SECRET is the credential that every emulator takes, a throw-away
of whoever starts the process. TIEOUT_SANDBOX_SCENARIO=quiet: vendors that only answer, on the system's clock.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from integrations.sandbox.clock.conductor import Conductor
from integrations.sandbox.sandbox import SEED, Sandbox
from integrations.sandbox.serving import server
from models.domain.clock import SystemClock, WorldClock, clock_at
from models.domain.errors import Misconfigured
from models.journal.ports.readings import ReadingsPort, open_readings
from models.private_home import made_private
from models.settings import Settings, read_settings
from models.visits import Visits

LATENCY = 0.002
"""Seconds before each vendor's answer: enough to look like a network, little enough for the history to run fast."""
WATCHED_SECONDS = 300.0
"""How long life goes on at its own pace after somebody looked last."""


def main() -> None:
    """Run the sandbox until SIGTERM or SIGINT. Exit status 0 after a signal, 2 for settings that need mending."""
    try:
        _serve()
    except Misconfigured as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(2)


def _serve() -> None:
    settings = read_settings()
    secret = os.environ.get("TIEOUT_SANDBOX_SECRET", "")
    if len(secret) < 8:
        raise Misconfigured(
            "TIEOUT_SANDBOX_SECRET is not set, or shorter than 8 characters:"
            " give a throw-away value, the same for the engine"
        )
    made_private(settings.home)
    if os.environ.get("TIEOUT_SANDBOX_SCENARIO") == "quiet":
        return _serve_quiet(settings, secret)
    clock_file = settings.world_clock or settings.home / "run" / "world-clock.json"
    sandbox = Sandbox(
        int(os.environ.get("TIEOUT_SANDBOX_SEED", SEED)),
        WorldClock(clock_file),
        folder=settings.home / "sandbox",
        secret=secret,
        anchor=datetime.now(UTC),
        latency=LATENCY,
    )
    visits = Visits(settings.run_folder)
    visits.note()  # who starts it will look
    watched = partial(visits.within, WATCHED_SECONDS)
    conductor = Conductor(sandbox, clock_file, EngineWatch(settings, clock_file), watched=watched)
    conductor.wind_up()
    try:
        asyncio.run(_run(sandbox, conductor, settings))
    finally:
        sandbox.close()


def _serve_quiet(settings: Settings, secret: str) -> None:
    """Vendors that only answer, on the system's clock, so that other sources can be tried against them."""
    sandbox = Sandbox(
        SEED, SystemClock(), folder=settings.home / "sandbox", secret=secret, fault_plan=None, latency=LATENCY
    )
    try:
        asyncio.run(_run(sandbox, None, settings))
    finally:
        sandbox.close()


class EngineWatch:
    """Looks at the journal to see how far the engine is; opens it when first asked."""

    def __init__(self, settings: Settings, clock_file: Path) -> None:
        self._settings, self._clock_file = settings, clock_file
        self._journal: ReadingsPort | None = None

    def __call__(self) -> tuple[datetime | None, int, datetime | None]:
        if self._journal is None:
            self._journal = open_readings(self._settings.journal_address, clock_at(self._clock_file))
        pulse = self._journal.runs.pulse()
        return pulse.polled_at, pulse.due, self._journal.runs.next_due()


async def _run(sandbox: Sandbox, conductor: Conductor | None, settings: Settings) -> None:
    stop = asyncio.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(name, stop.set)
    running = server(sandbox.app, settings.host, settings.sandbox_port)
    running.capture_signals = _unsignalled  # type: ignore[method-assign]
    serving = asyncio.create_task(running.serve())
    conducting = asyncio.create_task(conductor.run() if conductor else asyncio.Event().wait())
    await asyncio.wait({serving, conducting, asyncio.create_task(stop.wait())}, return_when=asyncio.FIRST_COMPLETED)
    conducting.cancel()
    with suppress(asyncio.CancelledError):
        await conducting
    running.should_exit = True
    await serving


@contextmanager
def _unsignalled() -> Iterator[None]:
    """uvicorn would take the signals for itself; this process has its own handlers."""
    yield
