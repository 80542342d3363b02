"""What a fault holds back is measured in the ERP's records, whatever day it is: here of a project that was deleted."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from integrations.sandbox.operations.measures import Measures, Money
from integrations.sandbox.vendors.netsuite.records import Records
from integrations.sandbox.world.ledger import Ledger
from tests.contract.sandbox.house import HandClock

CODE, JOB = "PRJ-1", "7"


@pytest.fixture
def records() -> Records:
    """An ERP that took 8 hours at 100.00 and an expense of 80.50 for a project before somebody deleted it."""
    made = Records(Ledger(None), HandClock())
    made.tables["job"].put(JOB, {"id": JOB, "externalId": CODE, "currency": "EUR"})
    posted(made, "TE-1-v1", "8:00")
    row = {"id": "1", "externalId": "EX-1-v1", "customer": {"id": JOB}, "amount": "80.50"}
    made.tables["expensereport"].put("1", row)
    made.remove("job", JOB)
    return made


def posted(records: Records, posting: str, hours: str, **more: Any) -> None:
    key = str(1 + len(records.tables["timebill"]))
    row = {"id": key, "externalId": posting, "customer": {"id": JOB}, "hours": hours, "rate": "100.00", **more}
    records.tables["timebill"].put(key, row)


def billed(records: Records, posting: str, amount: str, status: str = "open") -> None:
    key = str(1 + len(records.tables["invoice"]))
    line = {"custcol_posting_id": posting, "amount": amount}
    row = {"id": key, "status": status, "total": amount, "currency": "EUR", "entity": {"id": JOB}, "customer": {}}
    records.tables["invoice"].put(key, {**row, "item": {"items": [line]}})


def stranded(records: Records) -> Money:
    return Measures(records, lambda: ()).of("project-deleted-in-erp", CODE)


def test_what_was_posted_and_not_billed_is_stranded(records: Records) -> None:
    assert stranded(records) == {"EUR": Decimal("880.50")}
    posted(records, "TE-2-v1", "2:30", isBillable=False)
    assert stranded(records) == {"EUR": Decimal("880.50")}, "nobody pays for it"
    posted(records, "TE-3-v1", "2:30", custcol_currency="USD")
    assert stranded(records) == {"EUR": Decimal("880.50"), "USD": Decimal("250.00")}


def test_work_that_was_billed_and_changed_since_is_none_of_it(records: Records) -> None:
    """Neither the reversal nor the new posting: its invoice is wrong, and that is another fault's money."""
    posted(records, "TE-2-v1", "4:00", custcol_invoiced=True)
    billed(records, "TE-2-v1", "400.00")
    assert stranded(records) == {"EUR": Decimal("880.50")}
    posted(records, "TE-2-v1-R", "-4:00")
    posted(records, "TE-2-v2", "6:00")
    assert stranded(records) == {"EUR": Decimal("880.50")}


def test_work_on_an_invoice_that_does_not_stand_is_stranded_again(records: Records) -> None:
    billed(records, "TE-1-v1", "800.00", status="void")
    assert stranded(records) == {"EUR": Decimal("880.50")}


def test_of_a_project_that_is_there_or_there_again_nothing_is(records: Records) -> None:
    assert Measures(records, lambda: ()).of("project-deleted-in-erp", "PRJ-2") == {}
    records.tables["job"].put(JOB, {"id": JOB, "externalId": CODE, "currency": "EUR"})
    assert stranded(records) == {}
