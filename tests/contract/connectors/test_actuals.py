"""F10: what the ERP's stream of statements says, against its emulator: by the clock, and when a month is closed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from integrations.connectors.netsuite import CONNECTOR
from integrations.contracts import Page
from integrations.sandbox.faults.conditions import Conditions
from integrations.sandbox.gateway import Gateway
from integrations.sandbox.serving import served
from models.domain.errors import Misconfigured
from tests.contract.connectors.cases import CASES, World, ns_prepare, posting


class Books:
    """The ERP, and the stream as the engine follows it."""

    def __init__(self, world: World) -> None:
        self.world, self.cursor = world, None
        self.connector = CONNECTOR(CASES["netsuite"].config("netsuite", world), world.clock)
        self.records = world.vendors.erp.records

    def read(self, hours: float = 24) -> list[dict[str, Any]]:
        """What is stated when so much time has passed; pages until the stream rests."""
        self.world.clock.present += timedelta(hours=hours)
        return [event.data | {"id": event.id} for page in self.pages() for event in page.events]

    def pages(self) -> Iterator[Page]:
        more = True
        while more:
            page = self.connector.poll("actuals", self.cursor)
            self.cursor, more = page.cursor, page.more
            yield page

    def change(self, **fields: Any) -> None:
        self.world.clock.present += timedelta(minutes=5)
        records, name = self.records, "timebill"
        records.change(name, next(iter(records.tables[name].rows)), fields)


@pytest.fixture
def books() -> Iterator[Books]:
    world = World()
    with served(Gateway(world.vendors.by_prefix(), world.ledger, Conditions(), world.clock)) as address:
        world.address = address
        ns_prepare(world)
        made = Books(world)
        yield made
        made.connector.close()


def figures(stated: list[dict[str, Any]]) -> list[tuple[str, ...]]:
    return [
        (one["period"], one["currency"], *(one[name]["amount"] for name in ("cost", "revenue", "billed")), one["hours"])
        for one in stated
    ]


def test_a_statement_sums_postings_expenses_and_invoices_of_the_period(books: Books) -> None:
    books.connector.deliver([posting(1)])
    invoice = {"id": "2000000", "externalId": "INV-1", "tranId": "INV-1", "status": "Open", "currency": "EUR"}
    job, company = (next(iter(books.records.tables[name].rows)) for name in ("job", "subsidiary"))
    lines = [
        {"amount": 1388.25, "custcol_posting_id": "TE-kantata-1-v1"},
        {"amount": 263.77, "custcol_line_kind": "tax"},
    ]
    invoice |= {"entity": {"id": job}, "subsidiary": {"id": company}, "tranDate": "2026-11-17", "total": 1652.02}
    stamps = {"lastModifiedDate": "2026-11-17T18:00:00Z", "createdDate": "2026-11-17T18:00:00Z"}
    books.records.tables["invoice"].put("2000000", {**invoice, "item": {"items": lines}, **stamps})
    [one] = books.read()
    assert figures([one]) == [("Nov 2026", "EUR", "531.25", "1508.25", "1388.25", "8.50")]


def test_by_the_clock_and_only_then_and_the_same_figures_are_the_same_event(books: Books) -> None:
    [first] = books.read()
    assert books.read(hours=1) == []
    [again] = books.read()
    assert again["id"] == first["id"]


def test_a_figure_that_goes_and_comes_back_is_three_events(books: Books) -> None:
    ids = [books.read()[0]["id"]]
    for hours in ("2:00", "1:00"):
        books.change(hours=hours)
        ids.append(books.read()[0]["id"])
    assert len(set(ids)) == 3


def test_closing_and_opening_a_month_is_stated_at_once(books: Books) -> None:
    books.read()
    for closed in (True, False):
        books.records.shut("2026-11", closed, books.world.clock.present + timedelta(minutes=1))
        [one] = books.read(hours=0.1)
        assert one["period_closed"] is closed


def test_a_closed_month_is_read_again_only_when_something_was_booked_in_it(books: Books) -> None:
    books.records.shut("2026-12", False)
    books.read()
    books.records.shut("2026-11", True)
    assert [one["period_closed"] for one in books.read()] == [True]
    assert books.read() == []
    books.records.shut("2026-11", False)
    books.change(hours="3:00")
    books.records.shut("2026-11", True)
    [one] = books.read()
    assert (one["period_closed"], Decimal(one["cost"]["amount"])) == (True, Decimal("187.50"))


def test_amounts_in_two_currencies_are_two_statements(books: Books) -> None:
    books.change(custcol_cost_currency="GBP")
    assert figures(books.read()) == [
        ("Nov 2026", "EUR", "0", "120.00", "0", "0"),
        ("Nov 2026", "GBP", "62.50", "0", "0", "1.00"),
    ]


def test_a_day_that_no_period_holds_is_a_row_that_somebody_must_see_to(books: Books) -> None:
    books.change(tranDate="2026-10-30")
    refused = [row for page in books.pages() for row in page.rejected]
    assert [(name, error.code) for name, _, error in refused] == [("day:2026-10", "period-unknown")]
    books.records.shut("2026-10", False)
    books.world.clock.present += timedelta(hours=24)
    pages = list(books.pages())
    assert [event.data["period"] for page in pages for event in page.events] == ["Oct 2026"]
    assert all("day:2026-10" in page.seen for page in pages)


def test_a_record_that_cannot_be_read_leaves_its_period_unstated(books: Books) -> None:
    """A sum that is known to be short is worse than none."""
    books.change(hours="many")
    pages = list(books.pages())
    assert [(name, error.code) for page in pages for name, _, error in page.rejected] == [("period:202611", "bad-row")]
    assert [event for page in pages for event in page.events] == []


def test_without_the_option_there_is_no_such_stream_and_a_spoilt_cursor_says_what_to_do(books: Books) -> None:
    with pytest.raises(Misconfigured, match="reset the stream's cursor"):
        books.connector.poll("actuals", json.dumps({"high": None}))
    plain = CASES["netsuite"].config("netsuite", books.world)
    plain.options.clear()  # type: ignore[attr-defined]
    assert "actuals" not in CONNECTOR(plain, books.world.clock).streams
