"""The benchmark counts only what settled and was posted (N3)."""

from __future__ import annotations

import pytest

from models.domain.errors import Misconfigured
from tests.bench import engine as bench


@pytest.mark.req("N3")
@pytest.mark.parametrize("database", ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def test_a_small_run_gives_every_figure(
    database: str, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    """N3: the same benchmark on both databases, with the limit beside it."""
    if database == "postgres":
        monkeypatch.setenv("TIEOUT_BENCH_POSTGRES", request.getfixturevalue("postgres_url"))
    figures = bench.run(database, 600)
    assert figures["runs"] == 600 and figures["runs_per_s"] > 0 and figures["limit_runs_per_s"] > 0
    assert {"database", "ratio", "admitted_per_s", "end_to_end_per_s", "cpu_seconds"} <= set(figures)


@pytest.mark.req("N4")
def test_a_database_that_is_not_there_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """N4: what to set is in the message."""
    monkeypatch.delenv("TIEOUT_BENCH_POSTGRES", raising=False)
    with pytest.raises(Misconfigured, match="TIEOUT_BENCH_POSTGRES"):
        bench.run("postgres", 1)
