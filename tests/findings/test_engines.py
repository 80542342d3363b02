"""Several engines over one journal do the work of one."""

from __future__ import annotations

import gzip
import json
import threading
import time

import pytest

from integrations.contracts.connector import Observation
from integrations.engine import jobs
from integrations.engine.snapshotting import Snapshotting
from tests.findings.books import given
from tests.journals import clock, journal  # noqa: F401  fixtures
from tests.unit.engine.hostile import Hostile


class Collector:
    """Answers 200 and keeps what it was told: (key, present)."""

    status_code = 200

    def __init__(self) -> None:
        self.told: list[tuple[str, bool]] = []

    def post(self, address, content, headers):
        self.told += [(row["key"], row["present"]) for row in map(json.loads, gzip.decompress(content).split(b"\n"))]
        return self

    def close(self) -> None:
        self.told.clear()


class Holding(Hostile):
    """Holds projects by system id."""

    def __init__(self) -> None:
        super().__init__()
        self.snapshots, self.rows = ["project"], {}

    def snapshot(self, entity):
        for system_id, key in list(self.rows.items()):
            yield Observation(entity, system_id, key, {"code": key})


@pytest.mark.finding("C8b")
def test_a_deletion_is_told_whichever_engine_sees_it(journal, clock):  # noqa: F811
    """In 0.1.0 each engine kept its own memory of the last snapshot: engine B told of a project, it was deleted,
    and engine A,
    which had never seen it, told nobody. Wanted: the deletion is told.
    """
    system, collector = Holding(), Collector()
    first, second = (Snapshotting(journal, clock, "http://collector", collector) for _ in range(2))
    system.rows = {"1": "PRJ-1"}
    first.take(system)
    system.rows["2"] = "PRJ-2"
    second.take(system)
    given(collector.told == [("PRJ-1", True), ("PRJ-2", True)], f"the projects were not told: {collector.told}")
    del system.rows["2"]
    first.take(system)
    assert ("PRJ-2", False) in collector.told, "nobody was told that PRJ-2 is gone"


@pytest.mark.finding("C8a")
def test_a_job_runs_once_an_interval_however_many_engines_there_are(journal, clock, monkeypatch):  # noqa: F811
    """In 0.1.0 a job's lease ended before its next time, so that every engine ran it in each interval.

    Wanted: once an interval among them all.
    """
    monkeypatch.setattr(jobs, "_LEASE_SECONDS", 0.2)
    monkeypatch.setattr(jobs, "_RENEW_SECONDS", 0.1)
    ran: list[str] = []
    done = {name: threading.Event() for name in "ab"}

    def work(name: str) -> None:
        ran.append(name)
        done[name].set()

    engines = []
    for name in "ab":
        engine = jobs.Jobs(name, journal.leases, clock)
        engine.every(3600, "snapshot erp", lambda name=name: work(name))
        engines.append(engine)
    try:
        engines[0].start()
        given(done["a"].wait(1), "the first engine ran nothing, so nothing is shown")
        time.sleep(0.4)  # the lease is over, the interval is not
        engines[1].start()
        done["b"].wait(0.7)
    finally:
        for engine in engines:
            engine.stop()
    assert ran == ["a"], "the second engine ran the job in the same hour"
