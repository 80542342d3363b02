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


def test_each_paid_invoice_has_its_payment_and_a_disputed_one_stays_open(tmp_path: Path) -> None:
    """A payment is applied to one invoice, never twice; what was paid is what the invoice asks or a little less."""
    world = Simulation(3, HandClock(ANCHOR), tmp_path, "loopback-only", ANCHOR, faults=False)
    world.life.live_until(ANCHOR)
    records = world.vendors.erp.records.tables
    order = {
        "id": "1",
        "externalId": "INV-1",
        "tranId": "INV-1",
        "currency": "EUR",
        "total": "800.00",
        "status": "open",
    }
    for number in range(1, 60):
        name = f"INV-{number}"
        fields = {**order, "id": str(number), "externalId": name, "tranId": name, "trandate_key": "2026-09-01"}
        records["invoice"].put(str(number), fields)
    for _ in range(2):
        world.do("bill", "9")
        paid = {row["apply"]["items"][0]["doc"]["id"]: row["total"] for row in records["customerpayment"]}
        assert len(paid) == len(records["customerpayment"]) == 59
        states = {row["id"]: row["status"] for row in records["invoice"]}
        assert {paid[key] for key, state in states.items() if state == "paid"} == {"800.00"}
        assert {paid[key] for key, state in states.items() if state == "open"} == {"768.00"}
    world.close()
