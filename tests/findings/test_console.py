"""What a controller and an operator miss on the pages and on the command line."""

from __future__ import annotations

from decimal import Decimal

import pytest
from typer.testing import CliRunner

from app.cli.main import cli
from app.console.billing.breakdown import breakdown
from app.readings.billing.rows import Part
from models.journal.cases.cases import Cases
from tests.unit.cases.conftest import cases, clock, engine, feed  # noqa: F401
from tests.unit.cases.test_cases import CASE, RATES, entry


@pytest.mark.finding("U5")
def test_a_resolved_case_tells_what_it_was_worth(cases: Cases) -> None:  # noqa: F811
    """In 0.1.0 a case of €184,200 becomes one of 0.00 when it is resolved.
    Wanted: the money that was recovered can be told.
    """
    cases.report("orphaned_project", [entry(1), entry(2, "50.10")], RATES)
    cases.report("orphaned_project", [], RATES)
    case = cases.get(CASE)
    assert case is not None and case["status"] == "resolved"
    assert Decimal("150.10") in {value for value in case.values() if isinstance(value, Decimal)}


@pytest.mark.finding("U7a")
def test_a_table_says_how_many_rows_it_leaves_out() -> None:
    """0.1.0 shows 25 of 29 customers and does not say so. Wanted: all, or a row that names the number."""
    rows = [Part(f"C-{n}", f"Customer {n}", "ready", 1, Decimal(n), 1) for n in range(29)]
    shown = breakdown(rows, "EUR", "customer")
    assert len(shown) >= 29 or "29" in str(shown[25:]), f"{len(shown)} rows"


@pytest.mark.finding("U16a")
def test_the_command_line_tells_its_version() -> None:
    """`tieout --version` was wrong use in 0.1.0: the version, status 0."""
    done = CliRunner().invoke(cli, ["--version"])
    assert done.exit_code == 0, done.output


@pytest.mark.finding("U16b")
@pytest.mark.parametrize("command", ["assign", "snooze", "ignore", "comment"])
def test_cases_can_be_triaged_on_the_command_line(command: str) -> None:
    """0.1.0 does these on a page alone. Wanted: a command of that name, at the root or below `case`."""
    tried = {
        " ".join(words): CliRunner().invoke(cli, [*words, "x", "--help"]).exit_code
        for words in ([command], ["case", command])
    }
    assert 0 in tried.values(), tried


@pytest.mark.finding("U16c")
@pytest.mark.req("O8", "X8")
@pytest.mark.parametrize("option", ["--cause", "--owner", "--project"])
def test_cases_are_filtered_on_the_command_line(option: str) -> None:
    """In 0.1.0 `cases` filters by status alone. Wanted: the filters of the page."""
    assert option in CliRunner().invoke(cli, ["cases", "--help"], env={"COLUMNS": "200"}).output
