"""The joint of the invoice feedback: what the ERP says of an invoice beside what the PSA shows, record by record (F9,
X12).
"""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from models.journal.metadata import micros
from tests.unit.cases.lakes import NOW, Lake, hours_ago, money
from tests.unit.marts.test_sources import extracted
from tests.unit.marts.test_tieout import owned, records, totals, unbalanced

LONG_AGO = hours_ago(48)


def sent(
    lake: Lake, n: int, settled_as: str = "open", total: str = "1200.00", currency: str = "EUR", **said: str | None
) -> None:
    """An invoice of the ERP, as it has stood for two days."""
    fields = {name: money(said.get(name) or "0.00", currency) for name in ("paid", "credited")}
    lake.observe(
        "netsuite",
        "invoice",
        f"INV-{n}",
        hours_ago(1),
        system_id=str(n),
        project_code=said.get("project", "PRJ-1001"),
        status="open",
        settled_as=settled_as,
        issued_on="2026-09-21",
        total=money(total, currency),
        changed_at=LONG_AGO.isoformat(),
        lines=[],
        **fields,
    )


def shown(lake: Lake, n: int, status: str = "open", settled_as: str | None = "open", **said: Any) -> None:
    """What the PSA shows of it; its own id is a hundred more, or as given."""
    currency, total = said.pop("currency", "EUR"), said.pop("total", "1200.00")
    amounts = {name: money(said.pop(name, "0.00"), currency) for name in ("paid", "credited")}
    lake.observe(
        "kantata",
        "invoice_status",
        f"IN-netsuite-{n}" if settled_as else str(100 + n),
        hours_ago(1),
        system_id=said.pop("own", str(100 + n)),
        number=f"INV-{n}",
        project_code="PRJ-1001",
        status=status,
        settled_as=settled_as,
        issued_on="2026-09-21",
        total=money(total, currency),
        changed_at=(said.pop("at", None) or hours_ago(40)).isoformat(),
        **amounts,
    )


@pytest.mark.req("F9", "X12")
def test_each_invoice_stands_in_one_place_with_what_differs() -> None:
    lake = Lake()
    sent(lake, 1)
    shown(lake, 1)
    sent(lake, 2, "partly_paid", paid="400.00")
    shown(lake, 2, settled_as="partly_paid", paid="400.00")
    sent(lake, 3)
    sent(lake, 4, "void")
    sent(lake, 5, "credited", credited="1200.00")
    shown(lake, 5, "void", "credited", credited="1200.00")
    sent(lake, 6, "paid", paid="1200.00")
    shown(lake, 6, at=hours_ago(60))
    sent(lake, 7, currency="USD")
    shown(lake, 7)
    sent(lake, 8)
    shown(lake, 8, "void")
    sent(lake, 9)
    shown(lake, 9)
    shown(lake, 9, own="209")
    shown(lake, 10, settled_as=None)
    shown(lake, 11, "void", settled_as=None)
    sent(lake, 12, "draft")
    sent(lake, 13)
    owned(lake, "IN-netsuite-13")
    lake.observe("netsuite", "project", "PRJ-9", NOW + timedelta(minutes=1), name="seen after all of it")
    lake.observe("kantata", "project", "PRJ-9", NOW + timedelta(minutes=1), name="seen after all of it")
    found = records(lake, "entity = 'invoice_status' AND reason IS DISTINCT FROM 'doubled'")
    assert {key.removeprefix("IN-netsuite-"): (row["place"], row["reason"]) for key, row in found.items()} == {
        "1": ("landed", None),
        "2": ("landed", None),
        "3": ("unexplained", "missing"),
        "5": ("landed", None),
        "6": ("unexplained", "outdated"),
        "7": ("unexplained", "edited"),
        "8": ("unexplained", "edited"),
        "9": ("landed", None),
        "110": ("unsourced", "foreign"),
        "13": ("case", "missing"),
    }
    assert found["IN-netsuite-6"]["differs"] == ["status", "said of it", "paid"]
    assert found["IN-netsuite-7"]["differs"] == ["currency"]
    assert (found["IN-netsuite-8"]["source_amount"], found["IN-netsuite-8"]["target_amount"]) == (Decimal(1200), 0)
    assert [row["target_amount"] for row in lake.rows("SELECT * FROM mart_tieout WHERE reason = 'doubled'")] == [1200]
    assert unbalanced(totals(lake)) == []
    euro, dollar = sorted((row for row in totals(lake) if row["source_amount"]), key=lambda row: str(row["currency"]))
    assert (dollar["currency"], dollar["source_amount"], euro["source_amount"]) == ("USD", Decimal(1200), Decimal(8400))


@pytest.mark.req("F9", "X12", "X18")
def test_what_the_psa_shows_otherwise_is_what_the_erp_may_say_by_now_until_its_invoices_are_read() -> None:
    """Hours are read each minute, invoices once an hour: somebody paid, and the PSA was told by the event."""
    lake = Lake()
    sent(lake, 1)
    shown(lake, 1, settled_as="partly_paid", paid="400.00")
    extracted(lake, "netsuite", "time_entry", NOW)
    extracted(lake, "netsuite", "credit_memo", None)
    extracted(lake, "netsuite", "invoice", hours_ago(2))
    extracted(lake, "kantata", "invoice_status", NOW)
    (row,) = records(lake, "entity = 'invoice_status'").values()
    assert (row["place"], row["reason"]) == ("on_its_way", "edited")
    lake.connection.execute("UPDATE journal.main.extract SET taken_at = ? WHERE entity = 'invoice'", [micros(NOW)])
    lake.observe("netsuite", "customer", "C-2", NOW)
    (row,) = records(lake, "entity = 'invoice_status'").values()
    assert (row["place"], row["reason"]) == ("unexplained", "edited")


@pytest.mark.req("F9", "X12")
def test_where_a_psa_shows_no_invoice_that_an_erp_sent_nothing_is_missed() -> None:
    lake = Lake()
    sent(lake, 1)
    shown(lake, 2, settled_as=None)
    assert records(lake, "entity = 'invoice_status'") == {}


@pytest.mark.req("F9", "X12")
def test_an_invoice_whose_project_was_deleted_in_the_erp_is_still_its_own() -> None:
    """The PSA shows what was sent; one that never was shown there waits for nobody."""
    lake = Lake()
    sent(lake, 1, project=None)
    shown(lake, 1)
    sent(lake, 2, project=None)
    shown(lake, 3)
    found = records(lake, "entity = 'invoice_status'")
    assert {key: (row["place"], row["project_key"]) for key, row in found.items()} == {
        "IN-netsuite-1": ("landed", "PRJ-1001"),
        "IN-netsuite-3": ("unsourced", "PRJ-1001"),
    }
