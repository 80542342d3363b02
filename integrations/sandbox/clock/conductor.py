"""Moves the world clock: through history in ticks as fast as the engine drains them, then at the wall's pace.

At each tick everything up to it happens first and the clock jumps after, so that a poll begun at or after the tick sees
it all. The next tick comes when every source was read since and nothing is due now or within seconds. What the engine
wrote to the ERP comes back as changes: the clock file is renewed in place, at which the engine reads its sources at
once, so that these echoes do not wait for the next tick, a day later.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Protocol

from integrations.sandbox.clock.live import Liveliness
from integrations.sandbox.sandbox import Sandbox
from models.domain.clock import set_world_clock

PATIENCE = 25.0
"""Longest wall seconds to wait for the engine at one tick; a source that is down must not stop the scenario."""
OUTAGE_PATIENCE = 4.0
SOON = timedelta(seconds=12)
LOOK = 0.04
LOOK_BACK = timedelta(microseconds=1)


class Engine(Protocol):
    """How far the engine is: since when all sources are read (None: not yet), runs due, when the next falls due."""

    def __call__(self) -> tuple[datetime | None, int, datetime | None]: ...


class Conductor:
    """Runs until it is cancelled. `engine` may raise while the engine is not up yet; it is asked again. After the
    history life goes at its own pace while it is `watched`.
    """

    def __init__(
        self,
        sandbox: Sandbox,
        clock_file: Path,
        engine: Engine,
        wall: Callable[[], datetime] = lambda: datetime.now(UTC),
        watched: Callable[[], bool] = lambda: True,
    ) -> None:
        self._sandbox, self._file, self._engine, self._wall = sandbox, clock_file, engine, wall
        self._liveliness = Liveliness(sandbox, watched)

    def wind_up(self) -> None:
        """Set the clock where the scenario stands, before any other process reads it."""
        held = self._sandbox.meta.get("tick")
        if held is None:
            set_world_clock(self._file, self._sandbox.plan.start + timedelta(hours=7, minutes=50))
        elif self._over():
            set_world_clock(self._file, self._wall())
        elif not self._file.exists():
            set_world_clock(self._file, datetime.fromisoformat(held["at"]))

    async def run(self) -> None:
        await self._history()
        self._sandbox.control.phase = "live"
        set_world_clock(self._file, self._wall())
        await self._liveliness.run()

    def _over(self) -> bool:
        held = self._sandbox.meta.get("tick")
        return held is not None and datetime.fromisoformat(held["at"]) >= self._sandbox.plan.anchor

    async def _history(self) -> None:
        held = self._sandbox.meta.get("tick")
        reached = datetime.fromisoformat(held["at"]) if held else self._sandbox.plan.start
        for number, moment in enumerate(self._sandbox.plan.ticks(), 1):
            self._sandbox.control.tick = number
            if moment <= reached:
                continue
            self._sandbox.life.live_until(moment)
            self._sandbox.vendors.psa.feed.forget_old(moment)
            self._sandbox.meta.put("tick", {"at": moment.isoformat()})
            self._sandbox.ledger.flush()
            set_world_clock(self._file, moment)
            await self._drained(moment)

    async def _drained(self, moment: datetime) -> None:
        """Wait until the engine has worked off what happened up to a moment, or patience ends."""
        until = time.monotonic() + (OUTAGE_PATIENCE if self._faltering() else PATIENCE)
        while time.monotonic() < until:
            await asyncio.sleep(LOOK)
            try:
                polled, due, following = await asyncio.to_thread(self._engine)
            except Exception:  # noqa: BLE001  the engine may still be making its journal; patience ends the wait
                await asyncio.sleep(0.2)
                continue
            soon = following is not None and following < self._sandbox.clock.now() + SOON
            if polled is None or polled < moment or due or soon:
                continue
            if polled > max(self._sandbox.vendors.erp.echo_at or moment, moment - LOOK_BACK):
                return
            set_world_clock(self._file, self._sandbox.clock.now())
            await asyncio.sleep(0.2)

    def _faltering(self) -> bool:
        return any(one.until is not None or one.kind == "quota" for one in self._sandbox.conditions.armed)
