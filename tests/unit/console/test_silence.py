"""An installation without an engine: every page says so, and who waits for a preview is not left with a spinner."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from app.console.pulse import pulse
from app.readings.processes import ailing_of
from models.domain.beats import Beat
from models.domain.clock import SystemClock, set_world_clock
from models.domain.heartbeat import Heartbeat
from models.journal import open_journal
from models.presence import COLLECTOR, CONSOLE, ENGINE, present
from models.settings import Settings
from tests.contract.readings.pages import console_over

pytestmark = pytest.mark.req("X18")


@pytest.fixture(autouse=True)
def console(tmp_path: Path) -> Iterator[None]:
    set_world_clock(tmp_path / "clock.json", datetime.now(UTC))
    with console_over(tmp_path):
        yield


def _waits() -> None:
    from app.console.exceptions.preview_panel import awaited
    from app.readings.viewer import Viewer

    awaited(Viewer("ada", frozenset({"operations"})), "no-such-request", None)


def _heading() -> None:
    from app.console.freshness import fresh
    from app.console.widgets.heading import heading
    from app.readings.viewer import Viewer

    viewer = Viewer("ada", frozenset({"operations"}))
    heading(viewer, "Operations", fresh(viewer))


def told(home: Path, silent: float) -> None:
    journal = open_journal(f"sqlite:///{home / 'journal.sqlite'}", SystemClock())
    journal.heartbeats.tell("host:1", ENGINE, [Beat("desk", silent, 120.0)])
    journal.close()


def test_the_console_tells_of_itself_and_a_loop_that_hangs_is_named(tmp_path: Path) -> None:
    """None at all is no fault: an installation may have no console."""
    (only,) = asyncio.run(_told_meanwhile(tmp_path))
    assert (only.role, only.part, only.overdue) == (CONSOLE, "pages", False)
    here, hangs = Settings(home=tmp_path), replace(only, well_at=only.told_at - timedelta(seconds=16))
    assert {one.role for one in ailing_of(here, None, [hangs])} == {ENGINE, COLLECTOR}
    handle = present(here.run_folder, CONSOLE)
    assert "the console does not answer" in [one.what for one in ailing_of(here, None, [hangs])]
    assert {one.role for one in ailing_of(here, None, [only])} == {ENGINE, COLLECTOR}
    os.close(handle)


async def _told_meanwhile(home: Path) -> list[Heartbeat]:
    journal = open_journal(f"sqlite:///{home / 'journal.sqlite'}", SystemClock())
    async with pulse():
        while not (told := journal.heartbeats.all()):
            await asyncio.sleep(0.01)
    journal.close()
    return told


@pytest.mark.finding("U1c")
def test_a_preview_says_for_how_long_the_engine_has_not_answered(tmp_path: Path) -> None:
    told(tmp_path, 3_600.0 * 3)
    page = AppTest.from_function(_waits, default_timeout=60).run()
    assert not page.exception and not page.status
    assert [warning.value.replace("\\", "") for warning in page.warning] == [
        "The engine has not answered for 3 h: what was asked is kept and is carried out once it runs (`tieout doctor`)."
    ]


def test_a_preview_that_is_being_made_says_nothing_else(tmp_path: Path) -> None:
    told(tmp_path, 0.0)
    page = AppTest.from_function(_waits, default_timeout=60).run()
    assert not page.exception and not page.warning and len(page.status) == 1


@pytest.mark.finding("U1b")
def test_the_heading_of_a_dead_installation_is_red_and_says_what_to_do(tmp_path: Path) -> None:
    """U1: an engine that told a moment ago and holds no lock in this home has ended."""
    told(tmp_path, 0.0)
    page = AppTest.from_function(_heading, default_timeout=60).run()
    assert not page.exception
    said = " ".join(str(element.proto.body) for element in page.get("html"))
    assert "The engine is not running" in said and "The collector is not running" in said
    assert "tieout up" in said and "What you see stands still" in said and "engine heard" in said
