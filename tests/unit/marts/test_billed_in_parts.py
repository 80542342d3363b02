"""Work that several invoices bill lands where they add up to it, and is a difference of exact money where not (X12)."""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal
from random import Random

import pytest

from models.derivation.refresh import refresh
from tests.findings.books import entry, firm, posted
from tests.unit.cases.lakes import Lake, money
from tests.unit.marts.test_tieout import LEVELS, LONG_AGO, Stopped, totals, unbalanced

Placed = tuple[str, str | None, int | None, int | None]
"""Place, reason, and what source and target say of it."""
SAID: tuple[tuple[list[tuple[int, ...]], list[Placed]], ...] = (
    ([(300,), (500,)], [("landed", None, 300, 300), ("landed", None, 500, 500)]),
    ([(300, 500)], [("landed", None, 800, 800)]),
    ([(1000,), (-200,)], [("landed", None, 1000, 1000), ("landed", None, -200, -200)]),
    ([(300,), (400,)], [("landed", None, 300, 300), ("unexplained", "under-billed", 500, 400)]),
    ([(300,), (600,)], [("landed", None, 300, 300), ("unexplained", "over-billed", 500, 600)]),
    ([(700,)], [("unexplained", "under-billed", 800, 700)]),
    ([(900,)], [("unexplained", "over-billed", 800, 900)]),
    ([(800,), (800,)], [("landed", None, 800, 800), ("unsourced", "doubled", None, 800)]),
    (
        [(500,), (500,), (500,)],
        [("landed", None, 500, 500), ("unexplained", "over-billed", 300, 500), ("unsourced", "doubled", None, 500)],
    ),
)
"""What each invoice of an entry of 800 bills of it, line by line, and where that stands."""


def worked(lake: Lake, number: int, hours: str = "8.00") -> None:
    entry(lake, number, hours=hours, changed_at=LONG_AGO)
    posted(lake, number, hours=hours, created_at=LONG_AGO)


def invoiced(lake: Lake, number: int, place: int, *amounts: int, version: int = 1) -> None:
    lines = [{"posting_id": f"TE-kantata-{number}-v{version}", "amount": money(f"{one}.00")} for one in amounts]
    told = {"status": "open", "issued_on": f"2026-09-{23 + place}", "total": money(f"{sum(amounts)}.00")}
    lake.observe("netsuite", "invoice", f"INV-{number}-{place}", **told, lines=lines)


def billed(lake: Lake) -> dict[int, list[Placed]]:
    refresh(lake.connection, "EUR", Stopped(), LEVELS)
    assert unbalanced(totals(lake)) == []
    found: dict[int, list[Placed]] = defaultdict(list)
    for row in lake.rows("SELECT * FROM mart_tieout WHERE entity = 'invoice_line' ORDER BY item_key, target_key"):
        told = (row["place"], row["reason"], row["source_amount"], row["target_amount"])
        found[int(row["item_key"].split("-")[-1])].append(told)
    return found


@pytest.mark.req("X12")
def test_parts_that_add_up_land_and_others_differ_by_what_is_too_much_or_too_little() -> None:
    lake = firm()
    for number, (invoices, _) in enumerate(SAID):
        worked(lake, number)
        for place, amounts in enumerate(invoices):
            invoiced(lake, number, place, *amounts)
    worked(lake, 90, "-8.00")
    invoiced(lake, 90, 0, -300)
    invoiced(lake, 90, 1, -500)
    # Two postings of one item are each held to their own lines: the second is one too many at another joint.
    worked(lake, 91)
    taken = {"time_entry_id": "TE-kantata-91", "project_code": "PRJ-1001", "work_date": "2026-09-20"}
    worth = {"hours": "3.00", "bill_rate": money("100.00"), "created_at": LONG_AGO}
    lake.observe("netsuite", "time_entry", "TE-kantata-91-v2", **taken, **worth)
    invoiced(lake, 91, 0, 300, version=2)
    invoiced(lake, 91, 1, 800)
    assert billed(lake) == {
        **{number: stands for number, (_, stands) in enumerate(SAID)},
        90: [("landed", None, -300, -300), ("landed", None, -500, -500)],
        91: [("landed", None, 300, 300), ("landed", None, 800, 800)],
    }


@pytest.mark.req("X12")
def test_whatever_invoices_say_each_amount_stands_once_on_either_side() -> None:
    """Random parts, some of them taking back: the source's parts are all of it, the target's rows all lines."""
    dice, lake = Random(7), firm()
    said = {n: [dice.choice((-200, 100, 300, 500, 800)) for _ in range(dice.randrange(2, 6))] for n in range(40)}
    for number, amounts in said.items():
        worked(lake, number)
        for place, amount in enumerate(amounts):
            invoiced(lake, number, place, amount)
    for number, rows in billed(lake).items():
        assert sum(source or 0 for *_, source, _ in rows) == Decimal(800), said[number]
        assert sorted(target for *_, target in rows if target is not None) == sorted(said[number])
        apart = sum((target or 0) - (source or 0) for place, _, source, target in rows if place != "landed")
        assert apart == sum(said[number]) - 800, said[number]


@pytest.mark.req("X12", "X17")
def test_what_is_billed_in_two_currencies_is_never_added() -> None:
    """A memo in pounds takes no invoice in euros back, nor bills one in pounds a part of what is posted in euros."""
    lake = firm()
    for number, euros in enumerate((800, 300, 800)):
        worked(lake, number)
        invoiced(lake, number, 0, euros)

    def told(kind: str, number: int, amount: dict[str, str], **more: str) -> None:
        lines = [{"posting_id": f"TE-kantata-{number}-v1", "amount": amount}]
        fields = {"status": "open", "issued_on": "2026-09-22", "total": amount, "lines": lines}
        lake.observe("netsuite", kind, f"{kind}-{number}", **fields, **more)

    told("credit_memo", 0, money("800.00", "GBP"), credits="INV-0-0")
    told("invoice", 1, money("500.00", "GBP"))
    told("credit_memo", 2, {"amount": "800.00"}, credits="INV-2-0")  # in the currency of what it takes back
    assert billed(lake) == {
        0: [("landed", None, 800, 800), ("unsourced", "doubled", None, -800)],
        1: [("unexplained", "under-billed", 800, 300), ("unsourced", "doubled", None, 500)],
        2: [("on_its_way", "missing", 800, None)],
    }
    sides = {row["target_amount"]: row["target_currency"] for row in lake.rows("SELECT * FROM mart_tieout")}
    assert (sides[-800], sides[500]) == ("GBP", "GBP")
    owed = {row["key"]: row["total"] for row in lake.rows("SELECT * FROM derived.state.receivable")}
    assert (owed["INV-0-0"], owed["INV-2-0"]) == (800, 0)
