"""The records behind a figure's range add up to it, in a filled home, on the page and in the command (X13)."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest
from typer.testing import CliRunner

from app.cli.main import cli
from app.console.asking import stores
from app.readings.page import Page
from app.readings.rates import behind
from app.readings.rates import reading as rates
from app.readings.rates.rows import Figure
from app.readings.viewer import Viewer
from tests.contract.readings.pages import cents, console_over, drawn, tables

ADA = Viewer("ada", frozenset({"operations", "finance"}))


@pytest.fixture(scope="module")
def home(filled_home: Path) -> Iterator[Path]:
    with console_over(filled_home):
        yield filled_home


@pytest.fixture
def figures(home: Path) -> dict[str, Figure]:
    return {one.name: one for one in rates.figures(stores(), ADA)}


@pytest.mark.req("X13")
@pytest.mark.parametrize("name", ["unbilled_work_in_progress", "backlog", "project_gross_margin", "billing_readiness"])
def test_cases_and_records_tell_the_same_and_are_what_lies_between(name: str, figures: dict[str, Figure]) -> None:
    cases = behind.cases(stores(), ADA, name)
    records = behind.records(stores(), ADA, name, Page(100_000))
    assert records and records[0].of_all == len(records) == sum(one.records for one in cases)
    for side in ("adjusted", "against", "favour"):
        assert sum(getattr(one, side) for one in cases) == sum(Decimal(str(getattr(one, side))) for one in records)
    one = figures[name]
    if one.unit == "EUR":
        moved = [sum((getattr(case, side) for case in cases), one.value) for side in ("adjusted", "against", "favour")]
        assert (min(moved), max(moved)) == (one.low, one.high) and moved[0] == one.adjusted
    known = {row["case_id"] for row in stores().lake.rows("SELECT case_id FROM cases WHERE resolved_at IS NULL", {})}
    assert {case.case_id for case in cases if case.case_id} <= known


@pytest.mark.req("X13", "O8")
def test_the_page_and_the_command_lead_from_the_range_to_its_records(home: Path) -> None:
    name = "unbilled_work_in_progress"
    cases = behind.cases(stores(), ADA, name)
    page = drawn("billing", ADA, behind=name)
    [shown] = [rows for rows in tables(page) if rows and {"Open case", "Records", "Against the firm"} <= set(rows[0])]
    assert cents(shown[-1]["Against the firm"]) == sum(one.against for one in cases)
    [records] = [rows for rows in tables(page) if rows and {"Record", "Open case", "For the firm"} <= set(rows[0])]
    assert len(records) == min(15, sum(one.records for one in cases))
    done = CliRunner().invoke(cli, ["explain", name, "--format", "csv"])
    lines = list(csv.DictReader(io.StringIO(done.stdout)))
    assert done.exit_code == 0 and len(lines) == sum(one.records for one in cases)
    assert sum(Decimal(line["against"]) for line in lines) == sum(one.against for one in cases)


@pytest.mark.req("G2")
def test_what_derives_from_rates_is_not_told_to_whom_they_are_masked(home: Path) -> None:
    auditor = Viewer("al", frozenset({"auditor"}))
    assert behind.cases(stores(), auditor, "project_gross_margin") == ()
    assert behind.cases(stores(), auditor, "billing_readiness") != ()
