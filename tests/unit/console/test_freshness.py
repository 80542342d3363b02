"""The heading's line and banner: how old the data is, and what is older than it may be (X18)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from app.console.widgets.freshness import age, banner
from app.readings.systems.rows import ReadUntil, Stale
from models.ailing import Ailing

NOW = datetime(2026, 11, 28, 21, 0, tzinfo=UTC)
ADVICE = "Grant the right."


def stale(system: str, hours: float | None, why: str | None = None) -> Stale:
    return Stale(system, "time", None if hours is None else NOW - timedelta(hours=hours), why, ADVICE)


@pytest.mark.finding("U1a")
@pytest.mark.req("X18")
def test_the_age_is_that_of_the_source_that_lies_back_furthest_in_the_viewers_zone() -> None:
    found = [ReadUntil("kantata", NOW - timedelta(minutes=9)), ReadUntil("netsuite", NOW - timedelta(seconds=40))]
    said = age(found, NOW, "Pacific/Auckland")
    assert "data as of 29 Nov 09:51:00 Pacific/Auckland · 9 min ago" in said
    assert "netsuite: 29 Nov 09:59:20 Pacific/Auckland · 40 s ago" in said, "and all of them in the tip"


@pytest.mark.req("X18")
def test_without_a_reading_there_is_no_age() -> None:
    assert "no system has been read yet" in age([], NOW, "UTC")
    assert "ppm has not been read yet" in age([ReadUntil("ppm", None), ReadUntil("crm", NOW)], NOW, "UTC")


@pytest.mark.req("X18")
def test_a_banner_names_source_since_when_why_and_what_to_do() -> None:
    assert banner([], [], NOW, "UTC") is None
    said = banner([], [stale("kantata", 3, "no-permission: <time>"), stale("workday", None)], NOW, "Europe/Berlin")
    assert said is not None and "<b>time of kantata</b>" in said
    assert "was not read since 28 Nov 19:00 Europe/Berlin (3 h ago): no-permission: &lt;time&gt;" in said
    assert ADVICE in said and "<b>time of workday</b> was never read" in said
    assert "cause=stale-stream" in said


@pytest.mark.req("X18")
def test_a_banner_names_what_is_dead_or_stuck_first_since_when_and_what_to_do() -> None:
    """Text that a process told is text."""
    dead = Ailing(
        "engine", None, "the engine is not running", "nothing is read", NOW - timedelta(hours=3), None, "start it"
    )
    stuck = Ailing(
        "collect", "commit", "the collector cannot write", "it waits", None, "<b>disk</b> full", "see the log"
    )
    said = banner([dead, stuck], [stale("kantata", 3)], NOW, "Europe/Berlin")
    assert said is not None and said.index("What you see stands still") < said.index("Some data is older")
    assert (
        "<b>The engine is not running</b> since 28 Nov 19:00 Europe/Berlin (3 h ago): nothing is read. Start it."
        in said
    )
    assert "<b>The collector cannot write</b> (&lt;b&gt;disk&lt;/b&gt; full): it waits. See the log." in said
    assert said.count('role="alert"') == 2
    many = banner([dead] * 5, [], NOW, "UTC")
    assert many is not None and many.count("<b>The engine") == 3 and "and 2 more parts" in many


@pytest.mark.req("X18")
def test_the_tip_tells_when_figures_were_derived_and_each_process_was_heard() -> None:
    said = age([ReadUntil("crm", NOW)], NOW, "UTC", {"engine": 2.0, "marts": 4.0})
    assert "figures derived: 4 s ago\nengine heard: 2 s ago" in said and "collector" not in said


@pytest.mark.req("X18")
def test_many_stale_sources_are_counted() -> None:
    said = banner([], [stale(f"s{n}", 3) for n in range(5)], NOW, "UTC")
    assert said is not None and "s2" in said and "s3" not in said and "and 2 more sources" in said
