"""Margin: ratios as sums over sums, erosion, rounding, and costs masked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, replace
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from app.console.margin import presenter as margin
from app.console.margin import tables
from app.console.margin.chart import trend
from app.console.widgets.download import csv_of
from app.readings.margin.periods import first_month
from app.readings.margin.rows import Month, Project
from app.readings.margin.sums import summed
from app.readings.masking import MASKED, masked_rows
from app.readings.rights import ROLES
from models.canonical.classification import MASK


def project(code: str, revenue: int, cost: int, target: str | None, difference: str = "0") -> Project:
    earned, apart = Decimal(revenue - cost), Decimal(difference)
    return Project(
        project_key=code,
        name=code,
        customer_name="C",
        legal_entity="NOV-DE",
        service_line="Advisory",
        revenue=Decimal(revenue),
        cost=Decimal(cost),
        margin=earned,
        psa_margin=earned + apart,
        erp_margin=earned,
        difference=apart,
        disagreement=abs(apart),
        target_margin=Decimal(target) if target else None,
        entries=10,
    )


def masked(projects: Sequence[Project]) -> tuple[Project, ...]:
    """The same as an auditor reads them."""
    return masked_rows(Project, [asdict(row) for row in projects], ROLES["auditor"].clear)


PROJECTS = [project("A", 1000, 600, "0.40"), project("B", 9000, 7200, "0.30", "50"), project("C", 500, 400, None)]


@pytest.mark.req("O4")
def test_margins_are_sums_over_sums() -> None:
    """O4: never an average of percentages; projects without a target do not dilute it."""
    whole = summed(PROJECTS)
    assert whole.share == Decimal(2300) / Decimal(10500)
    assert whole.target == Decimal("0.31")
    assert summed([]).share is None


@pytest.mark.req("O4")
def test_erosion_lists_what_falls_short_the_most_money_first() -> None:
    rows = tables.erosion_rows(PROJECTS, "EUR")
    assert ["B" in str(row["project"]) for row in rows] == [True]
    assert rows[0]["eroded"] == "€900.00"


@pytest.mark.req("O4")
def test_rounding_between_psa_and_erp_is_shown_and_not_red() -> None:
    """O4: a cent for each entry is nobody's mistake; more than one per cent of the margin is."""

    def apart(difference: str) -> tuple[str, str, str]:
        metric = margin.figures([project("A", 1000, 600, None, difference)], "EUR")[-1]
        return metric.value, str(metric.note), metric.mood

    assert apart("0.10") == ("€0.10", "rounding only", "")
    assert apart("3.00") == ("€3", "0.8% of gross margin", "warn")
    assert apart("40.00") == ("€40", "10.0% of gross margin", "bad")
    near = project("A", 1000, 600, "0.40", "0.10")
    assert margin.verdict(summed([near]), "EUR")[1].endswith("PSA and ERP agree but for rounding.")
    assert "rounding" in str(tables.disagreement_rows([near], {}, "EUR")[0]["cases"])


@pytest.mark.req("G2", "O4")
def test_a_masked_margin_is_told_neither_by_the_share_nor_by_a_colour() -> None:
    """G2: the margin follows from the difference and its share."""
    far, near = (masked([project("A", 1000, 600, None, apart)]) for apart in ("40", "3"))
    assert margin.figures(far, "EUR")[-1].note == MASK
    assert {margin.figures(rows, "EUR")[-1].mood for rows in (near, far)} == {"warn"}
    assert "red" not in str(margin.figures(far, "EUR")[-1].tip)
    clear = [project("A", 1000, 600, None, "40")]
    assert "1% of the gross margin is red" in str(margin.figures(clear, "EUR")[-1].tip)
    moods = {metric.mood for metric in margin.figures(masked(PROJECTS), "EUR")[:-1]}
    assert moods == {""}, "no figure that derives from a cost has a colour"


@pytest.mark.req("O4")
def test_what_falls_short_is_not_made_up_for_by_others() -> None:
    """O4: the figure is the sum of the list below it."""
    short = next(metric for metric in margin.figures(PROJECTS, "EUR") if metric.label == "Short of target")
    assert (short.value, short.note) == ("€900", "on 1 project")


def test_projects_without_a_service_line_are_named() -> None:
    nameless = replace(project("PRJ-9", 10, 5, None), service_line=None)
    [row] = tables.dimension_rows([nameless], "service_line", "EUR")
    assert "No service line yet" in str(row["name"]) and "PRJ-9" in str(row["name"])


@pytest.mark.req("G2")
def test_costs_are_masked_on_the_page_and_in_the_file() -> None:
    """G2: rates, costs and what derives from them."""
    rows = masked(PROJECTS)
    lines = tables.dimension_rows(rows, "service_line", "EUR"), tables.disagreement_rows(rows, {}, "EUR")
    drawn = f"{lines} {margin.figures(rows, 'EUR')} {tables.erosion_rows(rows, 'EUR')}"
    assert "8,200" not in drawn and "€2,300" not in drawn and "1,850" not in drawn and MASK in drawn
    assert {row.cost for row in rows} == {MASKED} and PROJECTS[0].cost == 600
    file = csv_of(rows).decode("utf-8-sig")
    assert MASK in file and "7200" not in file and "7200" in csv_of(PROJECTS).decode("utf-8-sig")
    assert margin.verdict(summed(rows), "EUR")[1].endswith("masked for your roles.")


def test_the_trend_draws_shares_of_sums_and_no_masked_one() -> None:
    month = Month(date(2026, 1, 1), Decimal(200), Decimal(50), Decimal(30), Decimal(100))
    revenue, share, target = trend([month], "EUR").data
    assert (revenue.y[0], share.y[0], target.y[0]) == (200.0, 0.25, 0.3)
    assert trend([replace(month, margin=MASKED)], "EUR").data[1].y[0] is None


def test_a_period_begins_with_its_first_month() -> None:
    now = datetime(2026, 1, 15, tzinfo=UTC)
    assert first_month("3 months", now).isoformat() == "2025-11-01"
    assert first_month("This month", now).isoformat() == "2026-01-01"
