"""Extracts: what is told, what is not told falsely, and what one entity's fault costs the others (C4, S10)."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from integrations.contracts.connector import Observation
from integrations.engine.snapshotting import Snapshotting
from models.domain.errors import Retriable
from models.journal import Journal
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
