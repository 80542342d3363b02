"""What people of the PSA do with invoices: the copy of one is cancelled, one is typed in, and both are put right."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from integrations.sandbox.operations.accounts import Accounts
from integrations.sandbox.operations.copies import Copies, ours_of
from integrations.sandbox.operations.invoices import Invoices
from integrations.sandbox.simulation import Simulation
from integrations.sandbox.world.ledger import Row
from tests.contract.sandbox.house import HandClock

ANCHOR = datetime(2026, 11, 20, 9, 55, tzinfo=UTC)
CODE = "PRJ-1"


class Firm:
    """One project in ERP and PSA with an invoice of 800.00 that the PSA shows."""

    def __init__(self, world: Simulation) -> None:
        self.psa, self.accounts = world.vendors.psa, Accounts(world.vendors.erp)
        self.copies = Copies(self.psa, self.accounts)
        self.workspace = self.psa.save("workspaces", {"title": f"{CODE} · Portal", "currency": "EUR"}, ANCHOR)
        job = self.accounts.put("job", ANCHOR, externalId=CODE, companyName="Portal", currency="EUR")
        self._jobs = self.accounts.records.tables["job"].rows
        self.number = Invoices(self.accounts).issue(self._jobs[job], [{"amount": "800.00"}], ANCHOR)
        self.shown(self.invoice)

    @property
    def invoice(self) -> Row:
        key = self.accounts.key("invoice", self.number)
        return self.accounts.records.tables["invoice"].rows[str(key)]

    def shown(self, invoice: Row) -> None:
        """As the flow shows it."""
        reference = {"service_name": "netsuite", "service_model": "invoice", "service_model_ref": ours_of(invoice)}
        line = {"notes": "work", "amount": invoice["total"], "workspace_id": self.workspace}
        fields: dict[str, Any] = {"workspace_id": self.workspace, "payment_schedule": 30, "additional_items": [line]}
        self.psa.invoices.make({**fields, "external_reference": reference})

    def apart(self) -> list[tuple[str, str, str]]:
        return [(name, wanted, held) for _, name, wanted, held, _ in self.copies.differences()]


@pytest.fixture
def firm(tmp_path: Path) -> Iterator[Firm]:
    world = Simulation(3, HandClock(ANCHOR), tmp_path, "loopback-only", ANCHOR, faults=False)
    yield Firm(world)
    world.close()


def test_a_cancelled_copy_differs_until_it_is_shown_anew(firm: Firm) -> None:
    assert firm.apart() == []
    assert firm.copies.cancel_copy(ANCHOR, CODE)
    assert firm.apart() == [(firm.number, "open, 800.00", "nothing")]
    assert list(firm.copies.unshown(CODE)) == [("EUR", Decimal("800.00"))]
    assert not firm.copies.cancel_copy(ANCHOR, CODE), "there is none left to cancel"
    before = dict(firm.invoice)
    assert firm.copies.send_again(ANCHOR.replace(hour=11), CODE)
    assert firm.invoice == {**before, "lastModifiedDate": "2026-11-20T11:55:00Z"}, "told again, and nothing else"
    firm.shown(firm.invoice)
    assert firm.apart() == [] and list(firm.copies.unshown(CODE)) == []


def test_what_was_typed_in_differs_until_it_is_cancelled(firm: Firm) -> None:
    for _ in range(2):
        assert firm.copies.type_invoice(ANCHOR, CODE, "2400.00")
    assert [row[1:] for row in firm.apart()] == [("nothing", "open, 2400.00")]
    assert list(firm.copies.typed(CODE)) == [("EUR", Decimal("2400.00"))]
    assert firm.copies.cancel_typed(ANCHOR, CODE)
    assert firm.apart() == [] and list(firm.copies.typed(CODE)) == []
    assert not firm.copies.type_invoice(ANCHOR, "PRJ-2", "1.00"), "a project that the PSA does not have"


def test_an_invoice_that_is_paid_or_credited_shows_as_such(firm: Firm) -> None:
    firm.accounts.put("invoice", ANCHOR, firm.invoice["id"], status="paid")
    assert firm.apart() == [(firm.number, "paid, 800.00", "open, 800.00")]
    Invoices(firm.accounts).credit(firm.invoice, "CM-1", [{"amount": "800.00"}], ANCHOR)
    assert firm.apart() == [(firm.number, "nothing", "open, 800.00")]
    assert firm.copies.cancel_copy(ANCHOR, CODE) and firm.apart() == []
