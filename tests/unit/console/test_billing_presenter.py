"""Billing readiness: each amount once, readiness as a sum over a sum, what needs no alarm gives none."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from app.console.billing import chart
from app.console.billing import page as billing_page
from app.console.billing import presenter as billing
from app.console.billing.blockers import blocker_rows
from app.console.billing.breakdown import breakdown
from app.console.widgets.causes import open_cause
from app.console.widgets.download import csv_of
from app.readings.billing.rows import Part, State, Unbilled
from app.readings.billing.totals import readiness, totals
from app.readings.cases.rows import Cause
from app.readings.masking import masked_rows
from app.readings.viewer import Viewer
from models.canonical.classification import MASK
from models.domain.team import Teams
from tests.catalogues import packaged

STATES = [
    State("ready", None, None, 10, Decimal(600), 3),
    State("blocked", "project-missing", "netsuite", 4, Decimal(300), 40),
    State("blocked", "rate-missing", "kantata", 1, Decimal(100), 8),
    State("not_approved", "approval-pending", "kantata", 2, Decimal(200), 2),
    State("billed", None, None, 9, Decimal(900), 70),
]
MOVING = State("moving", "in-flight", "tieout", 3, Decimal(5000), 40)


@pytest.mark.req("O3")
def test_the_waterfall_from_unbilled_to_ready_ends_at_ready() -> None:
    """O3: one primary reason per amount, so the steps add up."""
    bars = chart.bridge(STATES, "EUR").data[0]
    assert list(bars.y) == ["Unbilled", "Not approved", "Project missing in a system", "Missing rate", "Ready"]
    assert bars.x[0] - sum(bars.x[1:-1]) == bars.x[-1] == 600
    assert bars.base[3] == 600, "the last blocker reaches down to what is ready"


@pytest.mark.req("O3")
def test_small_blockers_share_a_bar_and_nothing_is_lost() -> None:
    many = [replace(STATES[1], blocker=f"reason-{at}", bill_reporting=Decimal(at + 1)) for at in range(12)]
    bars = chart.bridge([STATES[0], *many], "EUR").data[0]
    assert bars.y[-2] == "Others"
    assert sum(bars.x[1:-1]) == sum(range(1, 13))


@pytest.mark.req("O3")
def test_readiness_is_ready_over_ready_and_blocked() -> None:
    assert readiness(totals(STATES)) == Decimal("0.6")
    assert readiness(totals([])) is None
    assert billing.verdict(STATES, "EUR") == (
        "bad",
        "€600 can be invoiced now; €400 is blocked, most of it by “Project missing”; €200 is not approved yet.",
    )


@pytest.mark.req("O3")
def test_headline_chart_and_table_tell_one_story() -> None:
    """O3: what is on its way is not called blocked anywhere, and unbilled is the sum of its parts everywhere."""
    assert billing.verdict([STATES[0], MOVING], "EUR") == (
        "good",
        "€600 can be invoiced now; nothing is blocked; €5,000 is on its way to the ERP.",
    )
    states = [*STATES, MOVING]
    shown = {metric.label: metric.value for metric in billing.figures(states, [], "EUR")}
    assert [shown[name] for name in ("Unbilled", "Ready to invoice", "On its way", "Blocked", "Not approved")] == [
        "€6,200",
        "€600",
        "€5,000",
        "€400",
        "€200",
    ]
    assert shown["Billing readiness"] == "10.0%", "approved work is ready only once the ERP has it"
    tips = (
        {metric.label: metric.tip for metric in billing.figures(states, [], "EUR")}["Billing readiness"],
        next(column.tip for column in billing_page.GROUPS if column.key == "readiness"),
    )
    assert set(tips) == {"Ready ÷ (ready + on its way + blocked), by value."}, (
        "the tip names what is computed: 600 ÷ (600 + 5,000 + 400)"
    )
    bars = chart.bridge(states, "EUR").data[0]
    assert list(bars.y[-2:]) == ["On its way", "Ready"] and bars.x[0] - sum(bars.x[1:-1]) == 600
    row = next(row for row in blocker_rows(states, {}, "EUR", Teams()) if "On its way" in str(row["reason"]))
    assert "On its way" in str(row["state"]) and "goes on by itself" in str(row["owner"])


@pytest.mark.req("O3", "X8")
def test_work_without_a_customer_is_named_by_its_projects() -> None:
    cell = Part(None, None, "blocked", 1, Decimal(5), 1, ("PRJ-9",))
    [row] = breakdown([cell], "EUR", "Customer")
    assert "No customer yet" in str(row["name"]) and "PRJ-9" in str(row["name"])
    many = replace(cell, projects=tuple(f"PRJ-{at}" for at in range(5)))
    assert "and 2 more projects" in str(breakdown([many], "EUR", "Customer")[0]["name"])


def cause(code: str, records: int, money: dict[str, Decimal]) -> Cause:
    return Cause(code, code, records, 1, money, ("ERP team",))


@pytest.mark.req("X19")
def test_a_causes_money_of_two_kinds_is_told_kind_by_kind() -> None:
    mixed = {"billing_blocked": Decimal(340_000), "sold_not_set_up": Decimal(517_000)}
    shown = open_cause(cause("project-missing", 2, mixed), "EUR")
    assert "2 records · billing blocked €340k · sold and not set up €517k" in shown
    assert ">1 record</a>" in open_cause(cause("customer-duplicate", 1, {"none": Decimal(0)}), "EUR")


@pytest.mark.req("X19")
def test_a_blocker_with_cases_links_to_them() -> None:
    open_now = {"project-missing": cause("project-missing", 353, {"billing_blocked": Decimal("318.20")})}
    rows = blocker_rows(STATES, open_now, "EUR", packaged().teams.playing({"netsuite": "erp"}))
    assert [row["value"] for row in rows] == ["€300.00", "€200.00", "€100.00"]
    assert "/exceptions?cause=project-missing" in str(rows[0]["cases"])
    assert ">353 records · €318.20</a>" in str(rows[0]["cases"]), "all that is open of it, as Exceptions has it"
    assert rows[0]["owner"] == "ERP team"
    assert "href" not in str(rows[2]["cases"]), "no link leads to an empty list"


@pytest.mark.req("O3", "X8")
def test_a_blocker_links_to_the_cases_it_became() -> None:
    """X8: waiting for approval is no exception, until cases say that it has lasted too long."""

    def cell(*codes: str) -> str:
        causes = {code: cause(code, 1, {}) for code in codes}
        return next(
            str(row["cases"])
            for row in blocker_rows(STATES, causes, "EUR", Teams())
            if "approval" in str(row["reason"]).lower()
        )

    assert "not an exception yet" in cell("project-missing")
    assert "cause=approval-late" in cell("approval-late") and "not an exception" not in cell("approval-late")


@pytest.mark.req("G2")
def test_the_file_of_unbilled_items_tells_no_rates_to_an_auditor() -> None:
    """G2: hours beside an amount are a rate."""
    auditor, finance = Viewer("ada", frozenset({"auditor"})), Viewer("fin", frozenset({"finance"}))
    nothing = dict.fromkeys(Unbilled.__dataclass_fields__)
    amounts = {"hours": Decimal(8), "bill_amount": Decimal(760), "bill_reporting": Decimal(760)}
    items = [{**nothing, "item_key": kind, "kind": kind, **amounts} for kind in ("time", "milestone", "expense")]

    def shown(viewer: Viewer) -> list[tuple[str, str, str]]:
        rows = masked_rows(Unbilled, items, viewer.clear)
        _, *lines = csv_of(rows).decode("utf-8-sig").splitlines()
        masked = {line.partition(",")[0] for line in lines if MASK in line}
        assert masked == ({"time", "milestone"} if viewer is auditor else set())
        return [(str(row.bill_amount), str(row.bill_reporting), str(row.hours)) for row in rows]

    assert shown(auditor) == [(MASK, MASK, "8"), (MASK, MASK, "8"), ("760", "760", "8")]
    assert shown(finance) == [("760", "760", "8")] * 3
