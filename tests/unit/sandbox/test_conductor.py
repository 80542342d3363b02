"""The conductor: every tick happens once and in order, waits for the engine, and goes on after a restart where it
stopped.
"""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from integrations.sandbox.clock import conductor as module
from integrations.sandbox.clock.conductor import Conductor
from integrations.sandbox.sandbox import Sandbox
from models.domain.clock import WorldClock

ANCHOR = datetime(2026, 11, 18, 12, 0, tzinfo=UTC)
Seen = list[datetime]


@pytest.fixture(autouse=True)
def hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LOOK", 0.0)


def made(tmp_path: Path) -> tuple[Sandbox, Path]:
    clock_file = tmp_path / "clock.json"
    return Sandbox(3, WorldClock(clock_file), folder=tmp_path / "sandbox", anchor=ANCHOR, fault_plan=None), clock_file


async def conducted(conductor: Conductor, sandbox: Sandbox, until: int | None) -> None:
    """Run the conductor until it reached a tick by number, or (None) until the world is live; then cancel it."""
    task = asyncio.create_task(conductor.run())
    while not task.done() and sandbox.control.phase != "live" and (until is None or sandbox.control.tick < until):
        await asyncio.sleep(0.001)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


def test_history_ends_live_at_the_walls_time_after_every_tick(tmp_path: Path) -> None:
    sandbox, clock_file = made(tmp_path)
    seen: Seen = []

    def engine() -> tuple[datetime, int, None]:
        seen.append(sandbox.clock.now())
        return sandbox.clock.now(), 0, None

    conductor = Conductor(sandbox, clock_file, engine)
    conductor.wind_up()
    assert sandbox.clock.now() < sandbox.plan.ticks()[0]
    asyncio.run(conducted(conductor, sandbox, None))
    ticks = sandbox.plan.ticks()
    assert [max(tick for tick in ticks if tick <= moment) for moment in seen] == ticks
    assert abs(sandbox.clock.now() - datetime.now(UTC)) < timedelta(seconds=5)


def test_a_tick_waits_until_the_engine_has_read_all_and_nothing_is_due(tmp_path: Path) -> None:
    sandbox, clock_file = made(tmp_path)
    first = sandbox.plan.ticks()[0]
    answers = [
        (None, 0, None),
        (first - timedelta(seconds=1), 0, None),
        (first, 3, None),
        (first, 0, first + timedelta(seconds=4)),
        (first, 0, first + timedelta(days=3)),
    ]
    asked: list[int] = []

    def engine() -> tuple[datetime | None, int, datetime | None]:
        asked.append(sandbox.control.tick)
        return answers[len(asked) - 1] if len(asked) <= len(answers) else (sandbox.clock.now(), 0, None)

    conductor = Conductor(sandbox, clock_file, engine)
    conductor.wind_up()
    asyncio.run(conducted(conductor, sandbox, 2))
    assert asked[: len(answers)] == [1] * len(answers)


def test_what_the_engine_wrote_is_read_back_before_time_jumps_on(tmp_path: Path) -> None:
    """Echoes of new projects would otherwise wait for the next tick, a day later."""
    sandbox, clock_file = made(tmp_path)
    moment = sandbox.plan.ticks()[0]
    sandbox.vendors.erp.echo_at = moment + timedelta(seconds=5)
    polls = iter([moment + timedelta(seconds=1), moment + timedelta(seconds=2), moment + timedelta(seconds=6)])
    jumps: list[object] = []

    def engine() -> tuple[datetime, int, None]:
        if sandbox.control.tick == 1:
            jumps.append(WorldClock(clock_file).jump)
        return next(polls, sandbox.clock.now()), 0, None

    conductor = Conductor(sandbox, clock_file, engine)
    conductor.wind_up()
    asyncio.run(conducted(conductor, sandbox, 2))
    assert len(set(jumps)) == 3, "the clock file is renewed so that the engine reads at once"


def test_after_a_restart_the_story_goes_on_where_it_stopped(tmp_path: Path) -> None:
    sandbox, clock_file = made(tmp_path)
    conductor = Conductor(sandbox, clock_file, lambda: (sandbox.clock.now(), 0, None))
    conductor.wind_up()
    asyncio.run(conducted(conductor, sandbox, 9))
    done, sales = set(sandbox.ledger.table("world.done").rows), len(sandbox.vendors.crm.tables["Opportunity"])
    reached = datetime.fromisoformat(sandbox.meta.rows["tick"]["at"])

    again, _ = made(tmp_path)
    assert set(again.ledger.table("world.done").rows) == done and len(again.vendors.crm.tables["Opportunity"]) == sales
    assert again.plan.anchor == ANCHOR
    ticks: Seen = []
    second = Conductor(again, clock_file, lambda: (ticks.append(again.clock.now()) or again.clock.now(), 0, None))
    second.wind_up()
    asyncio.run(conducted(second, again, None))
    assert min(ticks) > reached and len(again.vendors.crm.tables["Opportunity"]) > sales
    codes = [row["Project_Code__c"] for row in again.vendors.crm.tables["Opportunity"]]
    assert len(codes) == len(set(codes))


def test_an_engine_that_is_not_up_does_not_stop_the_story(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PATIENCE", 0.3)
    sandbox, clock_file = made(tmp_path)

    def engine() -> tuple[datetime, int, None]:
        raise OSError("no journal yet")

    conductor = Conductor(sandbox, clock_file, engine)
    conductor.wind_up()
    asyncio.run(conducted(conductor, sandbox, 2))
    assert sandbox.control.tick >= 2
