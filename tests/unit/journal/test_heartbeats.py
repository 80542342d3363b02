"""What each process tells of itself, and how old that is by the database's clock (X18, O12), on both databases."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from models.domain.beats import Beat, Beats
from models.journal import Journal

pytestmark = pytest.mark.req("X18", "O12")


def test_a_part_tells_when_it_was_well_and_is_overdue_beyond_what_it_may(any_journal: Journal) -> None:
    beats = [Beat("worker", 2.0, 60.0), Beat("desk", 61.0, 60.0, "locked"), Beat("reaper", None, 60.0)]
    any_journal.heartbeats.tell("host:1", "engine", beats)
    any_journal.heartbeats.tell("host:1", "engine", [Beat("worker", 1.0, 60.0), *beats[1:]])
    found = {one.part: one for one in any_journal.heartbeats.all()}
    assert {name: one.overdue for name, one in found.items()} == {"worker": False, "desk": True, "reaper": True}
    assert found["desk"].fault == "locked" and found["reaper"].well_at is None
    assert 1.0 <= (found["worker"].age or 0) < 31 and 0 <= found["worker"].silent < 30


def test_who_is_silent_for_an_hour_is_forgotten_once_another_of_the_role_tells(any_journal: Journal) -> None:
    """Until then it says since when nothing runs; a process of another role does not make it forgotten."""
    beats = [Beat("worker", 0.0, 60.0)]
    any_journal.heartbeats.tell("gone", "engine", beats)
    with any_journal.engine.begin() as connection:
        connection.execute(sa.text("update heartbeat set told_at = told_at - 3700000000"))
    any_journal.heartbeats.tell("collector", "collect", beats)
    gone = next(one for one in any_journal.heartbeats.all() if one.process == "gone")
    assert gone.silent > 3_690 and gone.told_at.tzinfo
    any_journal.heartbeats.tell("next", "engine", beats)
    assert [one.process for one in any_journal.heartbeats.all()] == ["collector", "next"]


def test_a_part_that_is_no_longer_told_has_ended(any_journal: Journal) -> None:
    """An engine connects its systems once; that it did so long ago is no fault."""
    any_journal.heartbeats.tell("host:1", "engine", [Beat("systems", 1.0, 60.0)])
    any_journal.heartbeats.tell("host:1", "engine", [Beat("worker", 1.0, 60.0)])
    assert [one.part for one in any_journal.heartbeats.all()] == ["worker"]


def test_turns_of_a_process_age_by_its_own_clock() -> None:
    now = [0.0]
    beats = Beats({"worker": 60.0, "desk": 30.0}, now=lambda: now[0])
    now[0] = 10.0
    beats.well("worker")
    beats.ails("desk", "OSError: gone")
    now[0] = 14.0
    assert beats.all() == [Beat("worker", 4.0, 60.0), Beat("desk", 14.0, 30.0, "OSError: gone")]
    beats.well("desk")
    assert beats.all()[1] == Beat("desk", 0.0, 30.0)
    beats.ails("detector late", "authorization: Bearer abcdefghijklmnopqrstuvwxyz0123456789")
    assert "abcdefghij" not in (beats.all()[2].fault or "") and beats.all()[2].allowed == 60.0
