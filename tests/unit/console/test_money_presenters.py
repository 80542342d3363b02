"""Billing readiness and margin: each amount once, ratios as sums over sums, costs masked."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from app.console.billing import chart
from app.console.billing import page as billing_page
from app.console.billing import presenter as billing
from app.console.margin import presenter as margin
from app.readings.viewer import Viewer
from models.canonical.classification import MASK
from models.domain.team import Teams
from tests.catalogues import packaged

STATES = [
    {
        "state": "ready",
        "blocker": None,
        "blocker_owner": None,
        "items": 10,
        "bill_reporting": Decimal(600),
        "oldest_days": 3,
    },
    {
        "state": "blocked",
        "blocker": "project-missing",
        "blocker_owner": "netsuite",
        "items": 4,
        "bill_reporting": Decimal(300),
        "oldest_days": 40,
    },
    {
        "state": "blocked",
        "blocker": "rate-missing",
        "blocker_owner": "kantata",
        "items": 1,
        "bill_reporting": Decimal(100),
        "oldest_days": 8,
    },
    {
        "state": "not_approved",
        "blocker": "approval-pending",
        "blocker_owner": "kantata",
        "items": 2,
        "bill_reporting": Decimal(200),
        "oldest_days": 2,
    },
    {
        "state": "billed",
        "blocker": None,
        "blocker_owner": None,
        "items": 9,
        "bill_reporting": Decimal(900),
        "oldest_days": 70,
    },
]


@pytest.mark.req("O3")
def test_the_waterfall_from_unbilled_to_ready_ends_at_ready() -> None:
    """O3: one primary reason per amount, so the steps add up."""
    bars = chart.bridge(STATES, "EUR")["data"][0]
    assert bars["x"] == ["Unbilled", "Not<br>approved", "Project<br>missing", "Rate<br>missing", "Ready"]
    assert bars["y"][0] - sum(bars["y"][1:-1]) == bars["y"][-1] == 600
    assert bars["base"][3] == 600, "the last blocker hangs down to what is ready"


@pytest.mark.req("O3")
def test_small_blockers_share_a_bar_and_nothing_is_lost() -> None:
    many = [{**STATES[1], "blocker": f"reason-{at}", "bill_reporting": Decimal(at + 1)} for at in range(12)]
    bars = chart.bridge([STATES[0], *many], "EUR")["data"][0]
    assert bars["x"][-2] == "Others"
    assert sum(bars["y"][1:-1]) == sum(range(1, 13))


@pytest.mark.req("O3")
def test_readiness_is_ready_over_ready_and_blocked() -> None:
    assert billing.readiness(billing.totals(STATES)) == Decimal("0.6")
    assert billing.readiness(billing.totals([])) is None
    assert billing.verdict(STATES, "EUR") == (
        "bad",
        "€600 can be invoiced now; €400 is blocked, most of it by “Project missing”; €200 is not approved yet.",
    )


@pytest.mark.req("O3")
def test_headline_chart_and_table_tell_one_story() -> None:
    """O3: what is on its way is not called blocked anywhere, and unbilled is the sum of its parts everywhere."""
    moving = {
        **STATES[1],
        "state": "moving",
        "blocker": "in-flight",
        "blocker_owner": "tieout",
        "bill_reporting": Decimal(5000),
        "items": 3,
    }
    assert billing.verdict([STATES[0], moving], "EUR") == (
        "good",
        "€600 can be invoiced now; nothing is blocked; €5,000 is on its way to the ERP.",
    )
    states = [*STATES, moving]
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
    bars = chart.bridge(states, "EUR")["data"][0]
    assert bars["x"][-2:] == ["On its<br>way", "Ready"] and bars["y"][0] - sum(bars["y"][1:-1]) == 600
    row = next(row for row in billing.blocker_rows(states, [], "EUR", Teams()) if "On its way" in str(row["reason"]))
    assert "On its way" in str(row["state"]) and "goes on by itself" in str(row["owner"])


@pytest.mark.req("O3", "X8")
def test_work_without_a_customer_is_named_by_its_projects() -> None:
    cell = {
        "key": None,
        "name": None,
        "state": "blocked",
        "items": 1,
        "bill_reporting": Decimal(5),
        "oldest_days": 1,
        "projects": ["PRJ-9", None],
    }
    [row] = billing.breakdown([cell], "EUR", "Customer")
    assert "No customer yet" in str(row["name"]) and "PRJ-9" in str(row["name"])
    many = {**cell, "projects": [f"PRJ-{at}" for at in range(5)]}
    assert "and 2 more projects" in str(billing.breakdown([many], "EUR", "Customer")[0]["name"])


def test_a_blocker_with_cases_links_to_them() -> None:
    rows = billing.blocker_rows(STATES, ["project-missing"], "EUR", packaged().teams.playing({"netsuite": "erp"}))
    assert [row["value"] for row in rows] == ["€300.00", "€200.00", "€100.00"]
    assert "/exceptions?cause=project-missing" in str(rows[0]["cases"])
    assert rows[0]["owner"] == "ERP team"
    assert "href" not in str(rows[2]["cases"]), "no link leads to an empty list"


@pytest.mark.req("O3")
def test_reconciliation_says_whether_it_ties_out() -> None:
    row = {
        "projects": 2,
        "psa_reporting": Decimal(100),
        "erp_reporting": Decimal(90),
        "beyond_reporting": Decimal(0),
        "projects_beyond": 0,
        "rounding_reporting": Decimal(0),
    }
    assert billing.balance(row, "EUR")[0] == "good"
    mood, said = billing.balance({**row, "beyond_reporting": Decimal(4), "projects_beyond": 1}, "EUR")
    assert mood == "bad" and "€4.00 in 1 project is not explained" in said


@pytest.mark.req("O3")
def test_a_cent_an_entry_is_rounding_and_alarms_nobody() -> None:
    """O3: shown, named, and not red."""
    row = {
        "projects": 2,
        "psa_reporting": Decimal("100.01"),
        "erp_reporting": Decimal(100),
        "beyond_reporting": Decimal(0),
        "projects_beyond": 0,
        "rounding_reporting": Decimal("0.01"),
    }
    mood, said = billing.balance(row, "EUR")
    assert mood == "info" and "€0.01 of it is rounding" in said
    assert "€0.01 per time entry" in billing.tolerance("EUR")
    line = {
        "project_key": "P",
        "name": "N",
        "legal_entity": None,
        "entries": 3,
        "explained_reporting": 0,
        **dict.fromkeys(("psa_hours", "erp_hours", "psa_reporting", "erp_reporting"), Decimal(1)),
    }
    near, far = billing.reconciliation_rows(
        [{**line, "unexplained_reporting": Decimal("-0.03")}, {**line, "unexplained_reporting": Decimal("0.04")}], "EUR"
    )
    assert (
        "t-bad" not in str(near["unexplained"])
        and "0.03" in str(near["unexplained"])
        and "t-bad" in str(far["unexplained"])
    )


def project(code: str, revenue: int, cost: int, target: str | None, difference: int = 0) -> dict[str, Any]:
    return {
        "project_key": code,
        "name": code,
        "customer_name": "C",
        "legal_entity": "NOV-DE",
        "service_line": "Advisory",
        "revenue": Decimal(revenue),
        "cost": Decimal(cost),
        "margin": Decimal(revenue - cost),
        "psa_margin": Decimal(revenue - cost + difference),
        "erp_margin": Decimal(revenue - cost),
        "difference": Decimal(difference),
        "disagreement": abs(Decimal(difference)),
        "target_margin": Decimal(target) if target else None,
        "entries": 10,
    }


PROJECTS = [project("A", 1000, 600, "0.40"), project("B", 9000, 7200, "0.30", 50), project("C", 500, 400, None)]


@pytest.mark.req("O4")
def test_margins_are_sums_over_sums() -> None:
    """O4: never an average of percentages; projects without a target do not dilute it."""
    whole = margin.summed(PROJECTS)
    assert whole.share == Decimal(2300) / Decimal(10500)
    assert whole.target == Decimal("0.31")
    assert margin.summed([]).share is None


@pytest.mark.req("O4")
def test_erosion_lists_what_falls_short_the_most_money_first() -> None:
    rows = margin.erosion_rows(PROJECTS, "EUR")
    assert ["B" in str(row["project"]) for row in rows] == [True]
    assert rows[0]["eroded"] == "€900.00"


@pytest.mark.req("O4")
def test_rounding_between_psa_and_erp_is_shown_and_not_red() -> None:
    """O4: a cent for each entry is nobody's mistake; more than one per cent of the margin is."""

    def apart(difference: str) -> tuple[str, str, str]:
        rows = [
            {**project("A", 1000, 600, None), "disagreement": Decimal(difference), "difference": Decimal(difference)}
        ]
        metric = margin.figures(rows, "EUR", True)[-1]
        return metric.value, str(metric.note), metric.mood

    assert apart("0.10") == ("€0.10", "rounding only", "")
    assert apart("3.00") == ("€3", "0.8% of gross margin", "warn")
    assert apart("40.00") == ("€40", "10.0% of gross margin", "bad")
    masked = [{**project("A", 1000, 600, None), "disagreement": Decimal(40)}]
    assert margin.figures(masked, "EUR", False)[-1].note == MASK, "the margin follows from the difference and its share"
    shown = [
        metric
        for difference in (3, 40)
        for metric in margin.figures([{**masked[0], "disagreement": Decimal(difference)}], "EUR", False)[-1:]
    ]
    assert {metric.mood for metric in shown} == {"warn"}, "nor does the colour tell the share"
    assert not any("red" in str(metric.tip) for metric in shown) and "1% of the gross margin is red" in str(
        margin.figures(masked, "EUR", True)[-1].tip
    )
    near = {**project("A", 1000, 600, "0.40"), "disagreement": Decimal("0.10"), "difference": Decimal("0.10")}
    assert margin.verdict(margin.summed([near]), "EUR", True)[1].endswith("PSA and ERP agree but for rounding.")
    assert "rounding" in str(margin.disagreement_rows([near], "EUR", True)[0]["cases"])


@pytest.mark.req("O4")
def test_what_falls_short_is_not_made_up_for_by_others() -> None:
    """O4: the figure is the sum of the list below it."""
    short = next(metric for metric in margin.figures(PROJECTS, "EUR", True) if metric.label == "Short of target")
    assert (short.value, short.note) == ("€900", "on 1 project")


def test_projects_without_a_service_line_are_named() -> None:
    [row] = margin.dimension_rows(
        [{**project("PRJ-9", 10, 5, None), "service_line": None}], "service_line", "EUR", True
    )
    assert "No service line yet" in str(row["name"]) and "PRJ-9" in str(row["name"])


@pytest.mark.req("G2")
def test_costs_are_masked_on_the_page_and_in_the_file() -> None:
    """G2: rates, costs and what derives from them."""
    drawn = str(margin.dimension_rows(PROJECTS, "service_line", "EUR", False)) + str(
        margin.figures(PROJECTS, "EUR", False)
    )
    assert "8,200" not in drawn and "€2,300" not in drawn and MASK in drawn
    assert {row["cost"] for row in margin.exported(PROJECTS, False)} == {MASK}
    assert margin.exported(PROJECTS, True)[0]["cost"] == Decimal(600)
    assert margin.verdict(margin.summed(PROJECTS), "EUR", False)[1].endswith("masked for your roles.")


def test_a_period_begins_with_its_first_month() -> None:
    now = datetime(2026, 1, 15, tzinfo=UTC)
    assert margin.first_month("3 months", now).isoformat() == "2025-11-01"
    assert margin.first_month("This month", now).isoformat() == "2026-01-01"


@pytest.mark.req("O3", "X8")
def test_a_blocker_links_to_the_cases_it_became() -> None:
    """X8: waiting for approval is no exception, until cases say that it has lasted too long."""

    def cell(*causes: str) -> str:
        return next(
            str(row["cases"])
            for row in billing.blocker_rows(STATES, causes, "EUR", Teams())
            if "approval" in str(row["reason"]).lower()
        )

    assert "not an exception yet" in cell("project-missing")
    assert "cause=approval-late" in cell("approval-late") and "not an exception" not in cell("approval-late")


@pytest.mark.req("G2")
def test_the_file_of_unbilled_items_tells_no_rates_to_an_auditor() -> None:
    """G2: hours beside an amount are a rate."""
    auditor, finance = Viewer("ada", frozenset({"auditor"})), Viewer("fin", frozenset({"finance"}))
    items = [
        {"item_key": kind, "kind": kind, "hours": 8, "bill_amount": Decimal(760), "bill_reporting": Decimal(760)}
        for kind in ("time", "milestone", "expense")
    ]
    assert [
        (row["bill_amount"], row["bill_reporting"], row["hours"]) for row in billing.exported(items, auditor.clear)
    ] == [(MASK, MASK, 8), (MASK, MASK, 8), (760, 760, 8)]
    assert billing.exported(items, finance.clear) == items
