"""Life carries each happening out once, over restarts and over releases that call it otherwise."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from integrations.sandbox.simulation import Simulation
from tests.contract.sandbox.house import HandClock

ANCHOR = datetime(2026, 11, 20, 9, 55, tzinfo=UTC)


def simulation(folder: Path) -> Simulation:
    return Simulation(3, HandClock(ANCHOR), folder, "loopback-only", ANCHOR, faults=True)


def test_a_vendor_fault_of_release_0_1_is_not_met_again_after_an_upgrade(tmp_path: Path) -> None:
    """0.1.0 wrote `weather:…` where the key is `vendor_fault:…` now."""
    first = simulation(tmp_path)
    first.life.live_until(ANCHOR)
    assert len(first.conditions.armed) > 10
    first.close()
    file = tmp_path / "vendors.jsonl"
    written = file.read_text()
    assert '"vendor_fault:' in written
    file.write_text(written.replace('"vendor_fault:', '"weather:'))
    second = simulation(tmp_path)
    second.life.live_until(ANCHOR)
    assert second.conditions.armed == []
    second.close()
