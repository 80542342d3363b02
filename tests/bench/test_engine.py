"""The benchmark counts only what settled and was posted, beside a limit that did the same durable work (N3)."""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Sequence

import pytest

from integrations.contracts.connector import Answer, Change
from models.domain.errors import Misconfigured, Rejected
from models.journal import Journal
from tests.bench import engine as bench
from tests.bench.bare_loop import bare_loop
from tests.bench.postings import BULK, MemoryTarget

RUNS, CORES = 600, os.cpu_count() or 1
POSTED: Counter[str] = Counter()
FED: list[int] = []


class CountingTarget(MemoryTarget):
    """Counts what it is sent, whatever the benchmark says of it."""

    def deliver(self, changes: Sequence[Change]) -> Sequence[Answer]:
        POSTED.update(change.external_id for change in changes)
        return super().deliver(changes)


class RefusingTarget(MemoryTarget):
    """Takes all but the first entry."""

    def deliver(self, changes: Sequence[Change]) -> Sequence[Answer]:
        answers = super().deliver(changes)
        refused = Rejected("no", code="closed-period")
        return [
            refused if change.external_id == "TE-bench-0-v1" else answer
            for change, answer in zip(changes, answers, strict=True)
        ]


def watched_loop(journal: Journal, runs: int) -> float:
    """The bare loop, and how many records it put on the feed."""
    before = fed(journal)
    rate = bare_loop(journal, runs)
    FED.append(fed(journal) - before)
    return rate


def fed(journal: Journal) -> int:
    pages = journal.feed.read(0, 1_000_000)
    return sum(len(page.records) for page in pages)


@pytest.mark.req("N3")
@pytest.mark.parametrize("database", ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def test_every_figure_is_of_work_that_was_done(
    database: str, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    """N3: on both databases each entry is posted once, and no rate is faster than the clock on the wall."""
    if database == "postgres":
        monkeypatch.setenv("TIEOUT_BENCH_POSTGRES", request.getfixturevalue("postgres_url"))
    POSTED.clear()
    FED.clear()
    monkeypatch.setattr(bench, "MemoryTarget", CountingTarget)
    monkeypatch.setattr(bench, "bare_loop", watched_loop)
    began = time.perf_counter()
    figures = bench.run(database, RUNS)
    wall = time.perf_counter() - began
    assert {name: figures[name] for name in ("database", "runs", "steps", "bulk")} == {
        "database": database,
        "runs": RUNS,
        "steps": 4,
        "bulk": BULK,
    }
    assert dict(POSTED) == {f"TE-bench-{n}-v1": 1 for n in range(RUNS)}
    assert FED == [RUNS * (2 + 3)], "the limit is no limit unless it keeps the same records"
    seconds = {name: RUNS / figures[name] for name in ("runs_per_s", "limit_runs_per_s", "admitted_per_s")}
    rounding = 1 / min(figures["runs_per_s"], figures["limit_runs_per_s"], figures["admitted_per_s"])
    assert sum(seconds.values()) <= wall * (1 + rounding)
    ratio = figures["runs_per_s"] / figures["limit_runs_per_s"]
    assert figures["ratio"] == pytest.approx(ratio, abs=0.006 + ratio * rounding)
    both = seconds["runs_per_s"] + seconds["admitted_per_s"]
    assert figures["end_to_end_per_s"] == pytest.approx(RUNS / both, rel=rounding, abs=1)
    assert 0.01 < figures["cpu_seconds"] <= CORES * wall


@pytest.mark.req("N3")
def test_one_run_that_does_not_settle_and_no_figure_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bench, "MemoryTarget", RefusingTarget)
    with pytest.raises(RuntimeError, match="only 9 of 10 runs settled"):
        bench.run("sqlite", 10)


@pytest.mark.req("N4")
def test_a_database_that_is_not_there_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """N4: what to set is in the message."""
    monkeypatch.delenv("TIEOUT_BENCH_POSTGRES", raising=False)
    with pytest.raises(Misconfigured, match="TIEOUT_BENCH_POSTGRES"):
        bench.run("postgres", 1)
