"""A detector is run when something that it reads has moved, or its clock has; what was told is not told again."""

from __future__ import annotations

from typing import Any

import pytest

from collectors.detectors import run
from collectors.detectors.run import Detectors, reads
from collectors.detectors.turn import CircuitState, Turn
from models.derivation.refresh import refresh
from tests.unit.cases.lakes import NOW, Lake, hours_ago, money

pytestmark = pytest.mark.req("E9", "C8")


class Stopped:
    def now(self) -> Any:
        return NOW


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The detectors that are run, by name."""
    told: list[str] = []
    of = run.findings_of

    def findings_of(detector: Any, *given: Any) -> Any:
        told.append(detector.name)
        return of(detector, *given)

    monkeypatch.setattr(run, "findings_of", findings_of)
    return told


def rejected() -> Lake:
    lake = Lake()
    lake.observe(
        "kantata", "time_entry", "TE-1", hours_ago(24 * 30), time_entry_id="TE-1", project_code="PRJ-1", hours="8.00",
        work_date="2026-08-20", bill_rate=money("100.00"), approval="rejected",
    )  # fmt: skip
    return lake


def test_nothing_new_runs_nothing_and_tells_nothing(asked: list[str]) -> None:
    lake = rejected()
    moved = refresh(lake.connection, "EUR", Stopped())
    detectors = Detectors(lake.connection, Stopped(), Stopped())
    found = detectors.found(Turn(), moved)
    assert found.findings["rejected_time"] and set(found.digests) == set(found.findings)
    asked.clear()
    again = detectors.found(Turn(reported=found.digests), refresh(lake.connection, "EUR", Stopped()))
    assert asked == [] and again.findings == {} and again.failed == {} and again.rates == found.rates


def test_what_was_not_reported_is_told_again(asked: list[str]) -> None:
    lake = rejected()
    detectors = Detectors(lake.connection, Stopped(), Stopped())
    found = detectors.found(Turn(), refresh(lake.connection, "EUR", Stopped()))
    asked.clear()
    assert detectors.found(Turn(), frozenset()).findings == found.findings and asked == []
    detectors.found(Turn(reported=found.digests), frozenset())
    assert detectors.found(Turn(), frozenset()).findings == found.findings, "also to one who lost what it had"


def test_only_those_that_read_what_moved_are_run(asked: list[str]) -> None:
    lake = rejected()
    detectors = Detectors(lake.connection, Stopped(), Stopped())
    found = detectors.found(Turn(), refresh(lake.connection, "EUR", Stopped()))
    asked.clear()
    circuits = [CircuitState("erp", "open", 3)]
    with_circuit = detectors.found(Turn(circuits, reported=found.digests), frozenset())
    assert asked == ["open_circuit"] and list(with_circuit.findings) == ["open_circuit"]
    asked.clear()
    lake.quarantine(receiver="otlp", sender="s", error_code="unreadable")
    reported = {**found.digests, **with_circuit.digests}
    detectors.found(Turn(circuits, reported=reported), refresh(lake.connection, "EUR", Stopped()))
    assert asked == ["quarantine"]


def test_the_clock_alone_runs_those_that_ask_it(asked: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    lake = rejected()
    detectors = Detectors(lake.connection, Stopped(), Stopped())
    detectors.found(Turn(), refresh(lake.connection, "EUR", Stopped()))
    asked.clear()
    monkeypatch.setattr(run, "CLOCK_SECONDS", 0)
    detectors.found(Turn(), frozenset())
    assert {"rejected_time", "stale_stream", "lag_breach"} <= set(asked) and "duplicate_customer" not in asked


def test_one_that_failed_is_run_again(asked: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    lake = rejected()
    detectors = Detectors(lake.connection, Stopped(), Stopped())
    moved = refresh(lake.connection, "EUR", Stopped())
    with monkeypatch.context() as patch:
        patch.setattr(run, "findings_of", lambda *_: 1 / 0)
        assert detectors.found(Turn(), moved).failed
    assert detectors.found(Turn(), frozenset()).findings["rejected_time"]


def test_every_detector_says_what_it_reads() -> None:
    assert all(reads(detector) for detector in run.detectors())
