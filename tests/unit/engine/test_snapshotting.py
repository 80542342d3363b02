"""Extracts: what is told, what is not told falsely, and what one entity's fault costs the others (C4, S10)."""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import httpx
import orjson
import pytest
import sqlalchemy as sa

from integrations.contracts.connector import Observation
from integrations.contracts.metering import TALLY
from integrations.engine.snapshotting import Snapshotting
from models.domain.errors import Retriable
from models.domain.storable import json_text
from models.journal import Journal
from models.keys.keyring import Keyring
from models.keys.sealing import opened
from models.settings import Settings
from tests.findings.test_engines import Collector
from tests.unit.engine.hostile import HandClock, Hostile


class Holding(Hostile):
    """Holds projects and customers by system id; `left_out` names what one reading of a project list fails to show."""

    def __init__(self) -> None:
        super().__init__()
        self.snapshots, self.rows, self.left_out = ["customer", "project"], {"1": "PRJ-1", "2": "PRJ-2"}, [set[str]()]
        self.fault: Exception | None = None

    def snapshot(self, entity: str) -> Iterator[Observation]:
        if entity == "customer":
            if self.fault:
                raise self.fault
            yield Observation("customer", "7", "C-7", {"notes": "call \ud83d"})
            return
        missed = self.left_out.pop(0) if len(self.left_out) > 1 else self.left_out[0]
        for system_id, key in self.rows.items():
            if system_id not in missed:
                yield Observation("project", system_id, key, {"code": key})


@pytest.fixture
def collector() -> Collector:
    return Collector()


@pytest.fixture
def snapshots(journal: Journal, clock: HandClock, collector: Collector) -> Snapshotting:
    return Snapshotting(journal, clock, "http://collector", collector)  # type: ignore[arg-type]


@pytest.mark.req("C4")
def test_what_one_reading_missed_and_the_next_shows_is_not_gone(snapshots: Snapshotting, collector: Collector) -> None:
    """C4: a row that a page lost while it was read is looked for again before anybody is told that it is gone."""
    system = Holding()
    snapshots.take(system)
    system.left_out = [{"2"}, set()]
    assert snapshots.take(system) == 0 and ("PRJ-2", False) not in collector.told
    system.left_out = [{"2"}]
    assert snapshots.take(system) == 1 and collector.told[-1] == ("PRJ-2", False)


@pytest.mark.req("C4")
def test_a_changed_key_is_told(snapshots: Snapshotting, collector: Collector) -> None:
    """C4: an object that is known by another key now is sent again, though its fields say the same."""
    system = Holding()
    snapshots.take(system)
    snapshots.take(system)
    assert len(collector.told) == 3
    with snapshots._journal.engine.begin() as connection:
        connection.execute(sa.text("update snapshot set key = 'old' where system_id = '1'"))
        connection.execute(sa.text("update extract set version = version + 1"))
    assert snapshots.take(system) == 1 and collector.told[-1] == ("PRJ-1", True)


@pytest.mark.req("S10", "X18")
def test_an_entity_that_cannot_be_read_stops_no_other_and_says_so(
    snapshots: Snapshotting, collector: Collector, journal: Journal
) -> None:
    """X18: the failed entity keeps its reason and since when it fails; the other one is fresh; it heals by itself."""
    system = Holding()
    system.fault = Retriable("the list answers 500 \ud83d")
    snapshots.take(system)
    assert collector.told == [("PRJ-1", True), ("PRJ-2", True)]

    def stands() -> dict[str, tuple[bool, bool]]:
        with journal.engine.connect() as connection:
            rows = connection.execute(sa.text("select entity, read_at is null, failed_at is null from extract"))
            return {entity: (bool(never), bool(well)) for entity, never, well in rows}

    assert stands() == {"customer": (True, False), "project": (False, True)}
    system.fault = None
    snapshots.take(system)
    assert stands()["customer"] == (False, True)


@pytest.mark.req("E8")
def test_a_memory_that_went_stale_keeps_nothing(
    snapshots: Snapshotting, collector: Collector, journal: Journal
) -> None:
    """E8: an engine that read what another changed meanwhile takes nothing away, and starts from the newer state."""
    system = Holding()
    snapshots.take(system)
    system.rows["3"] = "PRJ-3"
    post = collector.post

    def overtaken(address: str, content: bytes, headers: object) -> Collector:
        with journal.engine.begin() as connection:
            connection.execute(sa.text("update extract set version = version + 1"))
        collector.post = post  # type: ignore[method-assign]
        return post(address, content, headers)

    collector.post = overtaken  # type: ignore[method-assign]
    assert snapshots.take(system) == 0 and "3" not in journal.snapshots.seen("erp", "project")
    assert snapshots.take(system) == 1 and "3" in journal.snapshots.seen("erp", "project")


class ByChange(Holding):
    """Tells what changed too, and counts what was asked of it."""

    changing = ("project",)

    def __init__(self) -> None:
        super().__init__()
        self.fresh: dict[str, str] | None = {}
        self.surplus, self.asked = 0, list[str]()

    def snapshot(self, entity: str) -> Iterator[Observation]:
        self.asked.append(f"all {entity}")
        return super().snapshot(entity)

    def changed(self, entity: str, since: datetime) -> Iterator[Observation] | None:
        self.asked.append(f"changed {entity}")
        if self.fresh is None:
            return None
        return (Observation("project", system_id, key, {"code": key}) for system_id, key in self.fresh.items())

    def counted(self, entity: str) -> int:
        return len(self.rows) + self.surplus

    def since_last(self) -> list[str]:
        asked, self.asked = self.asked, []
        return [one for one in asked if one.endswith("project")]


def swept_long_ago(journal: Journal) -> None:
    with journal.engine.begin() as connection:
        connection.execute(sa.text("update extract set swept_at = swept_at - 301000000"))


@pytest.mark.finding("C7c")
@pytest.mark.req("S10", "C4")
def test_everything_is_read_only_now_and_then(snapshots: Snapshotting, collector: Collector, journal: Journal) -> None:
    """S10: between two sweeps a system is asked for what changed alone, however many it surely counts beside."""
    system = ByChange()
    system.surplus = 3
    snapshots.take(system)
    assert system.since_last() == ["all project"]
    system.rows["3"] = "PRJ-3"
    system.fresh = {"3": "PRJ-3"}
    assert snapshots.take(system) == 1 and collector.told[-1] == ("PRJ-3", True)
    assert system.since_last() == ["changed project"]
    swept_long_ago(journal)
    snapshots.take(system)
    assert system.since_last() == ["all project"]


@pytest.mark.req("C4")
def test_a_deletion_is_told_by_the_count(snapshots: Snapshotting, collector: Collector) -> None:
    """C4: a deletion leaves no changed row behind; the count differs, and everything is read, twice to be sure."""
    system = ByChange()
    snapshots.take(system)
    system.since_last()
    del system.rows["2"]
    assert snapshots.take(system) == 1 and collector.told[-1] == ("PRJ-2", False)
    assert system.since_last() == ["changed project", "all project", "all project"]
    snapshots.take(system)
    assert system.since_last() == ["changed project"]


@pytest.mark.req("C4")
def test_what_cannot_tell_its_changes_is_read_whole(snapshots: Snapshotting, clock: HandClock) -> None:
    """C4: when a connector says so, and when world time was set back."""
    system = ByChange()
    snapshots.take(system)
    system.since_last()
    system.fresh = None
    snapshots.take(system)
    assert system.since_last() == ["changed project", "all project"]
    system.fresh = {}
    clock.forward(-3600)
    snapshots.take(system)
    assert system.since_last() == ["all project"]


class Billed(Holding):
    """Counts its calls as a vendor does: a full reading takes one for each row, changes take one."""

    changing = ("project",)

    def __init__(self, daily: int) -> None:
        super().__init__()
        self.snapshots, self.full = ["project"], 0
        self.config = replace(self.config, policy=replace(self.config.policy, daily_calls=daily, sweep_seconds=0.0))

    def snapshot(self, entity: str) -> Iterator[Observation]:
        self.full += 1
        for one in super().snapshot(entity):
            TALLY.add(self.config.name)
            yield one

    def changed(self, entity: str, since: datetime) -> Iterator[Observation] | None:
        TALLY.add(self.config.name)
        return iter(())

    def counted(self, entity: str) -> int:
        return len(self.rows)


@pytest.mark.finding("C7c")
@pytest.mark.req("S10")
def test_a_full_reading_waits_while_the_quota_would_not_leave_as_much_for_the_flows(
    snapshots: Snapshotting, journal: Journal
) -> None:
    """S10: changes are still read, so that the extract stays fresh; with a new day everything is read again."""
    TALLY.drained()
    system = Billed(daily=7)
    snapshots.take(system)
    assert (system.full, journal.calls.today()) == (1, {})
    snapshots.take(system)
    assert system.full == 2, "two calls, and five are left"
    snapshots.take(system)
    snapshots.take(system)
    assert system.full == 2, "two more calls and three are left: the rest is for the flows"
    assert journal.snapshots.extract("erp", "project").taken_at is not None
    assert journal.calls.today()[system.config.name].calls == 5
    with journal.engine.begin() as connection:
        connection.execute(sa.text("update call_day set day = '2020-01-01'"))
    snapshots.take(system)
    assert system.full == 3


@pytest.mark.req("S10", "X18")
def test_without_changes_to_ask_for_the_extract_says_that_it_waits_and_why(
    snapshots: Snapshotting, journal: Journal
) -> None:
    """S10: nothing is called for it, and whoever looks reads how many calls are left."""
    TALLY.drained()
    system = Billed(daily=3)
    system.changing = ()  # type: ignore[assignment]
    journal.calls.note({system.config.name: (2, None, None)})
    snapshots.take(system)
    assert system.full == 0
    [state] = journal.freshness.all()
    assert state.error is not None and "1 calls of" in state.error and "full reading takes about 1" in state.error


@pytest.mark.req("G2")
def test_a_rate_leaves_the_engine_sealed_its_digest_tells_nothing_and_what_did_not_change_is_not_sent_again(
    journal: Journal, clock: HandClock, tmp_path: Path
) -> None:
    """G2: neither the wire nor what the journal remembers of it lets anybody guess a rate by trying."""

    class Paying(Hostile):
        snapshots = ("resource",)
        rate = "61.50"

        def snapshot(self, entity: str) -> Iterator[Observation]:
            fields = {"name": "Anna", "cost_rate": {"amount": self.rate, "currency": "EUR"}}
            yield Observation(entity, "1", "R-1", fields)

    bodies, keys, system = list[bytes](), Keyring(Settings(home=tmp_path)), Paying()
    wire = httpx.MockTransport(lambda request: bodies.append(gzip.decompress(request.read())) or httpx.Response(200))
    for expected in (1, 0):  # another engine seals the same
        shots = Snapshotting(
            journal, clock, "http://collector", httpx.Client(transport=wire), keys=Keyring(Settings(home=tmp_path))
        )
        assert shots.take(system) == expected
    clear = hashlib.sha256(json_text({"cost_rate": {"amount": "61.50", "currency": "EUR"}, "name": "Anna"}).encode())
    (body,) = bodies
    assert b"61.50" not in body and clear.hexdigest().encode() not in body
    assert opened(keys, orjson.loads(body))["fields"]["cost_rate"]["amount"] == "61.50"
    system.rate = "62.00"
    assert shots.take(system) == 1
