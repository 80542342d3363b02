"""E8, E9: two engines over one journal: what one remembers and the other changed decides nothing."""

from __future__ import annotations

import os
import threading
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from integrations.connectors.kantata.names import Names
from integrations.connectors.kantata.work import Work
from integrations.engine import Engine, gate, service
from integrations.engine.gates import Gates
from models.catalogue import load_catalogue
from models.domain.clock import SystemClock
from models.domain.errors import Misconfigured, RateLimited
from models.journal import Journal
from models.presence import ENGINE, present
from models.settings import Settings
from tests.findings.test_observations import Deleting
from tests.unit.engine.hostile import FAST, HandClock, Hostile, event, posting_flow
from tests.unit.engine.test_polling import Unread


@pytest.mark.req("E8", "S7")
def test_tokens_that_an_engine_kept_are_no_second_allowance(
    journal: Journal, clock: HandClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """S7: two engines that each took tokens ahead and rested may not call more often than the system allows."""
    system = Hostile(policy=replace(FAST, rate=5, burst=10))
    engines = [Gates(journal, clock, lambda _: True).of(system) for _ in range(2)]
    assert [one.enter() for one in engines] == [None, None], "each took five ahead"
    later = gate.time.monotonic() + 2
    monkeypatch.setattr(gate.time, "monotonic", lambda: later)
    monkeypatch.setattr(journal.throttle, "take", lambda *_: (0, 1.0))  # the bucket that all share is empty
    assert all(one.enter() is not None for one in engines)


@pytest.mark.req("E8", "E3")
def test_what_one_engine_found_out_holds_the_other(journal: Journal, clock: HandClock) -> None:
    """E3: a circuit that one opened, or a pause that one was asked for, keeps the other from its next call."""
    refusing = RateLimited("slow", clock.now() + timedelta(seconds=60))
    sources = [Unread(refusing), Unread(OSError("unreachable"), breaker_failures=1)]
    for source, name in zip(sources, ("slow", "gone"), strict=True):
        source.config = replace(source.config, name=name)
    one, other = (Engine(journal, [], sources, clock) for _ in range(2))
    one.poll()
    other.poll()
    assert [source.asked for source in sources] == [1, 1]


@pytest.mark.req("E8", "E4")
def test_a_flow_that_one_engine_paused_rests_in_the_other(journal: Journal, clock: HandClock) -> None:
    target = Hostile()
    one, other = (Engine(journal, [posting_flow()], [target], clock) for _ in range(2))
    one.admit([event("1")])
    journal.runs.pause_flow("post-time", "Ada", "month end")
    assert other.work() == 0 and not target.effects
    journal.runs.resume_flow("post-time", "Ada", "over")
    assert other.work() == 1 and set(target.effects.values()) == {1}


@pytest.mark.req("E8", "S10")
def test_an_engine_that_another_read_for_asks_for_everything_once(clock: HandClock) -> None:
    """S10: an entry that the other engine read first is unknown here, so a change of its submission would pass unseen:
    after a gap all is read, within one nothing is missed.
    """
    vendor = Deleting(10)
    mine = Work(vendor, "kantata", "time_entry", clock)
    list(mine.all(Names()))
    read = clock.now()
    assert mine.changed(Names(), read - timedelta(minutes=10)) is not None, "nobody read in between"
    clock.forward(3600)  # in which another engine did
    assert mine.changed(Names(), clock.now() - timedelta(minutes=10)) is None
    list(mine.all(Names()))
    assert mine.changed(Names(), clock.now() - timedelta(minutes=10)) is not None


@pytest.mark.req("E8", "S3")
def test_an_engine_whose_catalogue_is_no_longer_in_force_says_so(tmp_path: Path) -> None:
    """S3: two engines with two catalogues would decide differently; the older one is hindered until restarted."""
    settings, stop = Settings(home=tmp_path), threading.Event()
    catalogue = load_catalogue(settings)
    engine = service._Service(settings, catalogue, SystemClock(), stop)
    engine._journal.catalogues.record(catalogue)
    engine._in_force()
    engine._journal.catalogues.record(replace(catalogue, digest="another"))
    with pytest.raises(Misconfigured, match="start this one again"):
        engine._in_force()
    stop.set()
    engine._telemetry.close(0.1)
    engine._journal.close()


@pytest.mark.req("E8", "N4")
def test_an_engine_that_starts_again_goes_on_with_what_it_held_when_it_died(tmp_path: Path) -> None:
    """N4: after a kill its jobs and runs wait for no lease to run out; those of an engine elsewhere do."""
    settings, stop = Settings(home=tmp_path), threading.Event()
    os.close(present(settings.run_folder, ENGINE, process="dead"))
    engine = service._Service(settings, load_catalogue(settings), SystemClock(), stop)
    assert engine._journal.leases.hold("poll erp", "dead", 60) and engine._journal.leases.hold("poll crm", "far", 60)
    engine._inherit()
    assert [engine._journal.leases.hold(f"poll {name}", engine._owner, 60) for name in ("erp", "crm")] == [True, False]
    engine._telemetry.close(0.1)
    engine._journal.close()
