"""Each record stands in one place at each joint, and control totals count every place from its own records (X12)."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from models.derivation.refresh import refresh
from models.journal.metadata import micros
from models.marts.definitions import FOLDER
from models.sql_statements import statements
from tests.findings.books import entry, firm, posted
from tests.unit.cases.lakes import NOW, Lake, hours_ago, money

PLACES = ("landed", "on_its_way", "cases", "written_off", "unexplained")
LEVELS = {"time-to-bill": 86_400.0, "quote-to-project": 14_400.0}
LONG_AGO = "2026-09-22T08:00:00Z"


class Stopped:
    def now(self) -> datetime:
        return NOW


def owned(lake: Lake, key: str, detector: str = "dead_letter", cause: str = "closed-period") -> None:
    """An open case about a thing."""
    lake._insert("journal.main.case_", {"case_id": f"case-{key}", "cause": cause, "status": "open"})
    lake._insert(
        "journal.main.finding",
        {"finding_id": f"f-{key}", "case_id": f"case-{key}", "detector": detector, "subject_key": key},
    )


def write_off(lake: Lake, key: str, amount: str, approved_by: str | None = "ben") -> None:
    lake._insert(
        "journal.main.write_off",
        {
            "write_off_id": f"w-{key}",
            "flow": "time-to-bill",
            "entity": "time_entry",
            "item_key": key,
            "amount": amount,
            "currency": "EUR",
            "asked_by": "ada",
            "approved_by": approved_by,
            "approved_at": 1 if approved_by else None,
        },
    )


def records(lake: Lake, where: str = "entity = 'time_entry'") -> dict[str, dict[str, Any]]:
    """Rows of the tie-out by item, freshly derived; of an item with several the last."""
    refresh(lake.connection, "EUR", Stopped(), LEVELS)
    return {row["item_key"]: row for row in lake.rows(f"SELECT * FROM mart_tieout WHERE {where} ORDER BY source_key")}


def places(lake: Lake) -> dict[str, tuple[str, str | None]]:
    return {key: (row["place"], row["reason"]) for key, row in records(lake).items()}


def every_place() -> Lake:
    """One record in each of the five places, and one that came from nowhere; the PSA was read last."""
    lake = firm()
    for number in range(1, 6):
        entry(lake, number, hours_ago(2), changed_at=LONG_AGO)
    posted(lake, 1, created_at="2026-09-22T10:00:00Z")
    entry(lake, 2, hours_ago(2), approved_at=hours_ago(3).isoformat(), changed_at=hours_ago(3).isoformat())
    owned(lake, "TE-kantata-3")
    write_off(lake, "TE-kantata-4", "800.00")
    posted(lake, 9, time_entry_id="typed-in")
    lake.observe("kantata", "project", "PRJ-9", NOW + timedelta(minutes=1), name="seen after all of it")
    return lake


def totals(lake: Lake) -> list[dict[str, Any]]:
    return lake.rows("SELECT * FROM derived.state.mart_totals")


def unbalanced(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Totals whose places do not add up to what the source has, or to what the target has."""
    return [
        row
        for row in rows
        if any(
            row[f"source_{what}"] != sum(row[f"{place}_{what}"] for place in PLACES)
            or row[f"target_{what}"] != row[f"landed_{what}"] + row[f"unsourced_{what}"]
            for what in ("count", "amount")
        )
    ]


@pytest.mark.req("X12")
def test_each_record_stands_in_one_place_and_each_place_is_counted() -> None:
    lake = every_place()
    assert places(lake) == {
        "TE-kantata-1": ("landed", None),
        "TE-kantata-2": ("on_its_way", "missing"),
        "TE-kantata-3": ("case", "missing"),
        "TE-kantata-4": ("written_off", "missing"),
        "TE-kantata-5": ("unexplained", "missing"),
        "typed-in": ("unsourced", "foreign"),
    }
    (row,) = [row for row in totals(lake) if row["entity"] == "time_entry"]
    assert (row["period"], row["legal_entity"], row["currency"]) == ("2026-09", "NOV-DE", "EUR")
    assert {place: row[f"{place}_amount"] for place in PLACES} == dict.fromkeys(PLACES, Decimal("800.00"))
    assert {place: row[f"{place}_count"] for place in PLACES} == dict.fromkeys(PLACES, 1)
    assert (row["source_count"], row["source_amount"]) == (5, Decimal("4000.00"))
    assert (row["target_count"], row["unsourced_count"], row["unsourced_amount"]) == (2, 1, Decimal("800.00"))
    assert unbalanced(totals(lake)) == []


@pytest.fixture(scope="module")
def derived() -> Lake:
    """Every place derived once; who takes it makes the control totals anew from what stands there."""
    lake = every_place()
    records(lake)
    return lake


@pytest.mark.req("X12")
@pytest.mark.parametrize("place", ["landed", "on_its_way", "case", "written_off", "unexplained", "unsourced"])
def test_no_place_is_the_remainder_of_the_others(derived: Lake, place: str) -> None:
    """X12: totals that lose the records of one place do not balance, whichever it is."""
    for sql in statements(FOLDER / "mart_totals.sql").values():
        lost = sql.replace(f"place = '{place}'", "place = 'nowhere'")
        lost = lost.replace("place <> 'landed'", "false") if place == "unsourced" else lost
        assert lost != sql
        derived.connection.execute(lost)
    assert unbalanced(totals(derived)) != []


@pytest.mark.finding("F6e")
@pytest.mark.req("X12")
def test_what_is_missing_and_what_is_foreign_are_not_netted() -> None:
    lake = firm()
    entry(lake, 1, hours_ago(200), changed_at=LONG_AGO)
    posted(lake, 2, time_entry_id="typed-in")
    records(lake)
    (row,) = [row for row in totals(lake) if row["entity"] == "time_entry"]
    assert (row["source_amount"], row["landed_amount"], row["unsourced_amount"]) == (800, 0, 800)


@pytest.mark.req("X12")
@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"hours": "0.50"}, "hours"),
        ({"bill_rate": money("1.00")}, "rate"),
        ({"project_code": "PRJ-1002"}, "project"),
        ({"charge_code": "PRJ-1001.020"}, "code"),
        ({"resource_number": "E-8"}, "person"),
        ({"work_date": "2026-10-01"}, "date"),
        ({"bill_rate": money("100.00", "USD")}, "currency"),
    ],
)
def test_what_the_target_says_otherwise_does_not_land(changed: dict[str, Any], field: str) -> None:
    """X12: the source's amount is not landed, and the target's has no source; both sides balance."""
    lake = firm()
    key = entry(lake, changed_at=LONG_AGO)
    posted(lake, **changed)
    row = records(lake)[key]
    assert (row["place"], row["reason"]) == ("unexplained", "edited") and field in row["differs"]
    mine = [row for row in totals(lake) if row["entity"] == "time_entry"]
    assert sum(row["landed_count"] for row in mine) == 0
    assert sum(row["unexplained_amount"] for row in mine) == 800
    assert sum(row["unsourced_count"] for row in mine) == 1
    assert unbalanced(mine) == []


@pytest.mark.req("X12")
@pytest.mark.parametrize(("cost", "place"), [("480.00", "landed"), ("33.00", "unexplained")])
def test_what_nobody_pays_for_lands_at_what_it_cost(cost: str, place: str) -> None:
    """X12: an expense that no customer is billed for is nothing on both sides, and 480.00 are not 33.00."""
    lake, own = firm(), {"project_code": "PRJ-1001", "charge_code": "PRJ-1001.010", "billable": False}
    own |= {"expense_id": "EX-kantata-1", "work_date": "2026-09-20", "resource_number": "E-7"}
    seen = {"amount": money("480.00"), "approval": "approved", "approved_at": LONG_AGO, "changed_at": LONG_AGO}
    lake.observe("kantata", "expense", "EX-kantata-1", **{**own, **seen})
    put = {"posting_id": "EX-kantata-1-v1", "amount": money(cost), "created_at": LONG_AGO}
    lake.observe("netsuite", "expense", "EX-kantata-1-v1", **{**own, **put})
    row = records(lake, "entity = 'expense'")["EX-kantata-1"]
    assert row["place"] == place and row["differs"] == ([] if place == "landed" else ["cost"])
    assert row["source_amount"] == row["target_amount"] == 0


def test_a_correction_that_is_under_way_is_on_its_way_and_late_after_the_flows_service_level() -> None:
    lake = firm()
    posted(lake)
    key = entry(lake, hours="6.00", changed_at=hours_ago(3).isoformat())
    assert places(lake)[key] == ("on_its_way", "outdated")
    entry(lake, hours="6.00", changed_at=hours_ago(30).isoformat(), at=NOW + timedelta(minutes=1))
    lake.observe("netsuite", "project", "PRJ-9", NOW + timedelta(minutes=2), name="the ERP was read since")
    posted(lake, created_at="2026-09-22T10:00:00Z")
    assert places(lake)[key] == ("unexplained", "outdated")


@pytest.mark.finding("F10b")
def test_nothing_is_judged_by_a_system_that_was_not_read_since() -> None:
    """F10's kind: the ERP shows a posting, the PSA was read before it was made."""
    lake = firm()
    entry(lake, 1, hours_ago(50))
    posted(lake, 1, hours="9.00", created_at=hours_ago(0.5).isoformat())
    assert records(lake)["TE-kantata-1"]["in_time"]
    lake.observe("kantata", "project", "PRJ-9", NOW + timedelta(minutes=1), name="now the PSA was read")
    assert not records(lake)["TE-kantata-1"]["in_time"]


def test_a_system_that_was_read_and_had_nothing_new_was_read() -> None:
    """F10's kind: at night nobody books anything, and yet the PSA was read."""
    lake = firm()
    entry(lake, 1, hours_ago(50), changed_at=LONG_AGO)
    posted(lake, 1, hours="9.00", created_at=hours_ago(0.5).isoformat())
    taken = {"system": "kantata", "entity": "time_entry", "version": 1}
    lake._insert("journal.main.extract", {**taken, "taken_at": micros(NOW + timedelta(seconds=30))})
    assert records(lake)["TE-kantata-1"]["in_time"], "what it showed may be on its way to the lake"
    lake.connection.execute("UPDATE journal.main.extract SET taken_at = ?", [micros(NOW + timedelta(minutes=2))])
    lake.observe("netsuite", "project", "PRJ-9", NOW, name="something to derive anew for")
    assert not records(lake)["TE-kantata-1"]["in_time"]


def test_a_posting_and_its_reversal_are_nothing_and_a_second_posting_is_one_too_many() -> None:
    lake = firm()
    key = entry(lake, hours="6.00", changed_at=LONG_AGO)
    for name, changed in (
        ("v1", {}),
        ("v1-R", {"reversal": True, "hours": "-8.00"}),
        ("v2", {"hours": "6.00"}),
    ):
        fields = {"time_entry_id": key, "project_code": "PRJ-1001", "work_date": "2026-09-20", "hours": "8.00"}
        fields |= {"bill_rate": money("100.00"), "created_at": LONG_AGO}
        lake.observe("netsuite", "time_entry", f"{key}-{name}", **{**fields, **changed})
    assert places(lake)[key] == ("landed", None)
    lake.observe("netsuite", "time_entry", f"{key}-v1-R", NOW + timedelta(minutes=1), present=False)
    refresh(lake.connection, "EUR", Stopped(), LEVELS)
    rows = lake.rows("SELECT place, reason, target_key FROM mart_tieout WHERE entity = 'time_entry' ORDER BY place")
    assert [(row["place"], row["reason"], row["target_key"]) for row in rows] == [
        ("landed", None, f"{key}-v2"),
        ("unsourced", "doubled", f"{key}-v1"),
    ]


def test_a_reversal_of_less_than_the_posting_became_leaves_money_that_no_work_stands_behind() -> None:
    """Its rate was raised in the ERP, then the work was corrected: what was sent is taken back, the rise stands."""
    lake = firm()
    key = entry(lake, changed_at=LONG_AGO)
    fields = {"time_entry_id": key, "project_code": "PRJ-1001", "work_date": "2026-09-20", "created_at": LONG_AGO}
    for name, rate, hours in (("v1", "150.00", "8.00"), ("v1-R", "100.00", "-8.00"), ("v2", "100.00", "8.00")):
        taken = {"bill_rate": money(rate), "hours": hours, "reversal": name.endswith("-R")}
        lake.observe("netsuite", "time_entry", f"{key}-{name}", **fields, **taken)
    refresh(lake.connection, "EUR", Stopped(), LEVELS)
    rows = lake.rows("SELECT place, reason, target_key, target_amount FROM mart_tieout WHERE flow = 'time-to-bill'")
    assert sorted((row["place"], row["reason"], row["target_key"], row["target_amount"]) for row in rows) == [
        ("landed", None, f"{key}-v2", Decimal("800.00")),
        ("unsourced", "doubled", f"{key}-v1", Decimal("400.00")),
    ]


def test_a_posting_that_got_another_sign_stands_with_what_its_reversal_gives_on_top() -> None:
    """Sent as -3 hours and made 9 in the ERP; taking back what was sent gives three more, and the books hold twelve."""
    lake = firm()
    key = entry(lake, hours="-3.00", changed_at=LONG_AGO, approval="open")
    fields = {"time_entry_id": key, "project_code": "PRJ-1001", "work_date": "2026-09-20", "created_at": LONG_AGO}
    fields |= {"bill_rate": money("100.00")}
    lake.observe("netsuite", "time_entry", f"{key}-v1", **fields, hours="9.00")
    lake.observe("netsuite", "time_entry", f"{key}-v1-R", **fields, hours="3.00", reversal=True)
    refresh(lake.connection, "EUR", Stopped(), LEVELS)
    rows = lake.rows("SELECT target_key, target_hours, target_amount FROM mart_tieout WHERE flow = 'time-to-bill'")
    assert [tuple(row.values()) for row in rows] == [(f"{key}-v1", Decimal("12.00"), Decimal("1200.00"))]


@pytest.mark.parametrize("moved", [{"project_code": "PRJ-1002"}, {"work_date": "2026-08-20"}])
def test_a_posting_that_was_moved_and_the_reversal_that_was_not_both_stand(moved: dict[str, Any]) -> None:
    """One project, or one month, holds too much and another too little: that is not nothing."""
    lake = firm()
    key = entry(lake, changed_at=LONG_AGO, approval="open")
    fields = {"time_entry_id": key, "project_code": "PRJ-1001", "work_date": "2026-09-20", "created_at": LONG_AGO}
    fields |= {"bill_rate": money("100.00")}
    lake.observe("netsuite", "time_entry", f"{key}-v1", **{**fields, "hours": "8.00", **moved})
    lake.observe("netsuite", "time_entry", f"{key}-v1-R", **fields, hours="-8.00", reversal=True)
    refresh(lake.connection, "EUR", Stopped(), LEVELS)
    rows = lake.rows("SELECT reason, target_key, target_amount FROM mart_tieout WHERE flow = 'time-to-bill'")
    # The work was taken back, and what stands of it is one thing, however many postings: none of them is doubled.
    assert sorted((row["reason"], row["target_key"], row["target_amount"]) for row in rows) == [
        ("withdrawn", f"{key}-v1", Decimal("800.00")),
        ("withdrawn", f"{key}-v1-R", Decimal("-800.00")),
    ]


def test_the_reversal_of_a_negative_posting_that_is_gone_stands_with_what_it_gives() -> None:
    """A correction of -3 hours was posted and taken back by +3; the posting was deleted, and its reversal stands."""
    lake = firm()
    key = entry(lake, hours="-3.00", changed_at=LONG_AGO, approval="open")
    fields = {"time_entry_id": key, "project_code": "PRJ-1001", "work_date": "2026-09-20", "created_at": LONG_AGO}
    lake.observe(
        "netsuite", "time_entry", f"{key}-v1-R", **fields, hours="3.00", bill_rate=money("100.00"), reversal=True
    )
    refresh(lake.connection, "EUR", Stopped(), LEVELS)
    rows = lake.rows("SELECT place, target_key, target_amount FROM mart_tieout WHERE flow = 'time-to-bill'")
    assert [(row["place"], row["target_key"], row["target_amount"]) for row in rows] == [
        ("unsourced", f"{key}-v1-R", Decimal("300.00"))
    ]


def test_of_a_system_that_shows_no_work_nothing_is_known() -> None:
    """A source that only sends events has postings and nothing to hold them to: no case calls them foreign."""
    lake = firm()
    posted(lake, 1, time_entry_id="TE-badge-1")
    posted(lake, 2, time_entry_id="TE-kantata-99")
    entry(lake, 3, hours_ago(1))
    assert set(records(lake)) == {"TE-kantata-99", "TE-kantata-3"}


def test_a_case_that_says_nobody_knows_explains_nothing() -> None:
    lake = firm()
    key = entry(lake, 1, hours_ago(200), changed_at=LONG_AGO)
    lake.observe("netsuite", "time_entry", "another", NOW, present=False)
    owned(lake, key, "tie_out", "unexplained")
    assert places(lake)[key] == ("unexplained", "missing")


@pytest.mark.parametrize(("amount", "by"), [("799.99", "ben"), ("800.00", None), ("800.00", "ada")])
def test_a_write_off_is_two_peoples_and_of_this_very_amount(amount: str, by: str | None) -> None:
    lake = every_place()
    write_off(lake, "TE-kantata-5", amount, by)
    assert places(lake)["TE-kantata-5"] == ("unexplained", "missing")


def test_orders_and_budgets_are_held_to_the_sale() -> None:
    """X12: the sale of 50,000 has an order of that value and a budget of less, and one sale has neither."""
    lake = firm()
    lake.observe("netsuite", "contract", "CT-PRJ-1001", project_code="PRJ-1001", value=money("50000.00"))
    lake.observe("planview", "budget", "PRJ-1001", project_code="PRJ-1001", value=money("49000.00"))
    sold = {"value": money("7000.00"), "currency": "EUR", "target_margin": "0.3", "closed_at": LONG_AGO}
    lake.observe("salesforce", "project", "PRJ-1002", hours_ago(100), **sold)
    lake.observe("netsuite", "contract", "CT-PRJ-7", project_code="PRJ-7", value=money("9.00"))
    contracts = records(lake, "entity = 'contract'")
    assert {key: (row["place"], row["reason"]) for key, row in contracts.items()} == {
        "PRJ-1001": ("landed", None),
        "PRJ-1002": ("unexplained", "missing"),
        "PRJ-7": ("unsourced", "foreign"),
    }
    budget = records(lake, "entity = 'budget' AND target_key IS NOT NULL")["PRJ-1001"]
    assert (budget["reason"], budget["differs"], budget["source_amount"] - budget["target_amount"]) == (
        "edited",
        ["amount"],
        1000,
    )
    assert unbalanced(totals(lake)) == []


def test_billed_is_a_joint_of_its_own() -> None:
    """X12: what is posted is on an invoice, or waits for one; an invoice of what is not posted is unsourced."""
    lake = firm()
    for number in (1, 2):
        entry(lake, number, changed_at=LONG_AGO)
        posted(lake, number)
    lines = [
        {"posting_id": "TE-kantata-1-v1", "amount": money("800.00")},
        {"posting_id": "TE-kantata-7-v1", "amount": money("5.00")},
    ]
    lake.observe(
        "netsuite", "invoice", "INV-1", status="open", issued_on="2026-09-25", total=money("805.00"), lines=lines
    )
    assert {key: row["place"] for key, row in records(lake, "entity = 'invoice_line'").items()} == {
        "TE-kantata-1": "landed",
        "TE-kantata-2": "on_its_way",
        "TE-kantata-7": "unsourced",
    }
    assert unbalanced(totals(lake)) == []


def test_nothing_is_doubled_where_nobody_sold_anything() -> None:
    """A second order beside the sale's own is one too many; once the sale is gone both are orders without a sale."""
    lake = firm()
    for key in ("CT-PRJ-1001", "SO-7"):
        lake.observe("netsuite", "contract", key, hours_ago(90), project_code="PRJ-1001", value=money("50000.00"))
    said = {row["target_key"]: row["reason"] for row in _orders(lake)}
    assert said == {"CT-PRJ-1001": None, "SO-7": "doubled"}
    lake.observe("salesforce", "project", "PRJ-1001", NOW + timedelta(minutes=1), present=False)
    said = {row["target_key"]: row["reason"] for row in _orders(lake)}
    assert len(said) == 2 and "doubled" not in said.values()


def test_the_last_work_that_went_leaves_what_was_posted_of_it_without_a_source() -> None:
    lake = firm()
    entry(lake, 1, hours_ago(90))
    posted(lake, 1)
    entry(lake, 1, NOW, present=False)
    assert places(lake)["TE-kantata-1"][0] == "unsourced"


def test_the_last_order_that_went_is_missed_as_any_other() -> None:
    lake = firm()
    lake.observe("netsuite", "contract", "CT-PRJ-1001", hours_ago(90), project_code="PRJ-1001", value=money("50000.00"))
    assert [row["target_key"] for row in _orders(lake)] == ["CT-PRJ-1001"]
    lake.observe("netsuite", "contract", "CT-PRJ-1001", NOW, present=False)
    assert [(row["source_key"], row["target_key"]) for row in _orders(lake)] == [("PRJ-1001", None)]


def _orders(lake: Lake) -> list[dict[str, Any]]:
    refresh(lake.connection, "EUR", Stopped(), LEVELS)
    return lake.rows("SELECT * FROM mart_tieout WHERE entity = 'contract'")
